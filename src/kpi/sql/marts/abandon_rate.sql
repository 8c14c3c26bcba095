-- Contacts that the customer left before the answer, among contacts for which it is known.
SELECT
    c.cell,
    CAST(c.abandoned AS DOUBLE) / nullif(c.abandoned_known, 0) AS value,
    c.abandoned AS numerator,
    c.abandoned_known AS denominator,
    c.abandoned_known AS n,
    p.abandoned_customers AS customers,
    p.abandoned_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
