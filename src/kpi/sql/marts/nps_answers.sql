-- Number of recommendation answers.
SELECT
    cell,
    nps_known AS value,
    nps_known AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    nps_known AS n
FROM int_contact_periods
ORDER BY cell
