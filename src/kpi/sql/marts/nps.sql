-- Share of promoters minus share of detractors, times 100.
SELECT
    cell,
    100.0 * CAST(nps_promoters - nps_detractors AS DOUBLE) / nullif(nps_known, 0) AS value,
    100 * (nps_promoters - nps_detractors) AS numerator,
    nps_known AS denominator,
    nps_known AS n,
    nps_promoters AS positives,
    nps_detractors AS negatives
FROM int_contact_periods
ORDER BY cell
