-- Contacts followed by another of the same customer about the same issue within 14d, among contacts whose window has
-- elapsed.
SELECT
    cell,
    CAST(recontacted_14d AS DOUBLE) / nullif(recontacted_14d_known, 0) AS value,
    recontacted_14d AS numerator,
    recontacted_14d_known AS denominator,
    recontacted_14d_known AS n
FROM int_contact_periods
ORDER BY cell
