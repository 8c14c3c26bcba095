-- The same counts and sums by day, week, month and over all the data: an episode belongs to the period in which it starts.
WITH periods AS (
    SELECT 'day' AS period_grain, d.day AS period_start, d.* FROM int_episode_days AS d
    UNION ALL
    SELECT 'week' AS period_grain, CAST(date_trunc('week', d.day) AS DATE) AS period_start, d.* FROM int_episode_days AS d
    UNION ALL
    SELECT 'month' AS period_grain, CAST(date_trunc('month', d.day) AS DATE) AS period_start, d.* FROM int_episode_days AS d
    UNION ALL
    SELECT 'all' AS period_grain, f.first_day AS period_start, d.* FROM int_episode_days AS d CROSS JOIN int_first_day AS f
)

SELECT
    CAST(row_number() OVER (ORDER BY period_grain, period_start, dimension, dimension_value) - 1 AS BIGINT) AS cell,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    coalesce(sum(episodes), 0) AS episodes,
    coalesce(sum(elapsed), 0) AS elapsed,
    coalesce(sum(single_contact), 0) AS single_contact,
    coalesce(sum(costed), 0) AS costed,
    coalesce(sum(cost_low), 0) AS cost_low,
    coalesce(sum(cost_mid), 0) AS cost_mid,
    coalesce(sum(cost_high), 0) AS cost_high
FROM periods
GROUP BY period_grain, period_start, dimension, dimension_value
ORDER BY cell
