-- Every value of every dimension of the contacts, numbered.
SELECT
    dimension,
    dimension_value,
    CAST(row_number() OVER (ORDER BY dimension, dimension_value) AS INT) AS value_number
FROM int_contact_days
GROUP BY dimension, dimension_value
