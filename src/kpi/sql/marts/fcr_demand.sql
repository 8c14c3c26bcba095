-- Issues settled in a single contact, among issues of known customers whose first contact closed at least 7 days ago.
SELECT
    cell,
    CAST(single_contact AS DOUBLE) / nullif(elapsed, 0) AS value,
    single_contact AS numerator,
    elapsed AS denominator,
    elapsed AS n
FROM int_episode_periods
ORDER BY cell
