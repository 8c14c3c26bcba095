-- The cells by the numbers of their period and of their value of a dimension.
WITH periods AS (
    SELECT DISTINCT period_grain, period_start, period_number FROM int_calendar
)

SELECT p.cell, n.period_number, v.value_number
FROM int_{{ unit }}_periods AS p
INNER JOIN int_{{ unit }}_values AS v ON p.dimension = v.dimension AND p.dimension_value = v.dimension_value
INNER JOIN periods AS n ON p.period_grain = n.period_grain AND p.period_start = n.period_start
