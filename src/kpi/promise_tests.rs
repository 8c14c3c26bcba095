//! What holds for every KPI at once.

use super::fixture::inputs;
use super::*;

#[test]
fn smoke() {
    let t = compute(
        &Sources::Batches(inputs(
            "contact_id | started_at | csat | channel | cost_mid_eur | is_avoidable
c1 | 2026-10-01T10:00:00Z | 4 | phone | 3.5 | true
c2 | 2026-10-02T10:00:00Z | 5 | email | 2.5 | false
",
            "",
            "",
        )),
        &KpiSettings::default(),
    );
    let t = match t {
        Ok(t) => t,
        Err(e) => panic!("{e:?}"),
    };
    let rows = show::rows_of(
        &t.batch,
        &show::Filters { grain: Some("all".into()), dimension: Some("all".into()), ..Default::default() },
    )
    .unwrap();
    panic!("{}\n{:?}", show::to_text(&rows), t.missing);
}
