//! Every column of every table, declared once: name, type, unit, whether it may be null, and meaning in English and in
//! French.
//!
//! The Arrow schemas, `motif schema` and the documentation come from here, so they cannot disagree.

mod faq;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde::Serialize;

pub use faq::{FAQ_ARTICLES, FAQ_GAPS};

/// Type of a column, as users see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// UTF-8 text or identifier.
    Text,
    /// One of a few strings, dictionary-encoded.
    Enum,
    /// True or false.
    Boolean,
    /// 32-bit integer.
    Int,
    /// 64-bit integer.
    Long,
    /// 64-bit floating point number.
    Double,
    /// 32-bit floating point number.
    Float,
    /// TIMESTAMP(µs, UTC).
    Timestamp,
    /// DATE in the configured time zone.
    Date,
    /// DECIMAL(12,4), euros.
    Eur,
    /// List of texts.
    TextList,
}

impl ColumnType {
    /// The Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Enum => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Float => DataType::Float32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
            Self::Eur => DataType::Decimal128(12, 4),
            Self::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }
}

/// One column.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Column {
    /// Name: snake_case, with the unit as suffix.
    pub name: &'static str,
    /// Type.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether it may be null (unknown).
    pub nullable: bool,
    /// Meaning in English, with range and unit.
    pub meaning: &'static str,
    /// The same in French.
    pub meaning_fr: &'static str,
}

/// One table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Table {
    /// Folder under the output directory.
    pub name: &'static str,
    /// What one row is, and the order of the rows, in English.
    pub row: &'static str,
    /// The same in French.
    pub row_fr: &'static str,
    /// Columns, in order.
    pub columns: &'static [Column],
}

impl Table {
    /// The Arrow schema, without key-value metadata.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(column.name, column.column_type.arrow(), column.nullable))
            .collect();
        Arc::new(Schema::new(fields))
    }
}

const fn must(name: &'static str, column_type: ColumnType, meaning: &'static str, meaning_fr: &'static str) -> Column {
    Column { name, column_type, nullable: false, meaning, meaning_fr }
}

const fn may(name: &'static str, column_type: ColumnType, meaning: &'static str, meaning_fr: &'static str) -> Column {
    Column { name, column_type, nullable: true, meaning, meaning_fr }
}

use ColumnType::{Boolean, Date, Double, Enum, Eur, Float, Int, Long, Text, TextList, Timestamp};

/// One row per contact.
pub const CONTACTS: Table = Table {
    name: "contacts",
    row: "one contact (also automatic replies, bounces, duplicates and outbound contacts, which no rate counts); Hive partition contact_month=YYYY-MM (month of contact_date); ordered by customer_key (unknown first), started_at, contact_id inside a month",
    row_fr: "un contact (y compris réponses automatiques, échecs de remise, doublons et contacts sortants, qu'aucun taux ne compte) ; partition Hive contact_month=AAAA-MM (mois de contact_date) ; dans un mois, tri par customer_key (inconnus d'abord), started_at, contact_id",
    columns: &[
        must(
            "contact_id",
            Text,
            "identifier of the contact: from the source (Message-ID for e-mail), else the file's name for a transcript, else auto- and a hash of the content; with @YYYY-MM behind it where a later run gave its identifier to another customer's contact of another month; unique among the rows whose record_kind is not duplicate",
            "identifiant du contact : celui de la source (Message-ID pour un e-mail), à défaut le nom du fichier pour une transcription, à défaut auto- suivi d'une empreinte du contenu ; suivi de @AAAA-MM si un traitement ultérieur a donné son identifiant au contact d'un autre client, dans un autre mois ; unique parmi les lignes dont record_kind n'est pas duplicate",
        ),
        may(
            "customer_key",
            Text,
            "pseudonym of the customer: HMAC-SHA256 of the customer identifier, first 16 bytes in hexadecimal; null when the source does not tell who it was",
            "pseudonyme du client : HMAC-SHA256 de l'identifiant client, 16 premiers octets en hexadécimal ; null si la source ne dit pas de qui il s'agit",
        ),
        may(
            "channel",
            Enum,
            "phone, email, chat, sms, social, web_form or bot",
            "canal : phone (téléphone), email, chat, sms, social (réseaux sociaux), web_form (formulaire) ou bot",
        ),
        must(
            "direction",
            Enum,
            "inbound (by the customer) or outbound (by the company); inbound when the source does not tell (for e-mail: when input.company_addresses does not name the sender)",
            "sens : inbound (entrant, du client) ou outbound (sortant, de l'entreprise) ; inbound si la source ne le dit pas (e-mail : si input.company_addresses ne nomme pas l'expéditeur)",
        ),
        must(
            "record_kind",
            Enum,
            "contact, auto_reply, bounce or duplicate",
            "contact, auto_reply (réponse automatique), bounce (échec de remise) ou duplicate (doublon)",
        ),
        must(
            "is_counted",
            Boolean,
            "whether the row enters rates: an inbound contact by a customer",
            "vrai si la ligne entre dans les taux : contact entrant d'un client",
        ),
        may(
            "language",
            Enum,
            "ISO 639-1 code: the source's value, else told from the customer's words, else from the subject, else from all turns; null when none of them tells",
            "code ISO 639-1 : valeur de la source, à défaut langue reconnue dans les mots du client, à défaut dans l'objet, à défaut dans tous les tours ; null si rien ne permet de la reconnaître",
        ),
        must("started_at", Timestamp, "start, UTC", "début, UTC"),
        must(
            "ended_at",
            Timestamp,
            "closing, UTC; without a closing time in the source, the last turn that has a time: its end, else its start; else, or when that lies more than a year after the start, the start of the contact",
            "clôture, UTC ; sans heure de clôture dans la source, dernier tour de parole daté : sa fin, à défaut son début ; à défaut, ou si celui-ci est à plus d'un an du début, début du contact",
        ),
        must(
            "is_ended_at_derived",
            Boolean,
            "whether ended_at was derived because the source has none",
            "vrai si ended_at a été déduit, faute de valeur dans la source",
        ),
        must(
            "contact_date",
            Date,
            "day of started_at in the configured time zone",
            "jour de started_at dans le fuseau horaire configuré",
        ),
        may("subject", Text, "subject line, redacted", "objet du message, données personnelles masquées"),
        may(
            "message_id",
            Text,
            "Message-ID of an e-mail, without angle brackets",
            "Message-ID d'un e-mail, sans chevrons",
        ),
        must(
            "thread_references",
            TextList,
            "In-Reply-To and References of an e-mail, nearest first",
            "In-Reply-To et References d'un e-mail, du plus proche au plus lointain",
        ),
        may("team", Enum, "team, as in the source", "équipe, telle que dans la source"),
        may(
            "agent_id",
            Text,
            "agent, as in the source; never a dimension of avoidability",
            "conseiller, tel que dans la source ; l'évitabilité n'est jamais ventilée par conseiller",
        ),
        may("site", Enum, "site, as in the source", "site, tel que dans la source"),
        may("campaign", Enum, "campaign, as in the source", "campagne, telle que dans la source"),
        may("queue", Enum, "queue, as in the source", "file d'attente, telle que dans la source"),
        may("level", Int, "support level that answered: 1, 2 or 3", "niveau de support qui a répondu : 1, 2 ou 3"),
        may("segment", Enum, "customer segment, as in the source", "segment de clientèle, tel que dans la source"),
        may(
            "product",
            Enum,
            "product or line of business, as in the source",
            "produit ou ligne d'activité, tels que dans la source",
        ),
        may(
            "agent_reason",
            Text,
            "reason coded by the agent, redacted",
            "motif saisi par le conseiller, données personnelles masquées",
        ),
        may("wait_s", Double, "seconds waited before the answer", "attente avant la réponse, en secondes"),
        may("talk_s", Double, "seconds of conversation", "durée de conversation, en secondes"),
        may("hold_s", Double, "seconds on hold", "durée de mise en attente, en secondes"),
        may("acw_s", Double, "seconds of after-call work", "temps de post-traitement (ACW), en secondes"),
        may(
            "handle_time_s",
            Double,
            "talk_s + hold_s + acw_s; null when talk_s is unknown, unknown hold or after-call work counts as 0",
            "durée de traitement (sa moyenne est la DMT), en secondes : talk_s + hold_s + acw_s ; null si talk_s est inconnu, hold_s et acw_s inconnus comptent pour 0",
        ),
        may(
            "silence_s",
            Double,
            "seconds in which nobody spoke: as the source states it, else the pauses of 3 s or more between the turns of a call",
            "secondes où personne ne parle : valeur de la source, à défaut pauses de 3 s ou plus entre les tours de parole d'un appel",
        ),
        may(
            "interruptions",
            Int,
            "turns that began while the other party was still speaking: as the source states it, else those that overlap by 0.5 s or more",
            "tours commencés alors que l'autre partie parlait encore : valeur de la source, à défaut ceux qui se chevauchent de 0,5 s ou plus",
        ),
        may(
            "agent_talk_share",
            Double,
            "share of the speaking time of agent and customer that was the agent's, 0 to 1",
            "part du conseiller dans le temps de parole du conseiller et du client, de 0 à 1",
        ),
        may(
            "is_abandoned",
            Boolean,
            "the customer left before the answer",
            "le client est parti avant la réponse (abandon)",
        ),
        may("is_transferred", Boolean, "the contact was transferred", "le contact a été transféré"),
        may("transferred_to", Enum, "where it was transferred to", "destination du transfert"),
        may(
            "transfer_type",
            Enum,
            "level_up, other_service, wrong_routing or callback",
            "level_up (escalade au niveau supérieur), other_service (autre service), wrong_routing (erreur d'aiguillage) ou callback (rappel)",
        ),
        may(
            "csat",
            Double,
            "satisfaction answer on the configured scale (default 1 to 5)",
            "réponse de satisfaction (CSAT), sur l'échelle configurée (1 à 5 par défaut)",
        ),
        may(
            "nps",
            Double,
            "recommendation answer (default 0 to 10)",
            "réponse de recommandation (NPS), 0 à 10 par défaut",
        ),
        may(
            "ces",
            Double,
            "effort answer on the configured scale (default 1 to 7, 7 = very easy)",
            "réponse d'effort (CES), sur l'échelle configurée (1 à 7 par défaut, 7 = très facile)",
        ),
        must("turns", Int, "number of turns", "nombre de tours de parole"),
        may(
            "speaker_confidence",
            Double,
            "how sure it is who speaks, 0 to 1; null when the source states the roles, or when the contact is one text, taken for that of the party who started it; 0 when nothing allows to tell",
            "confiance dans l'identification de qui parle, de 0 à 1 ; null si la source indique les rôles, ou si le contact est un seul texte, attribué à la partie qui l'a engagé ; 0 si rien ne permet de trancher",
        ),
        must("customer_turns", Int, "number of the customer's turns", "nombre de tours de parole du client"),
        must(
            "customer_chars",
            Long,
            "characters of the customer's redacted words",
            "nombre de caractères des mots du client, données personnelles masquées",
        ),
        may(
            "reason_id",
            Enum,
            "primary contact reason (leaf of the taxonomy), other or unclear; null when the row is not counted",
            "motif de contact principal (feuille de la taxonomie), other (autre) ou unclear (non identifiable) ; null si la ligne n'est pas comptée",
        ),
        may("reason_l1", Enum, "first level of the primary reason", "premier niveau du motif principal"),
        may(
            "reason_score",
            Double,
            "probability of the primary reason among the reasons of the taxonomy, 0 to 1, fitted on development contacts; of the nearest reason when it is other or unclear",
            "probabilité du motif principal parmi les motifs de la taxonomie, de 0 à 1, ajustée sur des contacts de développement ; celle du motif le plus proche quand le motif est other ou unclear",
        ),
        may(
            "reason_2_id",
            Enum,
            "second contact reason, when there is one",
            "deuxième motif de contact, s'il y en a un",
        ),
        may(
            "reason_2_score",
            Double,
            "its probability, 0 to 1, on the same scale as reason_score",
            "sa probabilité, de 0 à 1, sur la même échelle que reason_score",
        ),
        may(
            "reason_3_id",
            Enum,
            "third contact reason, when there is one",
            "troisième motif de contact, s'il y en a un",
        ),
        may(
            "reason_3_score",
            Double,
            "its probability, 0 to 1, on the same scale as reason_score",
            "sa probabilité, de 0 à 1, sur la même échelle que reason_score",
        ),
        may(
            "is_self_service_eligible",
            Boolean,
            "whether the taxonomy says that self-service can answer the primary reason; null for other and unclear",
            "vrai si, d'après la taxonomie, le libre-service peut répondre au motif principal ; null pour other et unclear",
        ),
        may(
            "is_avoidable",
            Boolean,
            "a strict criterion has evidence in the customer's words; null when the row is not counted or has no customer words",
            "contact évitable : un critère strict est prouvé par les mots du client ; null si la ligne n'est pas comptée ou ne contient aucun mot du client",
        ),
        may(
            "is_avoidable_lenient",
            Boolean,
            "a strict or lenient criterion has evidence; true whenever is_avoidable is, null as is_avoidable",
            "un critère strict ou large est prouvé ; vrai chaque fois que is_avoidable l'est, null comme is_avoidable",
        ),
        may(
            "avoidable_probability",
            Double,
            "calibrated probability that a strict criterion applies, 0 to 1; null as is_avoidable",
            "probabilité calibrée qu'un critère strict s'applique, de 0 à 1 ; null comme is_avoidable",
        ),
        may(
            "criterion_id",
            Enum,
            "criterion of the verdict; null without evidence",
            "critère du verdict ; null sans preuve",
        ),
        may(
            "owner",
            Enum,
            "department that can remove the cause; null without a verdict, and where the criterion leaves it to the reason and that is other or unclear",
            "service qui peut supprimer la cause ; null sans verdict, et quand le critère s'en remet au motif et que celui-ci est other ou unclear",
        ),
        may(
            "sentiment_score",
            Double,
            "customer sentiment, −100 to 100: 100·tanh(0.75·Σ of signed turns weighted by position); null when the row is not counted or no customer turn has a sentiment",
            "sentiment du client, de −100 à 100 : 100·tanh(0,75·Σ des tours signés, pondérés par leur position) ; null si la ligne n'est pas comptée ou si aucun tour du client n'a de sentiment",
        ),
        may(
            "sentiment_label",
            Enum,
            "negative (sentiment_score of −20 or below), neutral or positive (20 or above); null as sentiment_score",
            "negative (négatif : sentiment_score de −20 ou moins), neutral (neutre) ou positive (positif : 20 ou plus) ; null comme sentiment_score",
        ),
        may(
            "sentiment_trend",
            Double,
            "(mean of the last third − mean of the first third)/2 of the customer's turns, −100 to 100: each counts −100, 0 or 100 by its most probable sentiment, not turns.sentiment_score; null as sentiment_score and below six customer turns with a sentiment",
            "(moyenne du dernier tiers − moyenne du premier tiers)/2 des tours du client, de −100 à 100 : chacun compte −100, 0 ou 100 selon son sentiment le plus probable, et non turns.sentiment_score ; null comme sentiment_score et en dessous de six tours du client qui ont un sentiment",
        ),
        may(
            "sentiment_trend_label",
            Enum,
            "improving (sentiment_trend above 55), slightly_improving (above 20), no_change (−20 to 20), slightly_declining (below −20) or declining (below −55); null as sentiment_trend",
            "improving (s'améliore : sentiment_trend de plus de 55), slightly_improving (s'améliore un peu : plus de 20), no_change (stable : de −20 à 20), slightly_declining (se dégrade un peu : moins de −20) ou declining (se dégrade : moins de −55) ; null comme sentiment_trend",
        ),
        may(
            "emotion_label",
            Enum,
            "satisfaction, dissatisfaction, frustration, confusion or none: the strongest emotion but none by the mean over the customer's turns, none below the threshold; null when the row is not counted, the model has no emotion head or the customer says nothing",
            "satisfaction, dissatisfaction (insatisfaction), frustration (agacement), confusion (incompréhension) ou none (aucune) : l'émotion la plus forte hors none, en moyenne sur les tours du client, none sous le seuil ; null si la ligne n'est pas comptée, si le modèle n'a pas de tête d'émotion ou si le client ne dit rien",
        ),
        may(
            "emotion_score",
            Double,
            "mean probability of the strongest emotion but none over the customer's turns, 0 to 1; null as emotion_label",
            "probabilité moyenne de l'émotion la plus forte hors none sur les tours du client, de 0 à 1 ; null comme emotion_label",
        ),
        may(
            "repeat_of_contact_id",
            Text,
            "the latest earlier contact of the same customer about the same issue, whose closing lies at most repeat.max_gap_days (30 by default) before the start of this contact; null without one",
            "dernier contact antérieur du même client sur le même sujet, clos au plus repeat.max_gap_days jours (30 par défaut) avant le début du présent contact ; null s'il n'y en a pas",
        ),
        may(
            "is_repeat_48h",
            Boolean,
            "comes back within 48 hours of the latest closing among the earlier contacts of the same episode; null while unknown: the row is not counted or has no customer, or no earlier contact about the same issue is found within the window, and either the contact has neither customer words nor a subject line, the loaded history (of all customers) before it is shorter than the window, or an earlier contact of another of the customer's episodes, in the window, has no such words",
            "contact réitéré : revient dans les 48 heures après la clôture la plus tardive des contacts antérieurs du même épisode ; null tant que la réponse est inconnue : ligne non comptée ou sans client, ou aucun contact antérieur sur le même sujet trouvé dans le délai, alors que le contact n'a ni mots du client ni objet, que l'historique chargé (de tous les clients) avant lui est plus court que le délai ou qu'un contact antérieur d'un autre épisode du client, dans le délai, n'a pas de tels mots",
        ),
        may("is_repeat_72h", Boolean, "the same within 72 hours", "idem dans les 72 heures"),
        may(
            "is_repeat_7d",
            Boolean,
            "the same within 7 days; null while unknown",
            "idem dans les 7 jours ; null tant que la réponse est inconnue",
        ),
        may("is_repeat_14d", Boolean, "the same within 14 days", "idem dans les 14 jours"),
        may(
            "is_recontacted_48h",
            Boolean,
            "the next contact of the same episode began within 48 hours of this contact's closing; null until the window has elapsed, when the row is not counted or has no customer, where this contact has neither customer words nor a subject line, and where a later contact of another of the customer's episodes, in the window, has none, whether or not the customer came back. The repeat rates use this column",
            "le contact suivant du même épisode a commencé dans les 48 heures après la clôture du présent contact ; null tant que le délai n'est pas écoulé, si la ligne n'est pas comptée ou n'a pas de client, si le présent contact n'a ni mots du client ni objet, et si un contact ultérieur d'un autre épisode du client, dans le délai, n'en a pas, que le client ait réitéré ou non. Les taux de réitération utilisent cette colonne",
        ),
        may("is_recontacted_72h", Boolean, "the same within 72 hours", "idem dans les 72 heures"),
        may("is_recontacted_7d", Boolean, "the same within 7 days", "idem dans les 7 jours"),
        may("is_recontacted_14d", Boolean, "the same within 14 days", "idem dans les 14 jours"),
        may(
            "is_recontact_open_7d",
            Boolean,
            "the window of 7 days has elapsed, and this contact has no words, or a later contact in it that could not be compared, as for is_recontacted_48h, so that nobody can tell whether the customer came back about the same issue; null when the row is not counted or has no customer",
            "le délai de 7 jours est écoulé, et le présent contact n'a pas de mots, ou un contact ultérieur du délai est impossible à comparer, comme pour is_recontacted_48h : nul ne peut dire si le client a réitéré sur le même sujet ; null si la ligne n'est pas comptée ou n'a pas de client",
        ),
        may("is_recontact_open_14d", Boolean, "the same within 14 days", "idem dans les 14 jours"),
        may(
            "episode_id",
            Text,
            "the issue that the contact belongs to (table episodes); null when the row is not counted",
            "demande à laquelle le contact appartient (table episodes) ; null si la ligne n'est pas comptée",
        ),
        may(
            "cost_low_eur",
            Eur,
            "cost of the contact, low end of its range ([cost], or the defaults); 0 when the contact was abandoned, since nobody handled it; null when the channel is unknown or the row is not counted",
            "coût du contact, bas de sa fourchette ([cost], ou les valeurs par défaut) ; 0 si le contact a été abandonné, nul ne l'ayant traité ; null si le canal est inconnu ou si la ligne n'est pas comptée",
        ),
        may("cost_mid_eur", Eur, "middle of the range", "milieu de la fourchette"),
        may("cost_high_eur", Eur, "high end of the range", "haut de la fourchette"),
        must(
            "flags",
            TextList,
            "stable codes of things worth knowing about the record, sorted",
            "codes stables de ce qu'il faut savoir sur l'enregistrement, triés",
        ),
        must(
            "source_file",
            Text,
            "name of the file that the record came from, without its folder",
            "nom du fichier d'où vient l'enregistrement, sans son dossier",
        ),
    ],
};

/// One row per turn.
pub const TURNS: Table = Table {
    name: "turns",
    row: "one turn of a contact (not repeated for duplicates); ordered as contacts, then by turn_index",
    row_fr: "un tour de parole d'un contact (non répété pour les doublons) ; tri comme contacts, puis par turn_index",
    columns: &[
        must("contact_id", Text, "contact", "identifiant du contact"),
        must("turn_index", Int, "0-based position in the contact", "rang dans le contact, à partir de 0"),
        must(
            "speaker",
            Enum,
            "customer, agent, bot, ivr or unknown",
            "customer (client), agent (conseiller), bot, ivr (serveur vocal) ou unknown (inconnu)",
        ),
        must("text", Text, "cleaned and redacted words", "mots nettoyés, données personnelles masquées"),
        may(
            "language",
            Enum,
            "ISO 639-1 code, when it differs from the contact's; null when it is the same, cannot be told, or the turn has fewer than 40 letters",
            "code ISO 639-1, s'il diffère de celui du contact ; null s'il est le même, ne peut pas être reconnu, ou si le tour a moins de 40 lettres",
        ),
        may(
            "start_s",
            Double,
            "start, seconds from the start of the contact",
            "début, en secondes depuis le début du contact",
        ),
        may(
            "end_s",
            Double,
            "end, seconds from the start of the contact",
            "fin, en secondes depuis le début du contact",
        ),
        may(
            "asr_confidence",
            Double,
            "how sure the speech recogniser is of the words, 0 to 1; null for written turns",
            "confiance de la reconnaissance vocale dans les mots, de 0 à 1 ; null pour les tours écrits",
        ),
        may(
            "sentiment_score",
            Double,
            "100·(p_positive − p_negative), −100 to 100; null for turns that are not the customer's (when the source names no speaker at all, every turn counts as the customer's), without words or beyond the analysed part (analysed_in_part in contacts.flags), in contacts that are not counted, and when no model gives a sentiment",
            "100·(p_positive − p_negative), de −100 à 100 ; null pour les tours qui ne sont pas du client (si la source ne nomme aucun locuteur, tous les tours comptent comme ceux du client), sans mots ou au-delà de la partie analysée (analysed_in_part dans contacts.flags), dans les contacts non comptés, et si aucun modèle ne donne de sentiment",
        ),
        may(
            "p_negative",
            Float,
            "probability of negative sentiment, 0 to 1; null as sentiment_score",
            "probabilité d'un sentiment négatif, de 0 à 1 ; null comme sentiment_score",
        ),
        may(
            "p_neutral",
            Float,
            "probability of neutral sentiment, 0 to 1; null as sentiment_score",
            "probabilité d'un sentiment neutre, de 0 à 1 ; null comme sentiment_score",
        ),
        may(
            "p_positive",
            Float,
            "probability of positive sentiment, 0 to 1; null as sentiment_score",
            "probabilité d'un sentiment positif, de 0 à 1 ; null comme sentiment_score",
        ),
        may(
            "emotion_label",
            Enum,
            "most probable of satisfaction, dissatisfaction, frustration, confusion and none; null when the model has no emotion head, for turns that are not the customer's, without words or beyond the analysed part, and in contacts that are not counted",
            "la plus probable parmi satisfaction, dissatisfaction (insatisfaction), frustration (agacement), confusion (incompréhension) et none (aucune) ; null si le modèle n'a pas de tête d'émotion, pour les tours qui ne sont pas du client, sans mots ou au-delà de la partie analysée, et dans les contacts non comptés",
        ),
        may(
            "p_satisfaction",
            Float,
            "probability of satisfaction, 0 to 1; the five add up to 1 with none; null as emotion_label",
            "probabilité de satisfaction, de 0 à 1 ; avec none, les cinq probabilités totalisent 1 ; null comme emotion_label",
        ),
        may(
            "p_dissatisfaction",
            Float,
            "probability of dissatisfaction, 0 to 1; null as emotion_label",
            "probabilité d'insatisfaction, de 0 à 1 ; null comme emotion_label",
        ),
        may(
            "p_frustration",
            Float,
            "probability of frustration or impatience, 0 to 1; null as emotion_label",
            "probabilité d'agacement ou d'impatience, de 0 à 1 ; null comme emotion_label",
        ),
        may(
            "p_confusion",
            Float,
            "probability of confusion, 0 to 1; null as emotion_label",
            "probabilité d'incompréhension, de 0 à 1 ; null comme emotion_label",
        ),
    ],
};

/// Evidence.
pub const SPANS: Table = Table {
    name: "spans",
    row: "one piece of evidence; ordered as turns, then by start_char, kind (reason, avoidable, repeat_marker), ref_id, end_char",
    row_fr: "un élément de preuve ; tri comme turns, puis par start_char, kind (reason, avoidable, repeat_marker), ref_id, end_char",
    columns: &[
        must("contact_id", Text, "contact", "identifiant du contact"),
        must(
            "turn_index",
            Int,
            "turn of the table turns; the customer's, but for reasons that the customer never named: then the agent's",
            "tour de la table turns ; celui du client, sauf pour un motif que le client n'a jamais nommé : alors celui du conseiller",
        ),
        must(
            "kind",
            Enum,
            "reason, avoidable or repeat_marker",
            "reason (motif), avoidable (évitabilité) ou repeat_marker (marqueur de réitération)",
        ),
        must(
            "ref_id",
            Text,
            "reason_id, criterion_id or marker that the words are evidence of",
            "reason_id, criterion_id ou marqueur dont ces mots sont la preuve",
        ),
        must(
            "start_char",
            Int,
            "first character (Unicode characters of the redacted turn)",
            "position du premier caractère (en caractères Unicode du tour, données personnelles masquées)",
        ),
        must("end_char", Int, "one past the last character", "position qui suit le dernier caractère"),
        must(
            "score",
            Double,
            "reason: the contact's probability of it, or how strongly these words speak for it where the subject line says it best; avoidable: probability of the criterion in these words; repeat_marker: 1; 0 to 1",
            "reason : probabilité du motif pour le contact, ou force avec laquelle ces mots l'appuient quand c'est l'objet du message qui le dit le mieux ; avoidable : probabilité du critère dans ces mots ; repeat_marker : 1 ; de 0 à 1",
        ),
    ],
};

/// Repeat links.
pub const LINKS: Table = Table {
    name: "links",
    row: "one pair of contacts of a customer about the same issue, the later with the nearest earlier that closed at most repeat.max_gap_days (30 by default) before it, in its own e-mail thread where there is one; ordered by customer_key, then by start and identifier of the later contact",
    row_fr: "une paire de contacts d'un client sur le même sujet, le plus récent avec le plus proche qui le précède, clos au plus repeat.max_gap_days jours (30 par défaut) avant lui, dans son propre fil d'e-mails s'il y en a un ; tri par customer_key, puis par début et identifiant du contact ultérieur",
    columns: &[
        must("from_contact_id", Text, "earlier contact", "contact antérieur"),
        must("to_contact_id", Text, "later contact", "contact ultérieur"),
        must("customer_key", Text, "customer", "pseudonyme du client"),
        must(
            "gap_s",
            Double,
            "seconds from the closing of the earlier contact to the start of the later; negative when they overlap",
            "secondes entre la clôture du contact antérieur et le début du contact ultérieur ; négatif quand ils se chevauchent",
        ),
        must(
            "probability",
            Double,
            "probability that both are about the same issue, 0 to 1: from the meaning of the customer's words, figures that both name, and words of the later contact that refer back; at least 0.95 in one e-mail thread",
            "probabilité que les deux portent sur le même sujet, de 0 à 1 : d'après le sens des mots du client, les chiffres que les deux citent et les mots du contact ultérieur qui renvoient à un contact passé ; au moins 0,95 dans un même fil d'e-mails",
        ),
        may(
            "similarity",
            Double,
            "cosine of the meaning of the customer's words, −1 to 1; null when one of the two has no words (links by thread only)",
            "similarité cosinus du sens des mots du client, de −1 à 1 ; null si l'un des deux n'a pas de mots (liens par fil seulement)",
        ),
        must(
            "link_type",
            Enum,
            "thread (an e-mail reply) or meaning",
            "thread (réponse à un e-mail) ou meaning (sens)",
        ),
    ],
};

/// Episodes.
pub const EPISODES: Table = Table {
    name: "episodes",
    row: "one issue of one customer: contacts chained by links, each over at most repeat.max_gap_days (30 by default); ordered by customer_key, started_at, episode_id",
    row_fr: "un épisode, c'est-à-dire une demande d'un client : contacts enchaînés par des liens (table links), chacun sur au plus repeat.max_gap_days jours (30 par défaut) ; tri par customer_key, started_at, episode_id",
    columns: &[
        must(
            "episode_id",
            Text,
            "identifier: that of the first contact with the prefix ep-",
            "identifiant : celui du premier contact, précédé de ep-",
        ),
        may("customer_key", Text, "customer", "pseudonyme du client"),
        may("reason_id", Enum, "reason of the first contact", "motif du premier contact"),
        must("first_contact_id", Text, "first contact", "premier contact"),
        must("last_contact_id", Text, "last contact", "dernier contact"),
        must("contacts", Int, "number of counted contacts", "nombre de contacts comptés"),
        must(
            "contacts_7d",
            Int,
            "of those, the contacts that began within 7 days of the closing of the first one, which is among them: 1 where it settled the issue",
            "parmi eux, ceux qui ont commencé dans les 7 jours après la clôture du premier, celui-ci compris : 1 si le premier a réglé la demande",
        ),
        must("channels", TextList, "distinct channels, sorted", "canaux distincts, triés"),
        must("started_at", Timestamp, "start of the first contact, UTC", "début du premier contact, UTC"),
        must("ended_at", Timestamp, "closing of the last contact, UTC", "clôture du dernier contact, UTC"),
        must(
            "started_date",
            Date,
            "day of started_at in the configured time zone",
            "jour de started_at dans le fuseau horaire configuré",
        ),
        must(
            "is_elapsed_7d",
            Boolean,
            "whether 7 days have passed since the closing of the first contact",
            "vrai si 7 jours se sont écoulés depuis la clôture du premier contact",
        ),
        must("is_elapsed_14d", Boolean, "whether 14 days have passed", "vrai si 14 jours se sont écoulés"),
        must(
            "is_resolution_known",
            Boolean,
            "whether it is known if the first contact settled the issue: the customer is known, the first contact was not abandoned and has customer words or a subject line, 7 days have passed, and no contact of another of the customer's episodes without such words lies within 7 days before or after it, whatever the number of contacts. First contact resolution counts these issues",
            "vrai si l'on sait si le premier contact a réglé la demande : client connu, premier contact non abandonné et portant des mots du client ou un objet, 7 jours écoulés et, dans les 7 jours avant ou après lui, aucun contact d'un autre épisode du client sans de tels mots, quel que soit le nombre de contacts. La résolution au premier contact (FCR) compte ces demandes",
        ),
        may(
            "cost_low_eur",
            Eur,
            "cost of all its contacts, low end; null unless each of them has a cost",
            "coût de tous ses contacts, bas de la fourchette ; null si l'un d'eux n'a pas de coût",
        ),
        may("cost_mid_eur", Eur, "middle", "milieu de la fourchette"),
        may("cost_high_eur", Eur, "high end", "haut de la fourchette"),
        may(
            "cost_low_7d_eur",
            Eur,
            "cost of the contacts of contacts_7d, low end; null unless each of them has a cost",
            "coût des contacts de contacts_7d, bas de la fourchette ; null si l'un d'eux n'a pas de coût",
        ),
        may("cost_mid_7d_eur", Eur, "middle", "milieu de la fourchette"),
        may("cost_high_7d_eur", Eur, "high end", "haut de la fourchette"),
    ],
};

/// KPI values.
pub const KPI: Table = Table {
    name: "kpi",
    row: "one value of one KPI for one period and one value of one dimension; ordered by kpi, period_grain, period_start, dimension, dimension_value",
    row_fr: "une valeur d'un indicateur (KPI) pour une période et une valeur d'une dimension ; tri par kpi, period_grain, period_start, dimension, dimension_value",
    columns: &[
        must(
            "period_grain",
            Enum,
            "day, week (from Monday), month or all",
            "day (jour), week (semaine, à partir du lundi), month (mois) ou all (toute la période)",
        ),
        may(
            "period_start",
            Date,
            "first day of the period in the configured time zone; the first day of the data for all",
            "premier jour de la période dans le fuseau horaire configuré ; premier jour des données pour all",
        ),
        must(
            "dimension",
            Enum,
            "all, reason, reason_l1, channel, product, team, site, language, owner or criterion",
            "all (aucune), reason (motif), reason_l1 (premier niveau du motif), channel (canal), product (produit), team (équipe), site, language (langue), owner (service concerné) ou criterion (critère)",
        ),
        must(
            "dimension_value",
            Text,
            "value of the dimension; 'all' for all, '(unknown)' when it is not known",
            "valeur de la dimension ; 'all' pour all, '(unknown)' quand elle est inconnue",
        ),
        must("kpi", Enum, "name of the KPI in the catalogue", "nom de l'indicateur dans le catalogue"),
        may(
            "value",
            Double,
            "the value, in the unit that the catalogue gives; null when nothing is known to compute it from (for a rate or a mean: when the denominator is 0)",
            "la valeur, dans l'unité que donne le catalogue ; null si rien de connu ne permet de la calculer (pour un taux ou une moyenne : si le dénominateur est 0)",
        ),
        may("numerator", Double, "numerator of a rate, or sum", "numérateur d'un taux, ou somme"),
        may(
            "denominator",
            Double,
            "denominator of a rate or mean; null for counts and totals",
            "dénominateur d'un taux ou d'une moyenne ; null pour les nombres et les totaux",
        ),
        may(
            "lo",
            Double,
            "low end of the 95 % interval, or of the cost range; null when value is null or method is none, and for a mean of fewer than two values, of equal ones or of the contacts of one customer",
            "borne basse de l'intervalle à 95 %, ou bas de la fourchette de coûts ; null si value est null ou si method vaut none, et pour une moyenne de moins de deux valeurs, de valeurs toutes égales ou des contacts d'un seul client",
        ),
        may(
            "hi",
            Double,
            "high end; null as lo",
            "borne haute de l'intervalle, ou haut de la fourchette ; null comme lo",
        ),
        must(
            "n",
            Long,
            "number of contacts, customers, episodes or answers behind the value",
            "nombre de contacts, de clients, d'épisodes ou de réponses derrière la valeur",
        ),
        must(
            "method",
            Enum,
            "how the interval was made: wilson (a rate of customers), wilson_clustered (a rate of contacts or episodes, which hang together by customer: customers are taken as drawn at random), normal_clustered (a mean of contacts, taken likewise), adjusted_wald_clustered (the NPS, likewise), range (a cost) or none; tables of earlier versions have normal and adjusted_wald, which took contacts for independent",
            "comment l'intervalle est établi : wilson (taux par client), wilson_clustered (taux par contact ou par épisode, ceux d'un client se ressemblant : le hasard porte sur les clients), normal_clustered (moyenne de contacts, de même), adjusted_wald_clustered (NPS, de même), range (fourchette de coûts) ou none (aucun) ; les tables de versions antérieures portent normal et adjusted_wald, qui tenaient les contacts pour indépendants",
        ),
    ],
};

/// Every table.
pub const TABLES: &[Table] = &[CONTACTS, TURNS, SPANS, LINKS, EPISODES, KPI, FAQ_GAPS, FAQ_ARTICLES];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_unit_conventions() {
        for table in TABLES {
            for column in table.columns {
                let name = column.name;
                assert_eq!(name, name.to_lowercase(), "{name}");
                assert_eq!(name.ends_with("_eur"), column.column_type == ColumnType::Eur, "{name}");
                assert_eq!(name.ends_with("_at"), column.column_type == ColumnType::Timestamp, "{name}");
                assert_eq!(name.starts_with("is_"), column.column_type == ColumnType::Boolean, "{name}");
            }
        }
    }

    #[test]
    fn no_column_is_declared_twice() {
        for table in TABLES {
            let mut names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        }
    }

    #[test]
    fn every_table_and_column_is_explained_in_english_and_in_french() {
        let mut texts = Vec::new();
        for table in TABLES {
            texts.push((table.name, table.row, table.row_fr));
            texts.extend(table.columns.iter().map(|column| (column.name, column.meaning, column.meaning_fr)));
        }
        let english: BTreeSet<&str> = texts.iter().map(|(_, english, _)| *english).collect();
        for (name, text, text_fr) in texts {
            assert!(!text.trim().is_empty() && !text_fr.trim().is_empty(), "{name}");
            // A French text found among the English ones was copied and never translated.
            assert!(!english.contains(text_fr), "{name}: {text_fr}");
        }
    }
}
