-- Answers from the satisfied threshold up, among satisfaction answers.
SELECT
    c.cell,
    CAST(c.csat_satisfied AS DOUBLE) / nullif(c.csat_known, 0) AS value,
    c.csat_satisfied AS numerator,
    c.csat_known AS denominator,
    c.csat_known AS n,
    p.csat_satisfied_customers AS customers,
    p.csat_satisfied_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
