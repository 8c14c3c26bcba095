-- Mean change of sentiment from the start to the end of a contact, over contacts long enough to have one.
SELECT
    c.cell,
    CAST(c.sentiment_trend_sum AS DOUBLE) / nullif(c.sentiment_trend_known, 0) AS value,
    c.sentiment_trend_sum AS numerator,
    c.sentiment_trend_known AS denominator,
    c.sentiment_trend_known AS n,
    c.sentiment_trend_squares AS sum_of_squares,
    p.sentiment_trend_customers AS customers,
    p.sentiment_trend_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
