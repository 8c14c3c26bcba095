-- Linked contacts whose earlier contact was in another channel, among linked contacts with both channels known.
SELECT
    c.cell,
    CAST(c.cross_channel AS DOUBLE) / nullif(c.cross_channel_known, 0) AS value,
    c.cross_channel AS numerator,
    c.cross_channel_known AS denominator,
    c.cross_channel_known AS n,
    p.customers,
    p.pair_products
FROM int_contact_periods AS c
INNER JOIN int_customer_pairs AS p ON c.cell = p.cell AND p.question = 'cross_channel'
ORDER BY c.cell
