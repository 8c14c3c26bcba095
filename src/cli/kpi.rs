//! `motif kpi`: values of a finished run.

use anyhow::Result;
use motif::Error;
use motif::kpi::show::{self, COLUMNS, Filters};
use motif::table::schema::KPI;

use super::arguments::KpiArguments;
use super::finished::{self, Finished};
use super::{Outcome, french, print};

/// Prints the rows that were asked for.
pub(crate) fn run(arguments: &KpiArguments) -> Result<Outcome> {
    let filters = Filters {
        kpi: arguments.kpi.clone(),
        dimension: Some(arguments.dimension.clone()),
        grain: Some(arguments.grain.clone()),
    };
    let output = Finished::of(arguments.output.as_deref(), &finished::sources(arguments.config.as_deref()))?;
    if let Err(refused) = output.check(&[(&KPI, &COLUMNS)]) {
        // A name that no table has is wrong in every folder, and told first.
        return match show::query(&output.folder, &filters) {
            Err(error @ Error::Usage { .. }) => Err(error.into()),
            _ => Err(refused),
        };
    }
    let rows = show::query(&output.folder, &filters)?;
    if arguments.json {
        print(&show::to_json(&rows)?)?;
    } else {
        print(&show::to_text(&rows, french::language()))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::super::finished::tests::write;
    use super::*;

    #[test]
    fn the_columns_that_are_asked_for_are_all_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &KPI, &COLUMNS);
        assert_eq!(show::query(folder.path(), &Filters::default()).unwrap().len(), 1);
        for left_out in COLUMNS {
            let rest: Vec<&str> = COLUMNS.into_iter().filter(|column| *column != left_out).collect();
            write(folder.path(), &KPI, &rest);
            assert!(show::query(folder.path(), &Filters::default()).is_err(), "{left_out} is not read");
        }
    }

    #[test]
    fn an_older_table_is_told_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &KPI, &COLUMNS[..11]);
        let output = Finished::of(Some(folder.path()), &finished::sources(None)).unwrap();
        let told = output.check(&[(&KPI, &COLUMNS)]).unwrap_err().to_string();
        assert!(told.contains("the table kpi lacks: method; it was written by another version of motif"), "{told}");
    }
}
