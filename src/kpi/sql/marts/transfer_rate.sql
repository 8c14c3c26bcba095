-- Transferred contacts, among contacts for which it is known; contacts known to be at level 2 or 3 are left out.
SELECT
    c.cell,
    CAST(c.transferred AS DOUBLE) / nullif(c.transferred_known, 0) AS value,
    c.transferred AS numerator,
    c.transferred_known AS denominator,
    c.transferred_known AS n,
    p.transferred_customers AS customers,
    p.transferred_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
