-- Contacts of one customer are alike: what is true of one is not drawn anew for the next. Per cell and question: how many customers
-- there are (a contact of an unknown one stands for another), and what the contacts of one customer bring beyond their number, the
-- sum of (x - rate) * (y - rate) over their ordered pairs, where x and y are 1 for a contact that says yes and 0 for one that does not.
-- Zero where nobody has two contacts.
WITH answers AS (
    SELECT period_number, value_number, 'avoidable' AS question, avoidable_known AS known, avoidable AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'avoidable_lenient' AS question, avoidable_lenient_known AS known, avoidable_lenient AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'self_service' AS question, self_service_known AS known, self_service AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'abandoned' AS question, abandoned_known AS known, abandoned AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'transferred' AS question, transferred_known AS known, transferred AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'cross_channel' AS question, cross_channel_known AS known, cross_channel AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'recontacted_48h' AS question, recontacted_48h_known AS known, recontacted_48h AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'recontacted_72h' AS question, recontacted_72h_known AS known, recontacted_72h AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'recontacted_7d' AS question, recontacted_7d_known AS known, recontacted_7d AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'recontacted_14d' AS question, recontacted_14d_known AS known, recontacted_14d AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'negative' AS question, negative_known AS known, negative AS yes
    FROM int_customer_answers
    UNION ALL
    SELECT period_number, value_number, 'csat_satisfied' AS question, csat_known AS known, csat_satisfied AS yes
    FROM int_customer_answers
),

-- Contacts beyond the first of each customer; ordered pairs of two contacts of one customer: all of them, those whose first contact
-- says yes, those where both do.
pairs AS (
    SELECT
        period_number,
        value_number,
        question,
        sum(known - 1) AS further,
        sum(known * (known - 1)) AS all_pairs,
        sum(yes * (known - 1)) AS first_yes,
        sum(yes * (yes - 1)) AS both_yes
    FROM answers
    WHERE known > 1
    GROUP BY period_number, value_number, question
),

rates AS (
    SELECT cell, 'avoidable' AS question, avoidable_known AS known, CAST(avoidable AS DOUBLE) / nullif(avoidable_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'avoidable_lenient' AS question, avoidable_lenient_known AS known, CAST(avoidable_lenient AS DOUBLE) / nullif(avoidable_lenient_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'self_service' AS question, self_service_known AS known, CAST(self_service AS DOUBLE) / nullif(self_service_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'abandoned' AS question, abandoned_known AS known, CAST(abandoned AS DOUBLE) / nullif(abandoned_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'transferred' AS question, transferred_known AS known, CAST(transferred AS DOUBLE) / nullif(transferred_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'cross_channel' AS question, cross_channel_known AS known, CAST(cross_channel AS DOUBLE) / nullif(cross_channel_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'recontacted_48h' AS question, recontacted_48h_known AS known, CAST(recontacted_48h AS DOUBLE) / nullif(recontacted_48h_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'recontacted_72h' AS question, recontacted_72h_known AS known, CAST(recontacted_72h AS DOUBLE) / nullif(recontacted_72h_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'recontacted_7d' AS question, recontacted_7d_known AS known, CAST(recontacted_7d AS DOUBLE) / nullif(recontacted_7d_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'recontacted_14d' AS question, recontacted_14d_known AS known, CAST(recontacted_14d AS DOUBLE) / nullif(recontacted_14d_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'negative' AS question, negative_known AS known, CAST(negative AS DOUBLE) / nullif(negative_known, 0) AS rate
    FROM int_contact_periods
    UNION ALL
    SELECT cell, 'csat_satisfied' AS question, csat_known AS known, CAST(csat_satisfied AS DOUBLE) / nullif(csat_known, 0) AS rate
    FROM int_contact_periods
)

SELECT
    r.cell,
    r.question,
    r.known - coalesce(s.further, 0) AS customers,
    coalesce(s.both_yes - 2 * r.rate * s.first_yes + r.rate * r.rate * s.all_pairs, 0) AS pair_products
FROM rates AS r
INNER JOIN int_cells AS n ON r.cell = n.cell
LEFT JOIN pairs AS s
    ON n.period_number = s.period_number AND n.value_number = s.value_number AND r.question = s.question
