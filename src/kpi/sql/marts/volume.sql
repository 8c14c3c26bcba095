-- Counted contacts: inbound, by customers, without automatic replies, bounces and duplicates.
SELECT
    cell,
    contacts AS value,
    contacts AS numerator,
    CAST(NULL AS DOUBLE) AS denominator,
    contacts AS n
FROM int_contact_periods
ORDER BY cell
