-- Mean wait, over contacts with a known wait, abandoned ones included.
SELECT
    c.cell,
    CAST(c.wait_s_sum AS DOUBLE) / nullif(c.wait_s_known, 0) AS value,
    c.wait_s_sum AS numerator,
    c.wait_s_known AS denominator,
    c.wait_s_known AS n,
    c.wait_s_squares AS sum_of_squares,
    p.wait_s_customers AS customers,
    p.wait_s_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
