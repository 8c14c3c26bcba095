-- Each episode once per dimension.
SELECT 'all' AS dimension, 'all' AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'reason' AS dimension, e.reason AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'reason_l1' AS dimension, e.reason_l1 AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'channel' AS dimension, e.channel AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'product' AS dimension, e.product AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'team' AS dimension, e.team AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'site' AS dimension, e.site AS dimension_value, e.* FROM int_episodes AS e
UNION ALL
SELECT 'language' AS dimension, e.language AS dimension_value, e.* FROM int_episodes AS e
