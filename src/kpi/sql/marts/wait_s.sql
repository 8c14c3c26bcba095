-- Mean wait, over contacts with a known wait, abandoned ones included.
SELECT
    cell,
    CAST(wait_s_sum AS DOUBLE) / nullif(wait_s_known, 0) AS value,
    wait_s_sum AS numerator,
    wait_s_known AS denominator,
    wait_s_known AS n,
    wait_s_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
