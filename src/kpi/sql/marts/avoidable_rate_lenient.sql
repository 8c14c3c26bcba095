-- Contacts that a strict or lenient criterion makes avoidable, among contacts with a verdict.
SELECT
    c.cell,
    CAST(c.avoidable_lenient AS DOUBLE) / nullif(c.avoidable_lenient_known, 0) AS value,
    c.avoidable_lenient AS numerator,
    c.avoidable_lenient_known AS denominator,
    c.avoidable_lenient_known AS n,
    p.avoidable_lenient_customers AS customers,
    p.avoidable_lenient_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
