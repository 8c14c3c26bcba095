-- Contacts that the customer left before the answer, among contacts for which it is known.
SELECT
    cell,
    CAST(abandoned AS DOUBLE) / nullif(abandoned_known, 0) AS value,
    abandoned AS numerator,
    abandoned_known AS denominator,
    abandoned_known AS n
FROM int_contact_periods
ORDER BY cell
