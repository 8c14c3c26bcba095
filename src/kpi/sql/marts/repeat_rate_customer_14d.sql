-- Customers who came back about the same issue within 14d, among customers with a contact whose window has elapsed.
SELECT
    cell,
    CAST(recontacting_14d AS DOUBLE) / nullif(customers_14d, 0) AS value,
    recontacting_14d AS numerator,
    customers_14d AS denominator,
    customers_14d AS n
FROM int_customer_periods
ORDER BY cell
