-- One row per counted contact, with what the KPIs add up: 1, 0 or null (unknown) per question, decimals per measure.
-- Customers get numbers: counting the distinct ones compares them millions of times. So do the contacts, `unit`, in any order: the
-- numbers join a contact to itself and come into no result.
WITH customers AS (
    SELECT customer_key, CAST(row_number() OVER (ORDER BY customer_key) AS INT) AS customer
    FROM stg_contacts
    WHERE customer_key IS NOT NULL
    GROUP BY customer_key
),

earlier_channels AS (
    SELECT l.to_contact_id, min(c.channel) AS channel
    FROM stg_links AS l
    INNER JOIN stg_contacts AS c ON l.from_contact_id = c.contact_id
    WHERE c.channel <> '(unknown)'
    GROUP BY l.to_contact_id
)

SELECT
    CAST(row_number() OVER () AS INT) AS unit,
    k.customer,
    c.contact_date,
    c.reason,
    c.reason_l1,
    c.channel,
    c.product,
    c.team,
    c.site,
    c.language,
    c.owner,
    c.criterion,
    CAST(c.is_avoidable AS TINYINT) AS avoidable,
    -- Lenient adds criteria to the strict ones: the denominator stays the contacts with a verdict.
    CASE
        WHEN c.is_avoidable IS NOT NULL
            THEN CAST(c.is_avoidable OR coalesce(c.is_avoidable_lenient, FALSE) AS TINYINT)
    END AS avoidable_lenient,
    CAST(c.is_self_service_eligible AS TINYINT) AS self_service,
    CAST(c.is_abandoned AS TINYINT) AS abandoned,
    -- A transfer rate is one of level 1: contacts known to be at another level are left out.
    CASE WHEN coalesce(c.level, 1) = 1 THEN CAST(c.is_transferred AS TINYINT) END AS transferred,
    CAST(c.is_repeat_14d AS TINYINT) AS repeat_14d,
    CASE
        WHEN c.channel <> '(unknown)' AND e.channel IS NOT NULL THEN CAST(c.channel <> e.channel AS TINYINT)
    END AS cross_channel,
    CAST(c.is_recontacted_48h AS TINYINT) AS recontacted_48h,
    CAST(c.is_recontacted_72h AS TINYINT) AS recontacted_72h,
    CAST(c.is_recontacted_7d AS TINYINT) AS recontacted_7d,
    CAST(c.is_recontacted_14d AS TINYINT) AS recontacted_14d,
    CAST(c.is_recontact_open_7d AS TINYINT) AS recontact_open_7d,
    CAST(c.is_recontact_open_14d AS TINYINT) AS recontact_open_14d,
    CAST(c.sentiment_label = 'negative' AS TINYINT) AS negative,
    c.handle_time_s,
    c.wait_s,
    c.csat,
    CAST(c.csat >= s.csat_satisfied_from AS TINYINT) AS csat_satisfied,
    CAST(c.nps >= s.nps_promoter_from AS TINYINT) AS nps_promoter,
    CAST(c.nps <= s.nps_detractor_to AS TINYINT) AS nps_detractor,
    -- 1 for a promoter, -1 for a detractor.
    CAST(c.nps >= s.nps_promoter_from AS TINYINT) - CAST(c.nps <= s.nps_detractor_to AS TINYINT) AS nps_vote,
    c.ces,
    c.sentiment_score AS sentiment,
    c.sentiment_trend,
    c.cost_low_eur AS cost_low,
    c.cost_mid_eur AS cost_mid,
    c.cost_high_eur AS cost_high
FROM stg_contacts AS c
CROSS JOIN kpi_settings AS s
LEFT JOIN customers AS k ON c.customer_key = k.customer_key
LEFT JOIN earlier_channels AS e ON c.contact_id = e.to_contact_id
