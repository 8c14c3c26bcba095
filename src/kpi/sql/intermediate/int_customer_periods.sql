-- Customers instead of contacts: a customer counts once per period and value of a dimension, and as coming back if any of
-- their contacts there was followed by another about the same issue. Contacts without a customer, or whose window has
-- not elapsed, are unknown (null) and bring nobody.
WITH periods AS (
    SELECT 'day' AS period_grain, c.contact_date AS period_start, c.* FROM int_contact_dimensions AS c
    UNION ALL
    SELECT 'week' AS period_grain, CAST(date_trunc('week', c.contact_date) AS DATE) AS period_start, c.*
    FROM int_contact_dimensions AS c
    UNION ALL
    SELECT 'month' AS period_grain, CAST(date_trunc('month', c.contact_date) AS DATE) AS period_start, c.*
    FROM int_contact_dimensions AS c
    UNION ALL
    SELECT 'all' AS period_grain, f.first_day AS period_start, c.*
    FROM int_contact_dimensions AS c
    CROSS JOIN int_first_day AS f
),

customers AS (
    SELECT
        period_grain,
        period_start,
        dimension,
        dimension_value,
        customer_key,
        max(recontacted_7d) FILTER (WHERE customer_key IS NOT NULL) AS recontacting_7d,
        max(recontacted_14d) FILTER (WHERE customer_key IS NOT NULL) AS recontacting_14d
    FROM periods
    WHERE dimension NOT IN ('owner', 'criterion')
    GROUP BY period_grain, period_start, dimension, dimension_value, customer_key
)

SELECT
    CAST(row_number() OVER (ORDER BY period_grain, period_start, dimension, dimension_value) - 1 AS BIGINT) AS cell,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    count(recontacting_7d) AS customers_7d,
    coalesce(sum(recontacting_7d), 0) AS recontacting_7d,
    count(recontacting_14d) AS customers_14d,
    coalesce(sum(recontacting_14d), 0) AS recontacting_14d
FROM customers
GROUP BY period_grain, period_start, dimension, dimension_value
ORDER BY cell
