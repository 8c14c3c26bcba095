-- Customers who came back about the same issue within 7d, among customers with a contact whose window has elapsed.
SELECT
    cell,
    CAST(recontacting_7d AS DOUBLE) / nullif(customers_7d, 0) AS value,
    recontacting_7d AS numerator,
    customers_7d AS denominator,
    customers_7d AS n
FROM int_customer_periods
ORDER BY cell
