-- The {{ unit }}s of known customers, once per cell that holds several {{ unit }}s of the customer. The others are not here: they have no
-- pairs (see int_{{ unit }}_pairs), and are most of them, which is why they are sorted out over numbers, before anything is added up.
WITH several AS (
    SELECT p.period_number, u.customer
    FROM int_{{ unit }}s AS u
    INNER JOIN int_calendar AS p ON u.{{ day }} = p.day
    WHERE u.customer IS NOT NULL
    GROUP BY p.period_number, u.customer
    HAVING count(*) > 1
),

of_periods AS (
    SELECT p.period_number, u.customer, u.unit
    FROM int_{{ unit }}s AS u
    INNER JOIN int_calendar AS p ON u.{{ day }} = p.day
    INNER JOIN several AS s ON p.period_number = s.period_number AND u.customer = s.customer
),

of_values AS (
    SELECT v.value_number, u.unit
    FROM int_{{ unit }}_dimensions AS u
    INNER JOIN int_{{ unit }}_values AS v ON u.dimension = v.dimension AND u.dimension_value = v.dimension_value
    WHERE u.customer IS NOT NULL AND u.dimension NOT IN ('owner', 'criterion')
),

of_cells AS (
    SELECT p.period_number, v.value_number, p.customer, p.unit
    FROM of_periods AS p
    INNER JOIN of_values AS v ON p.unit = v.unit
),

shared AS (
    SELECT period_number, value_number, customer
    FROM of_cells
    GROUP BY period_number, value_number, customer
    HAVING count(*) > 1
)

SELECT c.period_number, c.value_number, c.customer, c.unit
FROM of_cells AS c
INNER JOIN shared AS s
    ON c.period_number = s.period_number AND c.value_number = s.value_number AND c.customer = s.customer
