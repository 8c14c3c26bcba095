-- Contacts of known customers whose window has elapsed, also where nobody can tell who came back, once per dimension, reduced to numbers.
SELECT
    c.contact_date AS day,
    v.value_number,
    c.customer,
    c.recontacted_48h,
    c.recontacted_72h,
    c.recontacted_7d,
    c.recontacted_14d,
    c.recontact_open_7d,
    c.recontact_open_14d
FROM int_contact_dimensions AS c
INNER JOIN int_contact_values AS v ON c.dimension = v.dimension AND c.dimension_value = v.dimension_value
WHERE
    c.customer IS NOT NULL
    AND (
        c.recontacted_48h IS NOT NULL
        OR c.recontacted_72h IS NOT NULL
        OR c.recontacted_7d IS NOT NULL
        OR c.recontacted_14d IS NOT NULL
        OR c.recontact_open_7d = 1
        OR c.recontact_open_14d = 1
    )
    AND c.dimension NOT IN ('owner', 'criterion')
