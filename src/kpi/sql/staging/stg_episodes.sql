-- One row per episode, plain types.
SELECT
    episode_id,
    CAST(reason_id AS VARCHAR) AS reason_id,
    first_contact_id,
    contacts,
    started_date,
    is_elapsed_7d,
    cost_low_eur,
    cost_mid_eur,
    cost_high_eur
FROM episodes
