"""Three questions to the tables of `motif run`, answered with DuckDB, then the first again with polars and pandas.

Usage: python examples/questions.py [OUTPUT_FOLDER]        (default: motif-output)

The file is a notebook in the percent format: each `# %%` opens a cell in VS Code, PyCharm, Spyder or Jupyter (jupytext).
"""

# %% Open the tables · Ouvrir les tables
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

# A notebook has arguments of its own, which start with a dash.
ARGUMENTS = [argument for argument in sys.argv[1:] if not argument.startswith("-") and not argument.endswith(".json")]
OUTPUT = Path(ARGUMENTS[0] if ARGUMENTS else "motif-output")
if not (OUTPUT / "run.json").is_file():
    sys.exit(f"{OUTPUT} holds no run.json. Run `motif run` first, or name the output folder: questions.py FOLDER")

pd.set_option("display.width", 160, "display.max_columns", 20, "display.max_colwidth", 90)
pl.Config.set_tbl_rows(10).set_tbl_width_chars(160).set_tbl_hide_dataframe_shape(True)

con = duckdb.connect()


def open_table(name: str, pattern: str) -> None:
    """Makes a DuckDB view of one table; a quote in the folder's name is doubled, as SQL wants it."""
    files = str(OUTPUT / name / pattern).replace("'", "''")
    con.execute(f"CREATE OR REPLACE VIEW {name} AS FROM read_parquet('{files}', hive_partitioning = true)")


# `contacts` has one folder per month; the other tables are flat. Without any contact there is no month, hence no file.
if not list((OUTPUT / "contacts").glob("*/*.parquet")):
    sys.exit(f"{OUTPUT} holds no contact; run.json and rejects.jsonl say why")
open_table("contacts", "*/*.parquet")
for table in ("turns", "spans", "kpi", "faq_gaps"):
    open_table(table, "*.parquet")


def show(title: str, answer: pd.DataFrame) -> None:
    """Prints one answer under its title."""
    print(f"\n{title}\n{'-' * len(title)}")
    print(answer.to_string(index=False) if len(answer) else "(no row)")


# %% 1. Which avoidable causes cost most? · Quelles causes évitables coûtent le plus cher ?
# A cause is a contact reason with the criterion that made its contacts avoidable, and the department that can remove it.
# Costs are ranges, because a unit cost is one: read low and high before the middle.
TOP_CAUSES = """
    SELECT
        reason_id,
        criterion_id,
        owner,
        count(*) AS contacts,
        sum(cost_low_eur) AS low_eur,
        sum(cost_mid_eur) AS mid_eur,
        sum(cost_high_eur) AS high_eur
    FROM contacts
    WHERE is_counted AND is_avoidable
    GROUP BY ALL
    ORDER BY mid_eur DESC, reason_id, criterion_id, owner
    LIMIT 10
"""
top_causes = con.execute(TOP_CAUSES).df()
show("1. Top avoidable causes, in euros · Principales causes évitables, en euros", top_causes)

# %% The words behind the first cause · Les mots derrière la première cause
# Offsets count Unicode characters of the redacted turn from 0; `substring` counts from 1.
EVIDENCE = """
    SELECT c.contact_id, substring(t.text, s.start_char + 1, least(s.end_char - s.start_char, 88)) AS words
    FROM contacts AS c
    JOIN spans AS s ON s.contact_id = c.contact_id AND s.kind = 'avoidable' AND s.ref_id = c.criterion_id
    JOIN turns AS t ON t.contact_id = s.contact_id AND t.turn_index = s.turn_index
    WHERE c.is_counted AND c.is_avoidable AND c.reason_id = ? AND c.criterion_id = ?
    ORDER BY s.score DESC, c.contact_id, s.turn_index
    LIMIT 5
"""
if len(top_causes):
    first = top_causes.iloc[0]
    words = con.execute(EVIDENCE, [first.reason_id, first.criterion_id]).df()
    words["words"] = words["words"].str.replace("\n", " ")
    show(f"   Evidence for {first.reason_id}, {first.criterion_id} · Preuves", words)

# %% 2. After which reasons do customers come back? · Pour quels motifs les clients reviennent-ils ?
# The table `kpi` holds rates with numerator, denominator and 95 % interval (Wilson; customers are taken as drawn at random, since their contacts follow each other). The rate is the share of contacts after
# which the customer came back about the same issue; the reason is that of the contact before. A contact without a customer,
# whose window has not elapsed, or followed in it by a contact that cannot be compared, is in no denominator. Where the interval is wide, a difference between
# two reasons may be chance: reasons are ordered by its low end. The last row is all reasons together.
REPEAT_RATES = """
    SELECT
        dimension_value AS reason_id,
        round(100 * value, 1) AS repeat_pct,
        round(100 * lo, 1) AS from_pct,
        round(100 * hi, 1) AS to_pct,
        numerator::BIGINT AS came_back,
        denominator::BIGINT AS contacts
    FROM kpi
    WHERE kpi = ? AND period_grain = 'all' AND dimension = ? AND denominator > 0
    ORDER BY lo DESC, denominator DESC, reason_id
    LIMIT 10
"""
for window in ("7d", "14d"):
    rates = con.execute(REPEAT_RATES, [f"repeat_rate_contact_{window}", "reason"]).df()
    whole = con.execute(REPEAT_RATES, [f"repeat_rate_contact_{window}", "all"]).df()
    days = window.removesuffix("d")
    show(
        f"2. Repeat rate by reason, {days} days · Taux de réitération par motif, {days} jours",
        pd.concat([rates, whole], ignore_index=True),
    )

# %% 3. Which questions should the FAQ answer? · À quelles questions la FAQ devrait-elle répondre ?
# Clusters of contacts that self-service can answer, dearest first. `question` is the most central customer's redacted words.
FAQ = """
    SELECT
        reason_id,
        language,
        contacts,
        customers,
        cost_mid_eur AS mid_eur,
        left(replace(question, chr(10), ' '), 88) AS question
    FROM faq_gaps
    ORDER BY cost_mid_eur DESC, faq_id
    LIMIT 10
"""
show("3. FAQ candidates · Candidats pour la FAQ", con.execute(FAQ).df())

# %% The first question with polars · La première question avec polars
# `scan_parquet` reads only the columns and months that the query needs. Enums arrive as categoricals: cast them to sort.
CAUSE = ["reason_id", "criterion_id", "owner"]
with_polars = (
    pl.scan_parquet(str(OUTPUT / "contacts" / "*" / "*.parquet"), hive_partitioning=True)
    .filter(pl.col("is_counted") & pl.col("is_avoidable"))
    .with_columns(pl.col(CAUSE).cast(pl.String))
    .group_by(CAUSE)
    .agg(
        pl.len().alias("contacts"),
        pl.col("cost_low_eur").sum().alias("low_eur"),
        pl.col("cost_mid_eur").sum().alias("mid_eur"),
        pl.col("cost_high_eur").sum().alias("high_eur"),
    )
    .sort(["mid_eur", *CAUSE], descending=[True, False, False, False])
    .head(10)
    .collect()
)
print("\n1. Top avoidable causes, with polars · avec polars")
print(with_polars)

# %% The first question with pandas · La première question avec pandas
# Decimals arrive as Python decimals, which add up to the cent. `observed=True` leaves out reasons without contacts.
contacts = pd.read_parquet(OUTPUT / "contacts", columns=["is_counted", "is_avoidable", *CAUSE, "cost_low_eur", "cost_mid_eur", "cost_high_eur"])
avoidable = contacts[contacts["is_counted"] & contacts["is_avoidable"].eq(True)]
with_pandas = (
    avoidable.astype({column: str for column in CAUSE})
    .groupby(CAUSE, observed=True)
    .agg(
        contacts=("cost_mid_eur", "size"),
        low_eur=("cost_low_eur", "sum"),
        mid_eur=("cost_mid_eur", "sum"),
        high_eur=("cost_high_eur", "sum"),
    )
    .reset_index()
    .sort_values(["mid_eur", *CAUSE], ascending=[False, True, True, True])
    .head(10)
)
show("1. Top avoidable causes, with pandas · avec pandas", with_pandas)


# %% The three tools agree, to the cent · Les trois outils donnent le même résultat, au centime près
def rows(records: list[tuple]) -> list[tuple]:
    """Each cause with its count and costs, in one spelling: DuckDB hands costs to pandas as floats."""
    return [(*map(str, record[:3]), int(record[3]), *(round(Decimal(str(cost)), 2) for cost in record[4:])) for record in records]


by_duckdb = rows(list(top_causes.itertuples(index=False, name=None)))
by_polars = rows(with_polars.rows())
by_pandas = rows(list(with_pandas.itertuples(index=False, name=None)))
if not by_duckdb == by_polars == by_pandas:
    sys.exit("DuckDB, polars and pandas disagree on the avoidable causes")
print("\nDuckDB, polars and pandas agree · DuckDB, polars et pandas concordent")
