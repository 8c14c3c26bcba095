use std::collections::BTreeMap;
use std::io::BufRead;
fn main() {
    let r = motif::text::redact::Redactor::new(&BTreeMap::new()).unwrap();
    for l in std::io::stdin().lock().lines() {
        let l = l.unwrap();
        for f in r.find(&l) {
            println!("{}\t{}\t{}", f.kind, &l[f.range.clone()], l.chars().take(160).collect::<String>());
        }
    }
}
