-- Issues without a second contact within 7 days of the closing of the first, among those for which that is known.
SELECT
    e.cell,
    CAST(e.single_contact AS DOUBLE) / nullif(e.elapsed, 0) AS value,
    e.single_contact AS numerator,
    e.elapsed AS denominator,
    e.elapsed AS n,
    p.single_contact_customers AS customers,
    p.single_contact_pair_products AS pair_products
FROM int_episode_periods AS e
INNER JOIN int_episode_pairs AS p ON e.cell = p.cell
ORDER BY e.cell
