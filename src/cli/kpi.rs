//! `motif kpi`: values of a finished run.

use anyhow::Result;
use motif::kpi::show::{self, Filters};

use super::arguments::KpiArguments;
use super::{Outcome, finished, french, print};

/// Prints the rows that were asked for.
pub(crate) fn run(arguments: &KpiArguments) -> Result<Outcome> {
    let filters = Filters {
        kpi: arguments.kpi.clone(),
        dimension: Some(arguments.dimension.clone()),
        grain: Some(arguments.grain.clone()),
    };
    let output = finished::folder(arguments.output.as_deref(), &finished::sources(arguments.config.as_deref()))?;
    let rows = show::query(&output, &filters)?;
    if arguments.json {
        print(&show::to_json(&rows)?)?;
    } else {
        print(&show::to_text(&rows, french::language()))?;
    }
    Ok(Outcome::Done)
}
