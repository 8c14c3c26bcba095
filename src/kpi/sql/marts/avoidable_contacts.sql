-- Number of contacts that a strict criterion makes avoidable; null where no contact has a verdict.
SELECT
    cell,
    CASE WHEN avoidable_known > 0 THEN avoidable END AS value,
    avoidable AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    avoidable AS n
FROM int_contact_periods
ORDER BY cell
