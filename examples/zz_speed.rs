use std::collections::BTreeMap;

fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let v: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    v[11].parse::<f64>().unwrap() / 100.0
}
fn main() {
    let t = cpu();
    let r = motif::text::redact::Redactor::new(&BTreeMap::new()).unwrap();
    println!("compile {:?}", cpu() - t);
    for f in ["data/redaction/labelled_fr.jsonl", "data/redaction/labelled_en.jsonl"] {
        let texts: Vec<String> = std::fs::read_to_string(f)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["text"].as_str().unwrap().to_owned())
            .collect();
        let bytes: usize = texts.iter().map(String::len).sum::<usize>() * 200;
        let t = cpu();
        let mut n = 0;
        for _ in 0..100 {
            for x in &texts {
                n += r.session().redact(x).counts.len();
            }
        }
        println!("{f}: {:.1} MB/s ({n})", bytes as f64 / 1e6 / (cpu() - t).max(0.005));
    }
    for p in std::env::args().skip(1) {
        let texts = std::fs::read_to_string(&p).unwrap();
        let n = (20_000_000 / texts.len()).max(1);
        let lines: Vec<&str> = texts.lines().collect();
        let t = cpu();
        let mut k = 0;
        for _ in 0..n {
            for l in &lines {
                k += r.find(l).len();
            }
        }
        println!(
            "{p}: find {:.1} MB/s, {} findings per pass over {} lines",
            (texts.len() * n) as f64 / 1e6 / (cpu() - t).max(0.005),
            k / n,
            lines.len()
        );
        let t = cpu();
        for l in &lines {
            std::hint::black_box(motif::text::language::detect(l));
        }
        println!("language {:.1} MB/s", texts.len() as f64 / 1e6 / (cpu() - t).max(0.005));
    }
}
