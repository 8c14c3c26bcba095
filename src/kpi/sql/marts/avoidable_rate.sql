-- Contacts that a strict criterion makes avoidable, among contacts with a verdict.
SELECT
    cell,
    CAST(avoidable AS DOUBLE) / nullif(avoidable_known, 0) AS value,
    avoidable AS numerator,
    avoidable_known AS denominator,
    avoidable_known AS n
FROM int_contact_periods
ORDER BY cell
