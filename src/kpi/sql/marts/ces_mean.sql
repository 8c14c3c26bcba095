-- Mean effort answer, on the configured scale.
SELECT
    c.cell,
    CAST(c.ces_sum AS DOUBLE) / nullif(c.ces_known, 0) AS value,
    c.ces_sum AS numerator,
    c.ces_known AS denominator,
    c.ces_known AS n,
    c.ces_squares AS sum_of_squares,
    p.ces_customers AS customers,
    p.ces_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
