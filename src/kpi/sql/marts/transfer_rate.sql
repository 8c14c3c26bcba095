-- Transferred contacts, among contacts for which it is known; contacts known to be at level 2 or 3 are left out.
SELECT
    cell,
    CAST(transferred AS DOUBLE) / nullif(transferred_known, 0) AS value,
    transferred AS numerator,
    transferred_known AS denominator,
    transferred_known AS n
FROM int_contact_periods
ORDER BY cell
