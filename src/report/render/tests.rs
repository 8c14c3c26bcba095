use std::path::PathBuf;

use super::*;

#[test]
#[ignore = "writes a page to look at: MOTIF_REPORT_FROM=output folder, MOTIF_REPORT_TO=HTML file"]
fn writes_a_page_to_look_at() {
    let from = PathBuf::from(std::env::var_os("MOTIF_REPORT_FROM").unwrap());
    let to = PathBuf::from(std::env::var_os("MOTIF_REPORT_TO").unwrap());
    let options = ReportOptions {
        language: std::env::var("MOTIF_REPORT_LANGUAGE").unwrap_or_else(|_| "fr".into()),
        ..ReportOptions::default()
    };
    let html = render(&ReportInput::from_output(&from).unwrap(), &options).unwrap();
    std::fs::write(to, html).unwrap();
}
