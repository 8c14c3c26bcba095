-- Answers from the satisfied threshold up, among satisfaction answers.
SELECT
    cell,
    CAST(csat_satisfied AS DOUBLE) / nullif(csat_known, 0) AS value,
    csat_satisfied AS numerator,
    csat_known AS denominator,
    csat_known AS n
FROM int_contact_periods
ORDER BY cell
