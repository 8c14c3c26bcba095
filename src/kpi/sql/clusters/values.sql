-- Every value of every dimension, numbered.
SELECT
    dimension,
    dimension_value,
    CAST(row_number() OVER (ORDER BY dimension, dimension_value) AS INT) AS value_number
FROM int_{{ unit }}_days
GROUP BY dimension, dimension_value
