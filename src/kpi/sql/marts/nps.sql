-- Share of promoters minus share of detractors, times 100: the mean of +100, 0 and -100.
SELECT
    cell,
    100.0 * CAST(nps_promoters - nps_detractors AS DOUBLE) / nullif(nps_known, 0) AS value,
    100 * (nps_promoters - nps_detractors) AS numerator,
    nps_known AS denominator,
    nps_known AS n,
    10000 * (nps_promoters + nps_detractors) AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
