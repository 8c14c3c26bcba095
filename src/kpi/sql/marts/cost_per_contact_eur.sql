-- Cost of the contacts divided by their number, over contacts with a known cost that were not abandoned.
SELECT
    cell,
    CAST(cost_mid AS DOUBLE) / nullif(handled_costed, 0) AS value,
    cost_mid AS numerator,
    handled_costed AS denominator,
    handled_costed AS n,
    CAST(cost_low AS DOUBLE) / nullif(handled_costed, 0) AS lo,
    CAST(cost_high AS DOUBLE) / nullif(handled_costed, 0) AS hi
FROM int_contact_periods
ORDER BY cell
