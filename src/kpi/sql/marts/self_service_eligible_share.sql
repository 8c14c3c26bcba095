-- Contacts whose reason self-service can answer, among contacts whose reason says whether it can.
SELECT
    c.cell,
    CAST(c.self_service AS DOUBLE) / nullif(c.self_service_known, 0) AS value,
    c.self_service AS numerator,
    c.self_service_known AS denominator,
    c.self_service_known AS n,
    p.customers,
    p.pair_products
FROM int_contact_periods AS c
INNER JOIN int_customer_pairs AS p ON c.cell = p.cell AND p.question = 'self_service'
ORDER BY c.cell
