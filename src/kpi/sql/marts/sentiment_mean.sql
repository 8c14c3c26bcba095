-- Mean sentiment of the contacts that have one.
SELECT
    c.cell,
    CAST(c.sentiment_sum AS DOUBLE) / nullif(c.sentiment_known, 0) AS value,
    c.sentiment_sum AS numerator,
    c.sentiment_known AS denominator,
    c.sentiment_known AS n,
    c.sentiment_squares AS sum_of_squares,
    p.sentiment_customers AS customers,
    p.sentiment_pair_products AS pair_products
FROM int_contact_periods AS c
INNER JOIN int_contact_pairs AS p ON c.cell = p.cell
ORDER BY c.cell
