-- One row per episode, filed under the dimensions of its first contact. Episodes and customers get numbers, as in int_contacts.
WITH customers AS (
    SELECT customer_key, CAST(row_number() OVER (ORDER BY customer_key) AS INT) AS customer
    FROM stg_episodes
    WHERE customer_key IS NOT NULL
    GROUP BY customer_key
),

first_contacts AS (
    SELECT
        contact_id,
        min(reason) AS reason,
        min(reason_l1) AS reason_l1,
        min(channel) AS channel,
        min(product) AS product,
        min(team) AS team,
        min(site) AS site,
        min(language) AS language
    FROM stg_contacts
    GROUP BY contact_id
)

SELECT
    CAST(row_number() OVER () AS INT) AS unit,
    k.customer,
    e.started_date,
    e.is_known,
    -- 1 or 0; null while it cannot be known.
    CASE WHEN e.is_known THEN CAST(e.contacts_7d = 1 AS TINYINT) END AS single_contact,
    e.cost_low_eur,
    e.cost_mid_eur,
    e.cost_high_eur,
    coalesce(e.reason_id, c.reason, '(unknown)') AS reason,
    coalesce(c.reason_l1, '(unknown)') AS reason_l1,
    coalesce(c.channel, '(unknown)') AS channel,
    coalesce(c.product, '(unknown)') AS product,
    coalesce(c.team, '(unknown)') AS team,
    coalesce(c.site, '(unknown)') AS site,
    coalesce(c.language, '(unknown)') AS language
FROM stg_episodes AS e
LEFT JOIN customers AS k ON e.customer_key = k.customer_key
LEFT JOIN first_contacts AS c ON e.first_contact_id = c.contact_id
