-- Contacts whose reason self-service can answer, among contacts whose reason says whether it can.
SELECT
    c.cell,
    CAST(c.self_service AS DOUBLE) / nullif(c.self_service_known, 0) AS value,
    c.self_service AS numerator,
    c.self_service_known AS denominator,
    c.self_service_known AS n,
    p.self_service_customers AS customers,
    p.self_service_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
