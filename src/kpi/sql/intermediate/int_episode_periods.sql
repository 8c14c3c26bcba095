-- The same counts and sums by day, week, month and over all the data: an episode belongs to the period in which it starts.
SELECT
    CAST(row_number() OVER (ORDER BY p.period_grain, p.period_start, d.dimension, d.dimension_value) - 1 AS BIGINT) AS cell,
    p.period_grain,
    p.period_start,
    d.dimension,
    d.dimension_value,
    coalesce(sum(d.episodes), 0) AS episodes,
    coalesce(sum(d.elapsed), 0) AS elapsed,
    coalesce(sum(d.single_contact), 0) AS single_contact,
    coalesce(sum(d.costed), 0) AS costed,
    coalesce(sum(d.cost_low), 0) AS cost_low,
    coalesce(sum(d.cost_mid), 0) AS cost_mid,
    coalesce(sum(d.cost_high), 0) AS cost_high
FROM int_episode_days AS d
INNER JOIN int_calendar AS p ON d.day = p.day
GROUP BY p.period_grain, p.period_start, d.dimension, d.dimension_value
ORDER BY cell
