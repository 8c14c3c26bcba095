-- Mean satisfaction answer.
SELECT
    c.cell,
    CAST(c.csat_sum AS DOUBLE) / nullif(c.csat_known, 0) AS value,
    c.csat_sum AS numerator,
    c.csat_known AS denominator,
    c.csat_known AS n,
    c.csat_squares AS sum_of_squares,
    p.csat_customers AS customers,
    p.csat_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
