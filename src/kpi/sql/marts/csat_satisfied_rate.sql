-- Answers from the satisfied threshold up, among satisfaction answers.
SELECT
    c.cell,
    CAST(c.csat_satisfied AS DOUBLE) / nullif(c.csat_known, 0) AS value,
    c.csat_satisfied AS numerator,
    c.csat_known AS denominator,
    c.csat_known AS n,
    p.customers,
    p.pair_products
FROM int_contact_periods AS c
INNER JOIN int_customer_pairs AS p ON c.cell = p.cell AND p.question = 'csat_satisfied'
ORDER BY c.cell
