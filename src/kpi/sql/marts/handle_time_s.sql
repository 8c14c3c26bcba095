-- Mean of conversation, hold and after-call work, over contacts with a known conversation time.
SELECT
    c.cell,
    CAST(c.handle_time_s_sum AS DOUBLE) / nullif(c.handle_time_s_known, 0) AS value,
    c.handle_time_s_sum AS numerator,
    c.handle_time_s_known AS denominator,
    c.handle_time_s_known AS n,
    c.handle_time_s_squares AS sum_of_squares,
    p.handle_time_s_customers AS customers,
    p.handle_time_s_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
