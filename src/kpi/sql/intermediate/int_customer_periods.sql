-- Customers instead of contacts, over the same cells: a customer counts once per period and value of a dimension, and as
-- coming back if any of their contacts there was followed by another about the same issue. A customer with a contact there
-- that cannot be compared with the next one is left out, whatever the others say: those who came back would stay in, and of
-- the rest only some. Contacts whose window has not elapsed say nothing, and leave nobody out.
WITH customers AS (
    SELECT
        p.period_number,
        c.value_number,
        c.customer,
        CASE WHEN coalesce(max(c.recontact_open_7d), 0) = 0 THEN max(c.recontacted_7d) END AS recontacting_7d,
        CASE WHEN coalesce(max(c.recontact_open_14d), 0) = 0 THEN max(c.recontacted_14d) END AS recontacting_14d
    FROM int_customer_contacts AS c
    INNER JOIN int_calendar AS p ON c.day = p.day
    GROUP BY p.period_number, c.value_number, c.customer
),

counts AS (
    SELECT
        period_number,
        value_number,
        count(recontacting_7d) AS customers_7d,
        sum(recontacting_7d) AS recontacting_7d,
        count(recontacting_14d) AS customers_14d,
        sum(recontacting_14d) AS recontacting_14d
    FROM customers
    GROUP BY period_number, value_number
)

SELECT
    p.cell,
    p.period_grain,
    p.period_start,
    p.dimension,
    p.dimension_value,
    coalesce(c.customers_7d, 0) AS customers_7d,
    coalesce(c.recontacting_7d, 0) AS recontacting_7d,
    coalesce(c.customers_14d, 0) AS customers_14d,
    coalesce(c.recontacting_14d, 0) AS recontacting_14d
FROM int_contact_periods AS p
INNER JOIN int_contact_cells AS n ON p.cell = n.cell
LEFT JOIN counts AS c ON n.period_number = c.period_number AND n.value_number = c.value_number
ORDER BY p.cell
