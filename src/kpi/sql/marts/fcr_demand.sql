-- Issues without a second contact within 7 days of the closing of the first, among those for which that is known.
SELECT
    cell,
    CAST(single_contact AS DOUBLE) / nullif(elapsed, 0) AS value,
    single_contact AS numerator,
    elapsed AS denominator,
    elapsed AS n
FROM int_episode_periods
ORDER BY cell
