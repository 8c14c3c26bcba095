-- Number of contacts that a strict or lenient criterion makes avoidable; null where no contact has a verdict.
SELECT
    cell,
    CASE WHEN avoidable_lenient_known > 0 THEN avoidable_lenient END AS value,
    avoidable_lenient AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    avoidable_lenient AS n
FROM int_contact_periods
ORDER BY cell
