-- Mean satisfaction answer.
SELECT
    cell,
    CAST(csat_sum AS DOUBLE) / nullif(csat_known, 0) AS value,
    csat_sum AS numerator,
    csat_known AS denominator,
    csat_known AS n,
    csat_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
