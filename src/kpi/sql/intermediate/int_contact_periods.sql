-- The same counts and sums by day, week (from Monday), month and over all the data, numbered in the order of the table
-- kpi. Days are local days already, so that months begin at local midnight.
WITH periods AS (
    SELECT 'day' AS period_grain, d.day AS period_start, d.* FROM int_contact_days AS d
    UNION ALL
    SELECT 'week' AS period_grain, CAST(date_trunc('week', d.day) AS DATE) AS period_start, d.* FROM int_contact_days AS d
    UNION ALL
    SELECT 'month' AS period_grain, CAST(date_trunc('month', d.day) AS DATE) AS period_start, d.* FROM int_contact_days AS d
    UNION ALL
    SELECT 'all' AS period_grain, f.first_day AS period_start, d.* FROM int_contact_days AS d CROSS JOIN int_first_day AS f
)

SELECT
    CAST(row_number() OVER (ORDER BY period_grain, period_start, dimension, dimension_value) - 1 AS BIGINT) AS cell,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    coalesce(sum(contacts), 0) AS contacts,
    coalesce(sum(avoidable_known), 0) AS avoidable_known,
    coalesce(sum(avoidable), 0) AS avoidable,
    coalesce(sum(avoidable_lenient_known), 0) AS avoidable_lenient_known,
    coalesce(sum(avoidable_lenient), 0) AS avoidable_lenient,
    coalesce(sum(self_service_known), 0) AS self_service_known,
    coalesce(sum(self_service), 0) AS self_service,
    coalesce(sum(abandoned_known), 0) AS abandoned_known,
    coalesce(sum(abandoned), 0) AS abandoned,
    coalesce(sum(transferred_known), 0) AS transferred_known,
    coalesce(sum(transferred), 0) AS transferred,
    coalesce(sum(cross_channel_known), 0) AS cross_channel_known,
    coalesce(sum(cross_channel), 0) AS cross_channel,
    coalesce(sum(recontacted_48h_known), 0) AS recontacted_48h_known,
    coalesce(sum(recontacted_48h), 0) AS recontacted_48h,
    coalesce(sum(recontacted_72h_known), 0) AS recontacted_72h_known,
    coalesce(sum(recontacted_72h), 0) AS recontacted_72h,
    coalesce(sum(recontacted_7d_known), 0) AS recontacted_7d_known,
    coalesce(sum(recontacted_7d), 0) AS recontacted_7d,
    coalesce(sum(recontacted_14d_known), 0) AS recontacted_14d_known,
    coalesce(sum(recontacted_14d), 0) AS recontacted_14d,
    coalesce(sum(negative_known), 0) AS negative_known,
    coalesce(sum(negative), 0) AS negative,
    coalesce(sum(handle_time_s_known), 0) AS handle_time_s_known,
    coalesce(sum(handle_time_s_sum), 0) AS handle_time_s_sum,
    coalesce(sum(handle_time_s_squares), 0) AS handle_time_s_squares,
    coalesce(sum(wait_s_known), 0) AS wait_s_known,
    coalesce(sum(wait_s_sum), 0) AS wait_s_sum,
    coalesce(sum(wait_s_squares), 0) AS wait_s_squares,
    coalesce(sum(csat_known), 0) AS csat_known,
    coalesce(sum(csat_sum), 0) AS csat_sum,
    coalesce(sum(csat_squares), 0) AS csat_squares,
    coalesce(sum(ces_known), 0) AS ces_known,
    coalesce(sum(ces_sum), 0) AS ces_sum,
    coalesce(sum(ces_squares), 0) AS ces_squares,
    coalesce(sum(sentiment_known), 0) AS sentiment_known,
    coalesce(sum(sentiment_sum), 0) AS sentiment_sum,
    coalesce(sum(sentiment_squares), 0) AS sentiment_squares,
    coalesce(sum(sentiment_trend_known), 0) AS sentiment_trend_known,
    coalesce(sum(sentiment_trend_sum), 0) AS sentiment_trend_sum,
    coalesce(sum(sentiment_trend_squares), 0) AS sentiment_trend_squares,
    coalesce(sum(csat_satisfied), 0) AS csat_satisfied,
    coalesce(sum(nps_known), 0) AS nps_known,
    coalesce(sum(nps_promoters), 0) AS nps_promoters,
    coalesce(sum(nps_detractors), 0) AS nps_detractors,
    coalesce(sum(costed), 0) AS costed,
    coalesce(sum(cost_low), 0) AS cost_low,
    coalesce(sum(cost_mid), 0) AS cost_mid,
    coalesce(sum(cost_high), 0) AS cost_high,
    coalesce(sum(avoidable_judged_costed), 0) AS avoidable_judged_costed,
    coalesce(sum(avoidable_costed), 0) AS avoidable_costed,
    coalesce(sum(avoidable_cost_low), 0) AS avoidable_cost_low,
    coalesce(sum(avoidable_cost_mid), 0) AS avoidable_cost_mid,
    coalesce(sum(avoidable_cost_high), 0) AS avoidable_cost_high,
    coalesce(sum(avoidable_lenient_judged_costed), 0) AS avoidable_lenient_judged_costed,
    coalesce(sum(avoidable_lenient_costed), 0) AS avoidable_lenient_costed,
    coalesce(sum(avoidable_lenient_cost_low), 0) AS avoidable_lenient_cost_low,
    coalesce(sum(avoidable_lenient_cost_mid), 0) AS avoidable_lenient_cost_mid,
    coalesce(sum(avoidable_lenient_cost_high), 0) AS avoidable_lenient_cost_high,
    coalesce(sum(repeated_judged_costed), 0) AS repeated_judged_costed,
    coalesce(sum(repeated_costed), 0) AS repeated_costed,
    coalesce(sum(repeated_cost_low), 0) AS repeated_cost_low,
    coalesce(sum(repeated_cost_mid), 0) AS repeated_cost_mid,
    coalesce(sum(repeated_cost_high), 0) AS repeated_cost_high
FROM periods
GROUP BY period_grain, period_start, dimension, dimension_value
ORDER BY cell
