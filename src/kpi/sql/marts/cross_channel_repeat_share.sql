-- Linked contacts whose earlier contact was in another channel, among linked contacts with both channels known.
SELECT
    c.cell,
    CAST(c.cross_channel AS DOUBLE) / nullif(c.cross_channel_known, 0) AS value,
    c.cross_channel AS numerator,
    c.cross_channel_known AS denominator,
    c.cross_channel_known AS n,
    p.cross_channel_customers AS customers,
    p.cross_channel_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
