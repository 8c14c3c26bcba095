-- Mean of conversation, hold and after-call work, over contacts with a known conversation time.
SELECT
    cell,
    CAST(handle_time_s_sum AS DOUBLE) / nullif(handle_time_s_known, 0) AS value,
    handle_time_s_sum AS numerator,
    handle_time_s_known AS denominator,
    handle_time_s_known AS n,
    handle_time_s_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
