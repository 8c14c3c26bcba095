-- Cost of the contacts that a strict or lenient criterion makes avoidable; null where no contact has both verdict and
-- cost, or none of the avoidable ones has a cost.
SELECT
    cell,
    CASE WHEN is_known THEN avoidable_lenient_cost_mid END AS value,
    avoidable_lenient_cost_mid AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    avoidable_lenient_costed AS n,
    CASE WHEN is_known THEN avoidable_lenient_cost_low END AS lo,
    CASE WHEN is_known THEN avoidable_lenient_cost_high END AS hi
FROM (
    SELECT
        *,
        avoidable_lenient_costed > 0 OR (avoidable_lenient = 0 AND avoidable_lenient_judged_costed > 0) AS is_known
    FROM int_contact_periods
)
ORDER BY cell
