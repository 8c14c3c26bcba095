-- The {{ unit }}s of one customer are alike: what is true of one is not drawn anew for the next. Per cell and question: how many customers
-- there are (a {{ unit }} of an unknown one stands for another), and what the {{ unit }}s of one customer bring beyond their number, the
-- sum of (x - mean) * (y - mean) over their ordered pairs, where x and y are the answers, 1 for yes and 0 for no. Zero where nobody has
-- two {{ unit }}s.
--
-- Of a customer with k answers whose sum is s, that is products - 2 * mean * firsts + mean * mean * pairs: over the ordered pairs of two
-- answers, the sum of x * y (s * s less the squares), that of x (s * (k - 1)), and their number. Squares of decimals need more digits
-- than 38, beyond which their product would end the run: a measure in the wrong unit times many contacts of one customer.
WITH customers AS (
    SELECT
        period_number,
        value_number
{%- for question in questions %}
{%- set q = question.name %},
        sum(greatest({{ q }}_known - 1, 0)) AS {{ q }}_further,
        sum({{ q }}_known * ({{ q }}_known - 1)) AS {{ q }}_pairs,
        sum({{ q }}_sum * ({{ q }}_known - 1)) AS {{ q }}_firsts,
{%- if question.is_yes_no %}
        sum({{ q }}_sum * ({{ q }}_sum - 1)) AS {{ q }}_products
{%- else %}
        sum(CAST({{ q }}_sum AS DECIMAL(50, 4)) * CAST({{ q }}_sum AS DECIMAL(50, 4)) - {{ q }}_squares) AS {{ q }}_products
{%- endif %}
{%- endfor %}
    FROM int_{{ unit }}_answers
    GROUP BY period_number, value_number
),

means AS (
    SELECT
        cell
{%- for question in questions %},
        {{ question.known }} AS {{ question.name }}_known,
        CAST({{ question.sum }} AS DOUBLE) / nullif({{ question.known }}, 0) AS {{ question.name }}_mean
{%- endfor %}
    FROM int_{{ unit }}_periods
)

SELECT
    m.cell
{%- for question in questions %}
{%- set q = question.name %},
    m.{{ q }}_known - coalesce(c.{{ q }}_further, 0) AS {{ q }}_customers,
    coalesce(
        CAST(c.{{ q }}_products AS DOUBLE)
        - 2 * m.{{ q }}_mean * CAST(c.{{ q }}_firsts AS DOUBLE)
        + m.{{ q }}_mean * m.{{ q }}_mean * c.{{ q }}_pairs,
        0
    ) AS {{ q }}_pair_products
{%- endfor %}
FROM means AS m
INNER JOIN int_{{ unit }}_cells AS n ON m.cell = n.cell
LEFT JOIN customers AS c ON n.period_number = c.period_number AND n.value_number = c.value_number
