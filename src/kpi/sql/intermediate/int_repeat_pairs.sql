-- Contacts of one customer come back together: whether one is followed by another is not drawn anew for each. Per cell: how many
-- customers there are (a contact of an unknown one stands for another), and what the contacts of one customer bring beyond their
-- number, the sum of (x - rate) * (y - rate) over their ordered pairs, where x and y are 1 for a contact that was followed and 0 for one
-- that was not. Zero where nobody has two contacts.
-- Only customers with several contacts in a period are looked at: the others have no pairs.
WITH several AS (
    SELECT p.period_number, c.customer
    FROM int_contacts AS c
    INNER JOIN int_calendar AS p ON c.contact_date = p.day
    WHERE c.customer IS NOT NULL
    GROUP BY p.period_number, c.customer
    HAVING count(*) > 1
),

contacts AS (
    SELECT p.period_number, c.value_number, c.customer, c.recontacted_48h, c.recontacted_72h, c.recontacted_7d, c.recontacted_14d
    FROM int_calendar AS p
    INNER JOIN int_customer_contacts AS c ON p.day = c.day
),

customers AS (
    SELECT
        c.period_number,
        c.value_number,
        c.customer,
        count(c.recontacted_48h) AS known_48h,
        coalesce(sum(c.recontacted_48h), 0) AS followed_48h,
        count(c.recontacted_72h) AS known_72h,
        coalesce(sum(c.recontacted_72h), 0) AS followed_72h,
        count(c.recontacted_7d) AS known_7d,
        coalesce(sum(c.recontacted_7d), 0) AS followed_7d,
        count(c.recontacted_14d) AS known_14d,
        coalesce(sum(c.recontacted_14d), 0) AS followed_14d
    FROM several AS s
    INNER JOIN contacts AS c ON s.period_number = c.period_number AND s.customer = c.customer
    GROUP BY c.period_number, c.value_number, c.customer
),

-- Contacts beyond the first of each customer; ordered pairs of two contacts of one customer: all of them, those whose first contact
-- was followed, those where both were.
pairs AS (
    SELECT
        period_number,
        value_number,
        sum(CASE WHEN known_48h > 1 THEN known_48h - 1 ELSE 0 END) AS further_48h,
        sum(known_48h * (known_48h - 1)) AS all_48h,
        sum(followed_48h * (known_48h - 1)) AS first_48h,
        sum(followed_48h * (followed_48h - 1)) AS both_48h,
        sum(CASE WHEN known_72h > 1 THEN known_72h - 1 ELSE 0 END) AS further_72h,
        sum(known_72h * (known_72h - 1)) AS all_72h,
        sum(followed_72h * (known_72h - 1)) AS first_72h,
        sum(followed_72h * (followed_72h - 1)) AS both_72h,
        sum(CASE WHEN known_7d > 1 THEN known_7d - 1 ELSE 0 END) AS further_7d,
        sum(known_7d * (known_7d - 1)) AS all_7d,
        sum(followed_7d * (known_7d - 1)) AS first_7d,
        sum(followed_7d * (followed_7d - 1)) AS both_7d,
        sum(CASE WHEN known_14d > 1 THEN known_14d - 1 ELSE 0 END) AS further_14d,
        sum(known_14d * (known_14d - 1)) AS all_14d,
        sum(followed_14d * (known_14d - 1)) AS first_14d,
        sum(followed_14d * (followed_14d - 1)) AS both_14d
    FROM customers
    GROUP BY period_number, value_number
),

numbered AS (
    SELECT DISTINCT period_grain, period_start, period_number FROM int_calendar
),

rates AS (
    SELECT
        p.cell,
        n.period_number,
        v.value_number,
        p.recontacted_48h_known AS known_48h,
        CAST(p.recontacted_48h AS DOUBLE) / nullif(p.recontacted_48h_known, 0) AS rate_48h,
        p.recontacted_72h_known AS known_72h,
        CAST(p.recontacted_72h AS DOUBLE) / nullif(p.recontacted_72h_known, 0) AS rate_72h,
        p.recontacted_7d_known AS known_7d,
        CAST(p.recontacted_7d AS DOUBLE) / nullif(p.recontacted_7d_known, 0) AS rate_7d,
        p.recontacted_14d_known AS known_14d,
        CAST(p.recontacted_14d AS DOUBLE) / nullif(p.recontacted_14d_known, 0) AS rate_14d
    FROM int_contact_periods AS p
    INNER JOIN int_dimension_values AS v ON p.dimension = v.dimension AND p.dimension_value = v.dimension_value
    INNER JOIN numbered AS n ON p.period_grain = n.period_grain AND p.period_start = n.period_start
)

SELECT
    r.cell,
    r.known_48h - coalesce(s.further_48h, 0) AS customers_48h,
    coalesce(s.both_48h - 2 * r.rate_48h * s.first_48h + r.rate_48h * r.rate_48h * s.all_48h, 0) AS pair_products_48h,
    r.known_72h - coalesce(s.further_72h, 0) AS customers_72h,
    coalesce(s.both_72h - 2 * r.rate_72h * s.first_72h + r.rate_72h * r.rate_72h * s.all_72h, 0) AS pair_products_72h,
    r.known_7d - coalesce(s.further_7d, 0) AS customers_7d,
    coalesce(s.both_7d - 2 * r.rate_7d * s.first_7d + r.rate_7d * r.rate_7d * s.all_7d, 0) AS pair_products_7d,
    r.known_14d - coalesce(s.further_14d, 0) AS customers_14d,
    coalesce(s.both_14d - 2 * r.rate_14d * s.first_14d + r.rate_14d * r.rate_14d * s.all_14d, 0) AS pair_products_14d
FROM rates AS r
LEFT JOIN pairs AS s ON r.period_number = s.period_number AND r.value_number = s.value_number
ORDER BY r.cell
