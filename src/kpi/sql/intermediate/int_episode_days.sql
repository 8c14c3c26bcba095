-- Counts and sums of the episodes that start on one day, by one value of one dimension. Of each episode the first 7 days count: without an
-- end to the window, older issues would have had more time to come back than recent ones.
SELECT
    started_date AS day,
    dimension,
    dimension_value,
    count(*) AS episodes,
    count(single_contact) AS elapsed,
    sum(single_contact) AS single_contact,
    count(cost_mid_eur) FILTER (WHERE is_known) AS costed,
    sum(cost_low_eur) FILTER (WHERE is_known) AS cost_low,
    sum(cost_mid_eur) FILTER (WHERE is_known) AS cost_mid,
    sum(cost_high_eur) FILTER (WHERE is_known) AS cost_high
FROM int_episode_dimensions
GROUP BY started_date, dimension, dimension_value
