-- Contacts followed by another of the same customer about the same issue within 7d, among contacts whose window has
-- elapsed.
SELECT
    cell,
    CAST(recontacted_7d AS DOUBLE) / nullif(recontacted_7d_known, 0) AS value,
    recontacted_7d AS numerator,
    recontacted_7d_known AS denominator,
    recontacted_7d_known AS n
FROM int_contact_periods
ORDER BY cell
