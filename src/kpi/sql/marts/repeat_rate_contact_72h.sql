-- Contacts followed by another of the same customer about the same issue within 72h, among contacts whose window has
-- elapsed.
SELECT
    c.cell,
    CAST(c.recontacted_72h AS DOUBLE) / nullif(c.recontacted_72h_known, 0) AS value,
    c.recontacted_72h AS numerator,
    c.recontacted_72h_known AS denominator,
    c.recontacted_72h_known AS n,
    p.recontacted_72h_customers AS customers,
    p.recontacted_72h_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
