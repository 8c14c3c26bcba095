-- Mean effort answer, on the configured scale.
SELECT
    cell,
    CAST(ces_sum AS DOUBLE) / nullif(ces_known, 0) AS value,
    ces_sum AS numerator,
    ces_known AS denominator,
    ces_known AS n,
    ces_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
