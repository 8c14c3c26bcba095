-- Share of promoters minus share of detractors, times 100.
SELECT
    c.cell,
    100.0 * CAST(c.nps_promoters - c.nps_detractors AS DOUBLE) / nullif(c.nps_known, 0) AS value,
    100 * (c.nps_promoters - c.nps_detractors) AS numerator,
    c.nps_known AS denominator,
    c.nps_known AS n,
    c.nps_promoters AS positives,
    c.nps_detractors AS negatives,
    p.nps_vote_customers AS customers,
    p.nps_vote_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
