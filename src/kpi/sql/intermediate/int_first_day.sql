-- One row: the first day of the data, which starts the period 'all'.
SELECT min(contact_date) AS first_day
FROM stg_contacts
