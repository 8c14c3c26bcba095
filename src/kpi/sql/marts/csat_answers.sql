-- Number of satisfaction answers: zero is a finding here, not an unknown.
SELECT
    cell,
    csat_known AS value,
    csat_known AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    csat_known AS n
FROM int_contact_periods
ORDER BY cell
