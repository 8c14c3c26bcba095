-- Ready-made DuckDB views over the tables of `motif run`.
-- Vues DuckDB prêtes à l'emploi sur les tables de `motif run`.
--
-- Run from the folder that holds the output folder `motif-output`:
--     duckdb -init examples/queries.sql
-- or, for another folder, replace `motif-output` below:
--     sed 's#motif-output#my-folder#' examples/queries.sql > my-queries.sql
--
-- Rates count inbound contacts by customers only (`is_counted`). Unknown is null and stays out of numerator and denominator.

-- 1. Avoidable causes, dearest first, with a range in euros and the department that can remove the cause.
--    Causes évitables, de la plus chère à la moins chère, avec leur fourchette en euros et le service responsable.
CREATE OR REPLACE VIEW avoidable_causes AS
SELECT
    reason_id,
    criterion_id,
    owner,
    count(*) AS contacts,
    count(DISTINCT customer_key) AS customers,
    sum(cost_low_eur) AS cost_low_eur,
    sum(cost_mid_eur) AS cost_mid_eur,
    sum(cost_high_eur) AS cost_high_eur,
    avg(sentiment_score) AS mean_sentiment
FROM read_parquet('motif-output/contacts/*/*.parquet', hive_partitioning = true)
WHERE is_counted AND is_avoidable
GROUP BY ALL
ORDER BY cost_mid_eur DESC, reason_id, criterion_id;

-- 2. Share of contacts after which the customer came back about the same issue within 7 days, by reason of the contact before,
--    with its 95 % interval (whole period); ordered by the low end of the interval.
--    Part des contacts suivis d'un retour du client pour le même sujet sous 7 jours, par motif du premier contact, avec son
--    intervalle à 95 % (toute la période) ; triée par la borne basse.
CREATE OR REPLACE VIEW repeat_rate_by_reason AS
SELECT
    dimension_value AS reason_id,
    value AS repeat_rate,
    lo,
    hi,
    numerator::BIGINT AS came_back,
    denominator::BIGINT AS contacts
FROM read_parquet('motif-output/kpi/*.parquet')
WHERE kpi = 'repeat_rate_contact_7d' AND period_grain = 'all' AND dimension = 'reason'
ORDER BY lo DESC NULLS LAST, contacts DESC, reason_id;

-- 3. Questions to answer in the FAQ, dearest first, with up to three redacted verbatims.
--    Questions à traiter dans la FAQ, de la plus chère à la moins chère, avec jusqu'à trois verbatims caviardés.
CREATE OR REPLACE VIEW faq_candidates AS
SELECT faq_id, reason_id, language, contacts, customers, avoidable_share, info_not_found_share, cost_mid_eur,
    article_id, article_share, question, verbatims
FROM read_parquet('motif-output/faq_gaps/*.parquet')
ORDER BY cost_mid_eur DESC, faq_id;

-- 4. Volume, avoidable rate, repeats and cost by month and channel.
--    Volume, taux d'évitables, réitérations et coût par mois et par canal.
CREATE OR REPLACE VIEW monthly_by_channel AS
SELECT
    contact_month,
    channel,
    count(*) AS contacts,
    avg(is_avoidable::INT) AS avoidable_rate,
    avg(is_avoidable_lenient::INT) AS avoidable_rate_lenient,
    count(*) FILTER (is_repeat_7d) AS repeats_7d,
    avg(sentiment_score) AS mean_sentiment,
    sum(cost_mid_eur) AS cost_mid_eur
FROM read_parquet('motif-output/contacts/*/*.parquet', hive_partitioning = true)
WHERE is_counted
GROUP BY ALL
ORDER BY contact_month, channel;

-- 5. The words behind each verdict: contact, criterion and the customer's redacted words.
--    Les mots derrière chaque verdict : contact, critère et paroles caviardées du client.
--    Offsets count Unicode characters from 0; substring counts from 1.
CREATE OR REPLACE VIEW evidence AS
SELECT
    c.contact_id,
    c.started_at,
    c.reason_id,
    s.kind,
    s.ref_id,
    s.score,
    substring(t.text, s.start_char + 1, s.end_char - s.start_char) AS words
FROM read_parquet('motif-output/spans/*.parquet') AS s
JOIN read_parquet('motif-output/turns/*.parquet') AS t USING (contact_id, turn_index)
JOIN read_parquet('motif-output/contacts/*/*.parquet', hive_partitioning = true) AS c USING (contact_id)
WHERE c.is_counted
  AND (s.kind <> 'avoidable' OR s.ref_id = c.criterion_id)
ORDER BY c.started_at, c.contact_id, s.turn_index, s.start_char;

-- 6. Articles of the company that do not keep customers from making contact, dearest first; with [faq] articles only.
--    Articles de l'entreprise qui n'évitent pas le contact, du plus coûteux au moins coûteux ; avec [faq] articles seulement.
CREATE OR REPLACE VIEW failing_articles AS
SELECT article_id, title, contacts, customers, info_not_found_share, repeat_share, cost_mid_eur, similarity_mean, question
FROM read_parquet('motif-output/faq_articles/*.parquet')
WHERE contacts > 0
ORDER BY cost_mid_eur DESC NULLS LAST, contacts DESC, article_id;
