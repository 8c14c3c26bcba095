-- Contacts with a negative sentiment, among contacts that have one.
SELECT
    cell,
    CAST(negative AS DOUBLE) / nullif(negative_known, 0) AS value,
    negative AS numerator,
    negative_known AS denominator,
    negative_known AS n
FROM int_contact_periods
ORDER BY cell
