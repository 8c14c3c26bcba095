-- Contacts that a strict or lenient criterion makes avoidable, among contacts with a verdict.
SELECT
    c.cell,
    CAST(c.avoidable_lenient AS DOUBLE) / nullif(c.avoidable_lenient_known, 0) AS value,
    c.avoidable_lenient AS numerator,
    c.avoidable_lenient_known AS denominator,
    c.avoidable_lenient_known AS n,
    p.customers,
    p.pair_products
FROM int_contact_periods AS c
INNER JOIN int_customer_pairs AS p ON c.cell = p.cell AND p.question = 'avoidable_lenient'
ORDER BY c.cell
