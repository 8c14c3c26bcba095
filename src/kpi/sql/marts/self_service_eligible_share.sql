-- Contacts whose reason self-service can answer, among contacts whose reason says whether it can.
SELECT
    cell,
    CAST(self_service AS DOUBLE) / nullif(self_service_known, 0) AS value,
    self_service AS numerator,
    self_service_known AS denominator,
    self_service_known AS n
FROM int_contact_periods
ORDER BY cell
