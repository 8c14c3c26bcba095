-- One row per episode, plain types. `is_known`: what became of the issue can be known. Without a customer, or beside a
-- contact without words, nobody can be seen coming back, and counting such issues as settled would flatter the resolution.
SELECT
    episode_id,
    CAST(reason_id AS VARCHAR) AS reason_id,
    first_contact_id,
    contacts,
    started_date,
    -- Tables of older runs lack the first of these.
    coalesce(is_resolution_known, is_elapsed_7d AND customer_key IS NOT NULL) AS is_known,
    cost_low_eur,
    cost_mid_eur,
    cost_high_eur
FROM episodes
