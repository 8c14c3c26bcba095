-- Number of effort answers.
SELECT
    cell,
    ces_known AS value,
    ces_known AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    ces_known AS n
FROM int_contact_periods
ORDER BY cell
