-- Mean sentiment of the contacts that have one.
SELECT
    cell,
    CAST(sentiment_sum AS DOUBLE) / nullif(sentiment_known, 0) AS value,
    sentiment_sum AS numerator,
    sentiment_known AS denominator,
    sentiment_known AS n,
    sentiment_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
