-- Cost of the contacts of an issue within 7 days of the closing of the first, over issues whose outcome is known and whose contacts
-- all have a known cost.
SELECT
    cell,
    CAST(cost_mid AS DOUBLE) / nullif(costed, 0) AS value,
    cost_mid AS numerator,
    costed AS denominator,
    costed AS n,
    CAST(cost_low AS DOUBLE) / nullif(costed, 0) AS lo,
    CAST(cost_high AS DOUBLE) / nullif(costed, 0) AS hi
FROM int_episode_periods
ORDER BY cell
