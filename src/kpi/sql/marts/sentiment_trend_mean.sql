-- Mean change of sentiment from the start to the end of a contact, over contacts long enough to have one.
SELECT
    cell,
    CAST(sentiment_trend_sum AS DOUBLE) / nullif(sentiment_trend_known, 0) AS value,
    sentiment_trend_sum AS numerator,
    sentiment_trend_known AS denominator,
    sentiment_trend_known AS n,
    sentiment_trend_squares AS sum_of_squares
FROM int_contact_periods
ORDER BY cell
