-- Contacts followed by another of the same customer about the same issue within 7d, among contacts whose window has
-- elapsed.
SELECT
    c.cell,
    CAST(c.recontacted_7d AS DOUBLE) / nullif(c.recontacted_7d_known, 0) AS value,
    c.recontacted_7d AS numerator,
    c.recontacted_7d_known AS denominator,
    c.recontacted_7d_known AS n,
    p.recontacted_7d_customers AS customers,
    p.recontacted_7d_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
