-- Each counted contact once per dimension. Owner and criterion hold the contacts with a verdict alone: the others have
-- no cause to be filed under.
SELECT 'all' AS dimension, 'all' AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'reason' AS dimension, c.reason AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'reason_l1' AS dimension, c.reason_l1 AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'channel' AS dimension, c.channel AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'product' AS dimension, c.product AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'team' AS dimension, c.team AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'site' AS dimension, c.site AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'language' AS dimension, c.language AS dimension_value, c.* FROM int_contacts AS c
UNION ALL
SELECT 'owner' AS dimension, c.owner AS dimension_value, c.* FROM int_contacts AS c WHERE c.criterion IS NOT NULL
UNION ALL
SELECT 'criterion' AS dimension, c.criterion AS dimension_value, c.* FROM int_contacts AS c WHERE c.criterion IS NOT NULL
