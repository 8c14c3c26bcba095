-- Every day of the data in each of its periods: the day, the week from Monday, the month, and all the data, which starts
-- on the first day of a contact. Days are local days already, so that months begin at local midnight.
WITH days AS (
    SELECT contact_date AS day FROM stg_contacts
    UNION
    SELECT started_date AS day FROM stg_episodes
),

first_day AS (
    SELECT min(contact_date) AS day FROM stg_contacts
),

periods AS (
    SELECT day, 'day' AS period_grain, day AS period_start FROM days
    UNION ALL
    SELECT day, 'week' AS period_grain, CAST(date_trunc('week', day) AS DATE) AS period_start FROM days
    UNION ALL
    SELECT day, 'month' AS period_grain, CAST(date_trunc('month', day) AS DATE) AS period_start FROM days
    UNION ALL
    SELECT d.day, 'all' AS period_grain, f.day AS period_start FROM days AS d CROSS JOIN first_day AS f
)

SELECT
    day,
    period_grain,
    period_start,
    CAST(dense_rank() OVER (ORDER BY period_grain, period_start) AS INT) AS period_number
FROM periods
