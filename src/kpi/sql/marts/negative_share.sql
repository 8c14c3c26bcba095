-- Contacts with a negative sentiment, among contacts that have one.
SELECT
    c.cell,
    CAST(c.negative AS DOUBLE) / nullif(c.negative_known, 0) AS value,
    c.negative AS numerator,
    c.negative_known AS denominator,
    c.negative_known AS n,
    p.negative_customers AS customers,
    p.negative_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
