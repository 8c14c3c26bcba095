-- Cost of all the contacts with a known cost; null where none is known.
SELECT
    cell,
    CASE WHEN costed > 0 THEN cost_mid END AS value,
    cost_mid AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    costed AS n,
    CASE WHEN costed > 0 THEN cost_low END AS lo,
    CASE WHEN costed > 0 THEN cost_high END AS hi
FROM int_contact_periods
ORDER BY cell
