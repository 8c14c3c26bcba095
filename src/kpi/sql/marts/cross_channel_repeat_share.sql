-- Linked contacts whose earlier contact was in another channel, among linked contacts with both channels known.
SELECT
    cell,
    CAST(cross_channel AS DOUBLE) / nullif(cross_channel_known, 0) AS value,
    cross_channel AS numerator,
    cross_channel_known AS denominator,
    cross_channel_known AS n
FROM int_contact_periods
ORDER BY cell
