-- Cost of the contacts that a strict criterion makes avoidable; null where no contact has both verdict and cost, or none
-- of the avoidable ones has a cost.
SELECT
    cell,
    CASE
        WHEN avoidable_costed > 0 OR (avoidable = 0 AND avoidable_judged_costed > 0) THEN avoidable_cost_mid
    END AS value,
    avoidable_cost_mid AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    avoidable_costed AS n,
    CASE
        WHEN avoidable_costed > 0 OR (avoidable = 0 AND avoidable_judged_costed > 0) THEN avoidable_cost_low
    END AS lo,
    CASE
        WHEN avoidable_costed > 0 OR (avoidable = 0 AND avoidable_judged_costed > 0) THEN avoidable_cost_high
    END AS hi
FROM int_contact_periods
ORDER BY cell
