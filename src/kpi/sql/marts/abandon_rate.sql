-- Contacts that the customer left before the answer, among contacts for which it is known.
SELECT
    c.cell,
    CAST(c.abandoned AS DOUBLE) / nullif(c.abandoned_known, 0) AS value,
    c.abandoned AS numerator,
    c.abandoned_known AS denominator,
    c.abandoned_known AS n,
    p.customers,
    p.pair_products
FROM int_contact_periods AS c
INNER JOIN int_customer_pairs AS p ON c.cell = p.cell AND p.question = 'abandoned'
ORDER BY c.cell
