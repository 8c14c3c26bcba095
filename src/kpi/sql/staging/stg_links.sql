-- One row per later contact that is linked to an earlier one, with the earliest of its earlier contacts by name, should
-- there be several.
SELECT
    to_contact_id,
    min(from_contact_id) AS from_contact_id
FROM links
GROUP BY to_contact_id
