-- Contacts that a strict or lenient criterion makes avoidable, among contacts with a verdict.
SELECT
    cell,
    CAST(avoidable_lenient AS DOUBLE) / nullif(avoidable_lenient_known, 0) AS value,
    avoidable_lenient AS numerator,
    avoidable_lenient_known AS denominator,
    avoidable_lenient_known AS n
FROM int_contact_periods
ORDER BY cell
