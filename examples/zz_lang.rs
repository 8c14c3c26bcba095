use std::collections::BTreeMap;
use std::io::BufRead;
fn main() {
    let want = std::env::args().nth(1).unwrap();
    let mut c: BTreeMap<String, usize> = BTreeMap::new();
    let mut shown = 0;
    for l in std::io::stdin().lock().lines() {
        let l = l.unwrap();
        let d = motif::text::language::detect(&l).unwrap_or("none");
        *c.entry(d.into()).or_default() += 1;
        if d != want && shown < 15 {
            shown += 1;
            println!("{d}\t{l}");
        }
    }
    println!("{c:?}");
}
