use std::io::Read;
fn main() {
    for path in std::env::args().skip(1) {
        let mut b = Vec::new();
        std::fs::File::open(&path).unwrap().read_to_end(&mut b).unwrap();
        let t = std::time::Instant::now();
        let m = motif::text::eml::clean_eml(&b);
        println!("### {path} {} us\n{}", t.elapsed().as_micros(), serde_json::to_string_pretty(&m).unwrap());
    }
}
