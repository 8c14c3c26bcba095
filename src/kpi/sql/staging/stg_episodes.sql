-- One row per episode, plain types. `is_known`: what became of the issue can be known. Without a customer, or beside a
-- contact without words, nobody can be seen coming back, and counting such issues as settled would flatter the resolution.
SELECT
    episode_id,
    customer_key,
    CAST(reason_id AS VARCHAR) AS reason_id,
    first_contact_id,
    contacts,
    -- Tables of older runs lack these: whether an issue had a second contact is then told of all time.
    coalesce(contacts_7d, contacts) AS contacts_7d,
    started_date,
    -- Tables of older runs lack the first of these.
    coalesce(is_resolution_known, is_elapsed_7d AND customer_key IS NOT NULL) AS is_known,
    CASE WHEN contacts_7d IS NULL THEN cost_low_eur ELSE cost_low_7d_eur END AS cost_low_eur,
    CASE WHEN contacts_7d IS NULL THEN cost_mid_eur ELSE cost_mid_7d_eur END AS cost_mid_eur,
    CASE WHEN contacts_7d IS NULL THEN cost_high_eur ELSE cost_high_7d_eur END AS cost_high_eur
FROM episodes
