-- What each customer with several contacts in a cell answers to each question of a rate: how many of the contacts have an answer, and
-- how many say yes. Customers with one contact are not here: they have no pairs (see int_customer_pairs), and are most of them.
WITH several AS (
    SELECT p.period_number, c.customer
    FROM int_contacts AS c
    INNER JOIN int_calendar AS p ON c.contact_date = p.day
    WHERE c.customer IS NOT NULL
    GROUP BY p.period_number, c.customer
    HAVING count(*) > 1
),

contacts AS (
    SELECT p.period_number, v.value_number, c.*
    FROM int_contact_dimensions AS c
    INNER JOIN int_dimension_values AS v ON c.dimension = v.dimension AND c.dimension_value = v.dimension_value
    INNER JOIN int_calendar AS p ON c.contact_date = p.day
    WHERE c.dimension NOT IN ('owner', 'criterion')
)

SELECT
    c.period_number,
    c.value_number,
    c.customer,
    count(c.avoidable) AS avoidable_known,
    coalesce(sum(c.avoidable), 0) AS avoidable,
    count(c.avoidable_lenient) AS avoidable_lenient_known,
    coalesce(sum(c.avoidable_lenient), 0) AS avoidable_lenient,
    count(c.self_service) AS self_service_known,
    coalesce(sum(c.self_service), 0) AS self_service,
    count(c.abandoned) AS abandoned_known,
    coalesce(sum(c.abandoned), 0) AS abandoned,
    count(c.transferred) AS transferred_known,
    coalesce(sum(c.transferred), 0) AS transferred,
    count(c.cross_channel) AS cross_channel_known,
    coalesce(sum(c.cross_channel), 0) AS cross_channel,
    count(c.recontacted_48h) AS recontacted_48h_known,
    coalesce(sum(c.recontacted_48h), 0) AS recontacted_48h,
    count(c.recontacted_72h) AS recontacted_72h_known,
    coalesce(sum(c.recontacted_72h), 0) AS recontacted_72h,
    count(c.recontacted_7d) AS recontacted_7d_known,
    coalesce(sum(c.recontacted_7d), 0) AS recontacted_7d,
    count(c.recontacted_14d) AS recontacted_14d_known,
    coalesce(sum(c.recontacted_14d), 0) AS recontacted_14d,
    count(c.negative) AS negative_known,
    coalesce(sum(c.negative), 0) AS negative,
    count(c.csat_satisfied) AS csat_known,
    coalesce(sum(c.csat_satisfied), 0) AS csat_satisfied
FROM several AS s
INNER JOIN contacts AS c ON s.period_number = c.period_number AND s.customer = c.customer
GROUP BY c.period_number, c.value_number, c.customer
HAVING count(*) > 1
