-- One row per episode, filed under the dimensions of its first contact.
WITH first_contacts AS (
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
    e.started_date,
    e.contacts_7d,
    e.is_known,
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
LEFT JOIN first_contacts AS c ON e.first_contact_id = c.contact_id
