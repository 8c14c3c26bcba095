-- Cost of the contacts that repeat an earlier one within 14 days; null where no contact has both a known repeat and a
-- cost, or none of the repeats has a cost.
SELECT
    cell,
    CASE WHEN is_known THEN repeated_cost_mid END AS value,
    repeated_cost_mid AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    repeated_costed AS n,
    CASE WHEN is_known THEN repeated_cost_low END AS lo,
    CASE WHEN is_known THEN repeated_cost_high END AS hi
FROM (
    SELECT
        *,
        repeated_costed > 0 OR (repeated = 0 AND repeated_judged_costed > 0) AS is_known
    FROM int_contact_periods
)
ORDER BY cell
