-- Contacts that a strict criterion makes avoidable, among contacts with a verdict.
SELECT
    c.cell,
    CAST(c.avoidable AS DOUBLE) / nullif(c.avoidable_known, 0) AS value,
    c.avoidable AS numerator,
    c.avoidable_known AS denominator,
    c.avoidable_known AS n,
    p.avoidable_customers AS customers,
    p.avoidable_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
