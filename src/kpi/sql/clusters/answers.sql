-- What each customer with several {{ unit }}s in a cell answers to each question: how many of the {{ unit }}s have an answer, the sum of the
-- answers (null where there is none) and, where they are not 1 or 0, that of their squares.
SELECT
    r.period_number,
    r.value_number,
    r.customer
{%- for question in questions %},
    count(u.{{ question.name }}) AS {{ question.name }}_known,
    sum(u.{{ question.name }}) AS {{ question.name }}_sum
{%- if not question.is_yes_no %},
    sum(u.{{ question.name }} * u.{{ question.name }}) AS {{ question.name }}_squares
{%- endif %}
{%- endfor %}
FROM int_{{ unit }}_returning AS r
INNER JOIN int_{{ unit }}s AS u ON r.unit = u.unit
GROUP BY r.period_number, r.value_number, r.customer
