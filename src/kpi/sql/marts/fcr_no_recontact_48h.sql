-- Contacts not followed by another about the same issue within 48h, among contacts whose window has elapsed.
SELECT
    cell,
    CAST(recontacted_48h_known - recontacted_48h AS DOUBLE) / nullif(recontacted_48h_known, 0) AS value,
    recontacted_48h_known - recontacted_48h AS numerator,
    recontacted_48h_known AS denominator,
    recontacted_48h_known AS n
FROM int_contact_periods
ORDER BY cell
