-- Contacts not followed by another about the same issue within 72h, among contacts whose window has elapsed.
SELECT
    cell,
    CAST(recontacted_72h_known - recontacted_72h AS DOUBLE) / nullif(recontacted_72h_known, 0) AS value,
    recontacted_72h_known - recontacted_72h AS numerator,
    recontacted_72h_known AS denominator,
    recontacted_72h_known AS n
FROM int_contact_periods
ORDER BY cell
