//! Header names to fields: the user's mapping first, then guesses over the usual French and English names.
//!
//! A header is compared without case, accents, separators and units in brackets: `Durée d'attente (s)` is
//! `dureedattente`. For each field the names are tried in order, so that `contact_id` wins over a mere `id`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Unread, value};
use crate::config::Options;
use crate::error::Problem;

macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident $name:literal [$($synonym:literal)*],)+) => {
        /// What a column can hold. The written name is the key under `[columns]` in the configuration.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$meta])* $variant,)+ }

        impl Field {
            /// Every field, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The key under `[columns]`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Normalised header names that are taken for this field, best first.
            pub(super) fn synonyms(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($synonym,)*],)+ }
            }
        }
    };
}

fields! {
    /// Identifier of the contact.
    ContactId "contact_id" ["casenumber" "idcontact" "contactid" "identifiantcontact" "ncontact" "nocontact" "numcontact" "numerocontact" "refcontact" "contactref"
        "referencecontact" "conversationid" "idconversation" "callid" "idappel" "callsid" "interactionid" "idinteraction" "ticketid" "idticket"
        "nticket" "numticket" "numeroticket" "ticketnumber" "ticket" "caseid" "idcase" "numerodossier" "ndossier" "iddossier" "dossier" "iddemande"
        "ndemande" "numerodemande" "requestid" "sessionid" "chatid" "idchat" "messageid" "emailid" "idmessage" "calluuid" "uniqueid" "guid"
        "uuid" "reference" "ref" "numero" "id" "identifiant"],
    /// Identifier of the customer.
    CustomerId "customer_id" ["customerid" "idclient" "clientid" "identifiantclient" "numclient" "numeroclient" "nclient" "noclient" "codeclient"
        "refclient" "referenceclient" "customernumber" "customerref" "customer" "client" "requesterid" "userid" "idutilisateur" "accountid"
        "idcompte" "numerocompte" "contactidclient" "abonne" "idabonne" "numeroabonne" "adherent" "idadherent" "numeroadherent" "assure" "idassure" "personid"
        "memberid" "usager" "idusager" "enduserid" "visitorid" "contactid"],
    /// E-mail address of the customer, when there is no identifier.
    CustomerEmail "customer_email" ["customeremail" "emailclient" "mailclient" "clientemail" "requesteremail" "contactemail" "suppliedemail" "useremail" "email" "mail"
        "courriel" "adressemail" "adresseemail" "emailaddress" "adresseelectronique" "from" "expediteur" "senderemail" "sender"],
    /// Name of the customer, or the last name: only to redact it from the words.
    CustomerName "customer_name" ["customername" "nomclient" "nomduclient" "clientname" "requestername" "nomdemandeur" "nomcontact" "contactname" "suppliedname" "nomcomplet"
        "fullname" "nomprenom" "prenomnom" "nomprenomclient" "customerfullname" "customerlastname" "nomdefamille" "lastname" "nomassure" "nomadherent" "nomabonne"],
    /// First name of the customer, where it has a column of its own.
    CustomerFirstName "customer_first_name" ["customerfirstname" "prenomclient" "prenom" "firstname" "givenname"],
    /// Telephone number of the customer, when there is no identifier.
    CustomerPhone "customer_phone" ["customerphone" "telephoneclient" "telclient" "phonenumber" "customernumberphone" "callernumber" "caller" "callerid" "fromnumber" "ani"
        "numeroappelant" "appelant" "contactphone" "suppliedphone" "telephone" "tel" "phone" "numerotelephone" "msisdn" "mobile" "portable"],
    /// Start, with date and time in one column.
    StartedAt "started_at" ["startedat" "contactstartedat" "datecontact" "contactdate" "datedebut" "debut" "startat" "startdatetime" "starttimestamp" "initiationtimestamp"
        "conversationstart" "conversationstarttime" "dateheure" "dateheuredebut" "horodatage" "horodate" "timestamp" "datetime" "datetimestart"
        "createdat" "createdtime" "createddate" "creationdate" "createdon" "datecreation" "datecree" "creele" "created" "creation" "receivedat" "datereception"
        "recule" "dateappel" "calldate" "callstart" "sentat" "dateenvoi" "openedat" "dateouverture" "ouvertle" "opened" "date" "jour" "day"
        "eventtime" "starttime" "messagedate" "messagetimestamp"],
    /// Time of day of the start, when the date stands alone in its own column.
    StartClock "started_time" ["heure" "heuredebut" "heureappel" "heurecontact" "heurecreation" "heurereception" "time" "calltime" "timeofday" "hour" "hh"],
    /// Closing.
    EndedAt "ended_at" ["endedat" "contactendedat" "datefin" "fin" "endat" "enddatetime" "endtimestamp" "disconnecttimestamp" "conversationend" "conversationendtime"
        "dateheurefin" "closedat" "closedtime" "closeddate" "dateclosed" "datecloture" "cloture" "closle" "cloturele" "fermele" "datefermeture" "solvedat" "resolvedat" "resolvedtime"
        "dateresolution" "resolule" "resolutiondate" "ended" "closed" "endtime" "callend" "heurefin"],
    /// Channel.
    Channel "channel" ["channel" "canal" "canalcontact" "contactchannel" "viachannel" "channeltype" "typecanal" "mediatype" "media" "origin" "origine" "caseorigin" "medium"
        "moyencontact" "modecontact" "typecontact" "contacttype" "via" "source"],
    /// The words.
    Text "text" ["text" "texte" "message" "body" "corps" "description" "transcript" "transcription" "transcriptiontext" "verbatim" "contenu" "content" "conversation" "dialogue"
        "echange" "echanges" "messagetext" "plainbody" "descriptiontext" "textbody" "commentbody" "textemessage" "contenumessage" "corpsmessage" "emailbody" "utterance"
        "phrase" "demande" "commentaire" "comment" "comments" "commentaires" "question"],
    /// Subject line.
    Subject "subject" ["subject" "objet" "sujet" "title" "titre" "emailsubject" "objetmessage" "intitule"],
    /// Who speaks, in files with one row per turn.
    Speaker "speaker" ["speaker" "locuteur" "role" "participant" "participantrole" "interlocuteur" "intervenant" "authortype" "authorrole" "auteur" "author" "sendertype"
        "senderrole" "typeauteur" "emetteur" "speakerrole" "speakerlabel" "quiparle" "party" "from" "sender" "partytype" "whospeaks"],
    /// Position of the turn in the contact.
    TurnIndex "turn_index" ["turnindex" "turn" "turnid" "turnnumber" "numerotour" "tour" "ntour" "turnorder" "ordretour" "sequence" "sequencenumber" "sentenceindex" "messageindex" "utteranceindex" "chatindex"],
    /// Start of the turn: seconds from the start of the contact, or a time.
    TurnStart "turn_start" ["starts" "turnstart" "start" "begin" "startsec" "startseconds" "startoffset" "beginoffset" "begins" "debuttour" "offset" "beginoffsetmillis"
        "startms" "startoffsetms" "turnstartedat" "turntime" "messagetime" "messagecreatedat" "turnat" "starttime" "debuts" "t0"],
    /// End of the turn.
    TurnEnd "turn_end" ["ends" "turnend" "end" "endsec" "endseconds" "endoffset" "endoffsetmillis" "endms" "fintour" "fins" "stop" "t1" "endtime"],
    /// Inbound or outbound.
    Direction "direction" ["direction" "sens" "senscontact" "callldirection" "calldirection" "typeappel" "calltype" "entrantsortant" "inout" "initiationmethod"],
    /// Team.
    Team "team" ["team" "equipe" "teamname" "nomequipe" "group" "groupe" "groupname" "groupid" "service" "departement" "department" "pole" "cellule" "plateau"],
    /// Agent.
    AgentId "agent_id" ["agentid" "idagent" "agent" "conseiller" "conseillere" "idconseiller" "teleconseiller" "nomagent" "nomconseiller" "agentname" "advisor" "advisorid" "operateur"
        "operator" "operatorid" "assignee" "assigneeid" "ownerid" "owner" "traitepar" "matricule" "login" "handledby"],
    /// Site.
    Site "site" ["site" "sitename" "nomsite" "centre" "center" "location" "lieu" "ville" "prestataire" "provider"],
    /// Campaign.
    Campaign "campaign" ["campaign" "campagne" "campaignname" "nomcampagne" "campaignid" "operation"],
    /// Queue.
    Queue "queue" ["queue" "file" "fileattente" "filedattente" "queuename" "nomfile" "queueid" "skill" "competence" "vdn" "splitskill"],
    /// Support level.
    Level "level" ["level" "niveau" "supportlevel" "niveausupport" "tier" "ligne" "niveautraitement"],
    /// Customer segment.
    Segment "segment" ["segment" "segmentclient" "customersegment" "typeclient" "customertype" "categorieclient" "profil"],
    /// Product or line of business.
    Product "product" ["product" "produit" "gamme" "productname" "nomproduit" "produitconcerne" "offre" "lineofbusiness" "univers" "activite" "marque" "brand" "brandid"],
    /// Seconds waited.
    Wait "wait_s" ["wait" "attente" "tempsattente" "tempsdattente" "dureeattente" "dureedattente" "waittime" "waitingtime" "queuetime" "timeinqueue" "delaidecroche" "asa" "ringtime"
        "tempsdecroche" "tacd" "tempsfile"],
    /// Seconds of conversation.
    Talk "talk_s" ["talk" "conversationduree" "tempsconversation" "dureeconversation" "dureedeconversation" "talktime" "dureeappel" "callduration" "tempscommunication" "dureecommunication" "ttalk"
        "handlingtime" "duree" "duration" "dmc"],
    /// Seconds on hold.
    Hold "hold_s" ["hold" "holdtime" "miseenattente" "tempsmiseenattente" "dureemiseenattente" "tempsgarde" "misegarde" "theld" "attenteencours"],
    /// Seconds of after-call work.
    Acw "acw_s" ["acw" "aftercallwork" "aftercallworktime" "wrapup" "wrapuptime" "wrap" "postappel" "tempspostappel" "dureepostappel" "tacw" "postcall" "traitementpostappel"
        "acwtime"],
    /// Seconds in which nobody spoke.
    Silence "silence_s" ["silence" "silences" "silencetime" "nontalk" "nontalktime" "deadair" "tempssilence" "dureesilence" "totalsilence"],
    /// Turns that began while the other party was speaking.
    Interruptions "interruptions" ["interruptions" "interruptioncount" "interruptionscount" "nombreinterruptions" "nbinterruptions" "overtalkcount"],
    /// Share of the speaking time that was the agent's.
    AgentTalkShare "agent_talk_share" ["agenttalkshare" "agenttalkratio" "agentspeakingpercentage" "partparoleagent" "partparoleconseiller" "talkratio"],
    /// The customer left before the answer.
    Abandoned "abandoned" ["abandoned" "abandon" "abandonne" "isabandoned" "appelabandonne" "tabandon" "estabandonne"],
    /// Customer satisfaction.
    Csat "csat" ["csat" "notecsat" "csatscore" "satisfaction" "notesatisfaction" "satisfactionscore" "satisfactionclient" "customersatisfaction" "csatrating" "rating" "satisfactionrating"
        "notesat" "avis" "noteclient" "evaluation" "note"],
    /// Recommendation question.
    Nps "nps" ["nps" "notenps" "npsscore" "recommandation" "noterecommandation" "likelihoodtorecommend"],
    /// Customer effort.
    Ces "ces" ["ces" "noteces" "cesscore" "effort" "noteeffort" "effortclient" "customereffort" "customereffortscore"],
    /// The reason coded by the agent.
    AgentReason "agent_reason" ["agentreason" "motif" "motifagent" "motifcontact" "motifappel" "motifdecontact" "motifniveau1" "contactreason" "callreason" "reason" "reasoncode" "dispositioncode"
        "disposition" "wrapupcode" "codemotif" "qualification" "category" "categorie" "topic" "theme" "typologie" "typedemande" "requesttype" "type"],
    /// Where the contact was transferred to.
    TransferredTo "transferred_to" ["transferredto" "transfereva" "transferevers" "transfertvers" "transferto" "transfertarget" "destinationtransfert" "transferea" "cibletransfert"],
    /// What the transfer was for.
    TransferType "transfer_type" ["transfertype" "typetransfert" "typedetransfert" "motiftransfert" "transferreason"],
    /// Whether there was a transfer.
    Transferred "is_transferred" ["istransferred" "transferred" "transfere" "transfert" "transfer" "aetetransfere" "isescalated" "escalated"],
    /// Language that the source states.
    Language "language" ["language" "langue" "lang" "locale" "languagecode" "codelangue"],
    /// Whether a message is public (ticket comments); private notes are left out.
    Public "is_public" ["public" "ispublic" "ispublished"],
    /// Whether a message is an internal note: the same, told the other way round.
    Private "is_private" ["private" "isprivate" "internal" "isinternal" "interne" "estinterne" "prive" "privee" "estprive" "estprivee" "isnote" "isinternalnote"
        "isprivatenote"],
    /// Conversation in turns, in JSON and Parquet.
    Turns "turns" ["turns" "messages" "transcript" "transcription" "conversation" "utterances" "segments" "dialogue" "dialog" "tours" "echanges" "exchanges" "speechsegments" "sentences" "phrases"
        "transcriptentries" "conversationparts" "comments"],
}

/// Number of fields.
pub(crate) const FIELDS: usize = Field::ALL.len();

impl Field {
    /// Reads a key of `[columns]`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }

    /// Whether a normalised header is a usual name of this field.
    pub(crate) fn accepts(self, normalised: &str) -> bool {
        self.synonyms().contains(&normalised)
    }

    /// Fields whose cells are durations in seconds unless the header says milliseconds or minutes.
    fn is_duration(self) -> bool {
        matches!(
            self,
            Self::Wait | Self::Talk | Self::Hold | Self::Acw | Self::Silence | Self::TurnStart | Self::TurnEnd
        )
    }
}

/// Words that say whose words a column holds: `commentaire client`, `customer comment`.
const CUSTOMERS: [&str; 7] = ["duclient", "desclients", "client", "clients", "cliente", "customer", "customers"];

/// Headers that name the customer's address in exports of mail and the party that speaks in exports of messages.
const SENDERS: [&str; 3] = ["from", "sender", "expediteur"];

/// Headers of columns that hold a whole conversation, both parties in one cell.
const CONVERSATIONS: [&str; 9] = [
    "transcript",
    "transcription",
    "transcriptiontext",
    "conversation",
    "dialogue",
    "dialog",
    "echange",
    "echanges",
    "messages",
];

/// Headers of words that stand in for an empty cell of the column of the words. Not comments, which an agent may have
/// written beside an empty message.
const OTHER_WORDS: [&str; 16] = [
    "text",
    "texte",
    "message",
    "body",
    "corps",
    "description",
    "transcript",
    "transcription",
    "verbatim",
    "contenu",
    "content",
    "messagetext",
    "plainbody",
    "descriptiontext",
    "textbody",
    "contenumessage",
];

/// Headers that name a ticket, a case or a conversation, and can be nothing else.
const TICKETS: [&str; 13] = [
    "ticketid",
    "idticket",
    "nticket",
    "numticket",
    "numeroticket",
    "ticketnumber",
    "ticket",
    "caseid",
    "idcase",
    "conversationid",
    "idconversation",
    "chatid",
    "idchat",
];

/// Headers of the start and of the end of a turn, which in files with one row per contact are those of the contact.
const TURN_TIMES: [(&str, &str); 2] = [("starttime", "endtime"), ("debut", "fin")];

/// Which column holds which field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mapping {
    columns: [Option<usize>; FIELDS],
    /// What one unit of a duration column is worth, in seconds.
    units: [f64; FIELDS],
    /// Rows are the comments of tickets, whose authors are told by number only.
    is_comments: bool,
    /// The column that was guessed to hold the customer's address under one of the names of [`SENDERS`], in a file that
    /// would have one row per turn if it named the party.
    sender: Option<usize>,
    /// The column of the customer's address is named for the sender of each message.
    names_sender: bool,
    /// The column of the identifier is named for tickets or conversations, which may hold several people.
    names_ticket: bool,
    /// The column of the words is named for whole conversations.
    holds_conversations: bool,
    /// Other columns of words, for the rows in which that of the words is empty.
    other_words: Vec<usize>,
}

/// A column named in the configuration that the file does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AbsentColumn {
    /// The field it was to fill.
    pub(crate) field: Field,
    /// What was expected, the nearest headers, then all of them.
    pub(crate) message: String,
}

impl Mapping {
    /// Maps headers by the configuration, then by guessing.
    pub(crate) fn new(headers: &[String], options: &Options) -> Result<Self, AbsentColumn> {
        let (mapping, absent) = Self::lenient(headers, options);
        absent.map_or(Ok(mapping), Err)
    }

    /// The same headers once the cells have shown that the sender's column names the party that speaks.
    pub(crate) fn with_speakers(self, headers: &[String], options: &Options) -> Self {
        self.sender.map_or(self, |column| Self::guess(headers, options, Some(column)).0)
    }

    /// The same for JSON objects, where an absent key only means that this record does not have the value.
    pub(crate) fn lenient(headers: &[String], options: &Options) -> (Self, Option<AbsentColumn>) {
        Self::guess(headers, options, None)
    }

    /// `speaker` is a column that is known to name the party that speaks, whatever its name.
    fn guess(headers: &[String], options: &Options, speaker: Option<usize>) -> (Self, Option<AbsentColumn>) {
        let normalised: Vec<String> = headers.iter().map(|header| normalise(header)).collect();
        let bare: Vec<String> = headers.iter().map(|header| normalise(&without_small_words(header))).collect();
        let mut mapping = Self {
            columns: [None; FIELDS],
            units: [1.0; FIELDS],
            is_comments: false,
            sender: None,
            names_sender: false,
            names_ticket: false,
            holds_conversations: false,
            other_words: Vec::new(),
        };
        let mut taken = vec![false; headers.len()];
        let mut is_set = [false; FIELDS];
        let mut absent = None;
        for (key, names) in &options.columns {
            let Some(field) = Field::from_name(key) else { continue };
            is_set[field as usize] = true;
            let found = names.names().into_iter().find_map(|name| {
                let name = name.trim();
                headers.iter().position(|header| header.trim() == name).or_else(|| {
                    let wanted = normalise(name);
                    normalised.iter().position(|header| !wanted.is_empty() && *header == wanted)
                })
            });
            match found {
                Some(column) => {
                    mapping.columns[field as usize] = Some(column);
                    taken[column] = true;
                }
                None if absent.is_none() => {
                    absent = Some(AbsentColumn { field, message: absent_message(field, &names.names(), headers) });
                }
                None => {}
            }
        }
        // Comments of tickets (Zendesk): `id` and `user_id` are those of the comment and of its author.
        let place_of = |name: &str| normalised.iter().position(|header| header == name);
        if let (Some(ticket), Some(_), Some(author)) =
            (place_of("ticketid"), place_of("body"), place_of("authorid").or_else(|| place_of("userid")))
        {
            mapping.is_comments = true;
            for (field, column) in [(Field::ContactId, ticket), (Field::Speaker, author)] {
                if !is_set[field as usize] {
                    is_set[field as usize] = true;
                    taken[column] = true;
                    mapping.columns[field as usize] = Some(column);
                }
            }
        }
        if let Some(column) = speaker {
            is_set[Field::Speaker as usize] = true;
            taken[column] = true;
            mapping.columns[Field::Speaker as usize] = Some(column);
        }
        let find = |field: Field, taken: &[bool]| {
            field.synonyms().iter().find_map(|synonym| {
                normalised.iter().enumerate().position(|(column, header)| {
                    !taken[column]
                        && (header == synonym
                            || bare[column] == *synonym
                            || (field.is_duration() && without_unit(header).0 == *synonym))
                })
            })
        };
        if !is_set[Field::ContactId as usize]
            && !is_set[Field::CustomerId as usize]
            && let Some(column) = customer_called_contact(headers, &normalised, &bare)
        {
            is_set[Field::CustomerId as usize] = true;
            taken[column] = true;
            mapping.columns[Field::CustomerId as usize] = Some(column);
        }
        for &field in Field::ALL {
            if is_set[field as usize] {
                continue;
            }
            if let Some(column) = find(field, &taken) {
                mapping.columns[field as usize] = Some(column);
                taken[column] = true;
            }
        }
        if !is_set[Field::Text as usize] && !mapping.has(Field::Text) {
            let column = customers_words(&normalised, &taken);
            mapping.columns[Field::Text as usize] = column;
            if let Some(column) = column {
                taken[column] = true;
            }
        }
        if !is_set[Field::CustomerEmail as usize]
            && [Field::ContactId, Field::Text].iter().all(|field| mapping.has(*field))
            && !mapping.has(Field::Speaker)
        {
            let column = mapping.column(Field::CustomerEmail);
            mapping.sender = column.filter(|column| SENDERS.contains(&normalised[*column].as_str()));
        }
        let is_named = |field: Field, names: &[&str]| {
            mapping.column(field).is_some_and(|column| names.contains(&normalised[column].as_str()))
        };
        let names_sender = is_named(Field::CustomerEmail, &SENDERS) || is_named(Field::CustomerEmail, &["senderemail"]);
        let holds_conversations = is_named(Field::Text, &CONVERSATIONS);
        let names_ticket = is_named(Field::ContactId, &TICKETS);
        // Beside contacts, such a word may say that the customer is a private person, or the call an internal one.
        let is_mere_word = is_named(Field::Private, &["private", "internal", "interne", "prive", "privee"]);
        (mapping.names_sender, mapping.holds_conversations) = (names_sender, holds_conversations);
        mapping.names_ticket = names_ticket;
        let are_messages = names_ticket || mapping.is_one_row_per_turn() || mapping.is_comments;
        if is_mere_word && !are_messages {
            mapping.columns[Field::Private as usize] = None;
        }
        if !is_set[Field::Text as usize] {
            mapping.other_words = mapping.other_words(&normalised, &taken);
        }
        if mapping.is_one_row_per_turn() {
            mapping.give_times_to_turns(&normalised, &is_set, |field| find(field, &taken));
        }
        for &field in Field::ALL {
            if let Some(column) = mapping.columns[field as usize]
                && field.is_duration()
            {
                mapping.units[field as usize] = unit_of(&headers[column]);
            }
        }
        (mapping, absent)
    }

    /// Where rows are turns, `end_time` is the turn's, and so is the start where another column has the contact's.
    /// `unused` finds a column that fills no field yet.
    fn give_times_to_turns(
        &mut self,
        normalised: &[String],
        is_set: &[bool; FIELDS],
        unused: impl Fn(Field) -> Option<usize>,
    ) {
        let is_named = |column: Option<usize>, name: &str| column.is_some_and(|column| normalised[column] == name);
        for (start, end) in TURN_TIMES {
            let may_move = |mapping: &Self, from: Field, to: Field, name: &str| {
                is_named(mapping.column(from), name)
                    && !is_set[from as usize]
                    && !is_set[to as usize]
                    && !mapping.has(to)
            };
            if may_move(self, Field::StartedAt, Field::TurnStart, start)
                && let Some(other) = unused(Field::StartedAt)
            {
                self.columns[Field::TurnStart as usize] = self.columns[Field::StartedAt as usize];
                self.columns[Field::StartedAt as usize] = Some(other);
            }
            // `fin` alone is said of contacts too.
            let is_of_turns = end == "endtime" || is_named(self.column(Field::TurnStart), start);
            if is_of_turns && may_move(self, Field::EndedAt, Field::TurnEnd, end) {
                self.columns[Field::TurnEnd as usize] = self.columns[Field::EndedAt as usize];
                self.columns[Field::EndedAt as usize] = unused(Field::EndedAt);
            }
        }
    }

    /// The columns that can stand in for that of the words, best first.
    fn other_words(&self, normalised: &[String], taken: &[bool]) -> Vec<usize> {
        let words = self.column(Field::Text);
        let is_free = |column: &usize| !taken[*column] || self.column(Field::Turns) == Some(*column);
        // A name may come twice: "message" beside "message".
        let others = OTHER_WORDS
            .iter()
            .flat_map(|name| (0..normalised.len()).filter(move |column| normalised[*column] == **name))
            .filter(|column| words != Some(*column));
        if words.is_some() { others.filter(is_free).collect() } else { Vec::new() }
    }

    /// The columns that can stand in for that of the words in a row where its cell is empty, best first.
    pub(crate) fn words_beside(&self) -> &[usize] {
        &self.other_words
    }

    /// Whether the address beside a message is that of its sender, who may be the company.
    pub(crate) fn names_sender(&self) -> bool {
        self.names_sender
    }

    /// Whether an identifier is that of a ticket or conversation, in which a second person may write.
    pub(crate) fn names_ticket(&self) -> bool {
        self.names_ticket
    }

    /// Whether a cell of the words is a whole conversation.
    pub(crate) fn holds_conversations(&self) -> bool {
        self.holds_conversations
    }

    /// The column of a field.
    pub(crate) fn column(&self, field: Field) -> Option<usize> {
        self.columns[field as usize]
    }

    /// Whether a field has a column.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.column(field).is_some()
    }

    /// Seconds per unit of a duration column.
    pub(crate) fn unit(&self, field: Field) -> f64 {
        self.units[field as usize]
    }

    /// Whether rows are comments of tickets.
    pub(crate) fn is_comments(&self) -> bool {
        self.is_comments
    }

    /// The column whose cells must tell whether it holds the customer's address or the party that speaks.
    pub(crate) fn sender(&self) -> Option<usize> {
        self.sender
    }

    /// How many fields have a column; tells the right delimiter from the wrong ones.
    pub(crate) fn recognised(&self) -> usize {
        self.columns.iter().flatten().count()
    }

    /// Whether rows are turns to be grouped by contact.
    pub(crate) fn is_one_row_per_turn(&self) -> bool {
        self.has(Field::ContactId) && self.has(Field::Text) && (self.has(Field::Speaker) || self.has(Field::TurnIndex))
    }

    /// What a table must have to be contacts: a time, and words or at least how the contact was handled.
    pub(crate) fn needed_columns(&self, headers: &[String]) -> Result<(), AbsentColumn> {
        let any = |fields: &[Field]| fields.iter().any(|field| self.has(*field));
        let absent = if !self.has(Field::StartedAt) {
            Field::StartedAt
        } else if !any(&[
            Field::Text,
            Field::Turns,
            Field::Subject,
            Field::AgentReason,
            Field::Wait,
            Field::Talk,
            Field::Abandoned,
        ]) {
            Field::Text
        } else {
            return Ok(());
        };
        Err(AbsentColumn { field: absent, message: absent_message(absent, &[absent.name()], headers) })
    }
}

/// The column of the words whose header says that they are the customer's, where none is named for the words alone.
///
/// Caught: `commentaire client`, `verbatim client`, `customer comment`. Not caught: `commentaire conseiller`, `note client`.
fn customers_words(normalised: &[String], taken: &[bool]) -> Option<usize> {
    let is_customers = |header: &str, synonym: &str| {
        CUSTOMERS.iter().any(|whose| header.strip_suffix(whose) == Some(synonym))
            || CUSTOMERS.iter().any(|whose| header.strip_prefix(whose) == Some(synonym))
    };
    Field::Text.synonyms().iter().find_map(|synonym| {
        (0..normalised.len()).find(|&column| !taken[column] && is_customers(&normalised[column], synonym))
    })
}

/// The column that names the customer although it is called "contact", as people are in the tools of tickets.
///
/// Caught: `Ticket ID;Contact ID`, `Id;ContactId` of a case, `id` beside `contact.id`. Not caught: `contact_id;customer_id`,
/// where the customer has a column; `ticket_id;contact_id`, the name of this program, and `id;ContactId;speaker`, where `id` may
/// be that of a message.
fn customer_called_contact(headers: &[String], normalised: &[String], bare: &[String]) -> Option<usize> {
    let column = normalised.iter().position(|header| header == "contactid")?;
    if headers[column].trim() == "contact_id" {
        return None;
    }
    let has = |names: &[&str]| {
        (0..headers.len()).any(|other| {
            other != column && (names.contains(&normalised[other].as_str()) || names.contains(&bare[other].as_str()))
        })
    };
    // The account of a case is the customer's company, beside the person.
    let is_customer = |name: &&str| !["contactid", "accountid"].contains(name);
    let customers: Vec<&str> = Field::CustomerId.synonyms().iter().copied().filter(is_customer).collect();
    let are_turns = has(Field::TurnIndex.synonyms()) || has(Field::Speaker.synonyms());
    let has_other_id = has(&TICKETS) || (!are_turns && has(&["id"]));
    (has_other_id && !has(&customers)).then_some(column)
}

/// The columns that fill no field, in a table of contacts without a column for the words; `None` where there is one, or
/// where no column is left over that could be it. Nested turns are words, except in a table of text, which has none.
pub(crate) fn unread(headers: &[String], mapping: &Mapping, can_nest_turns: bool) -> Option<Unread> {
    if mapping.has(Field::Text) || (can_nest_turns && mapping.has(Field::Turns)) {
        return None;
    }
    let turns = mapping.column(Field::Turns);
    let left: Vec<&str> = (0..headers.len())
        .filter(|column| turns == Some(*column) || !mapping.columns.contains(&Some(*column)))
        .map(|column| headers[column].trim())
        .filter(|header| !header.is_empty())
        .collect();
    let is_shown = matches!(shown(headers), Shown::Names(_));
    let names = left.iter().filter(|header| is_shown && is_name(header)).take(MOST_SHOWN);
    (!left.is_empty()).then(|| Unread { count: left.len(), names: names.map(|name| (*name).to_owned()).collect() })
}

/// Whether the cells of the sender's column name the party that speaks, given with the identifier of their contact.
///
/// Caught: `customer` and `agent`, or two names in one conversation. Not caught: addresses of e-mail, which are the
/// customer's; a telephone number that stands alone in each contact.
pub(crate) fn senders_speak<T: AsRef<str>>(cells: &[(T, T)], options: &Options) -> bool {
    let mut sender_of: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
    let mut is_party = false;
    let cells = cells.iter().map(|(id, sender)| (id.as_ref().trim(), sender.as_ref().trim()));
    for (id, sender) in cells.filter(|(_, sender)| !sender.is_empty()) {
        if sender.contains('@') {
            return false;
        }
        is_party |= value::speaker(sender, options).is_some();
        is_party |= !id.is_empty() && *sender_of.entry(id).or_insert(sender) != sender;
    }
    is_party
}

/// Problems of `[columns]`: unknown fields, with the closest one.
pub fn check(options: &Options, file: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for key in options.columns.keys() {
        if Field::from_name(key).is_none() {
            let nearest = nearest(key, Field::ALL.iter().map(|field| field.name()), 1);
            let message = match nearest.first() {
                Some(name) => format!("unknown field; the closest is `{name}`"),
                None => "unknown field".to_owned(),
            };
            problems.push(Problem { file: file.to_owned(), at: format!("columns.{key}"), message });
        }
    }
    problems
}

/// Something under `[values]` that no reader understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownValue {
    /// Where it is in the configuration.
    pub at: String,
    /// A key or a value.
    pub what: &'static str,
    /// What is written there.
    pub found: String,
    /// What may be written there.
    pub known: Vec<&'static str>,
}

/// What `[values]` holds that no reader understands.
pub fn unknown_values(options: &Options) -> Vec<UnknownValue> {
    value::unknown_values(options)
}

/// Lower case, no accents, letters and digits only, and nothing that stands in brackets.
pub(crate) fn normalise(header: &str) -> String {
    // Nearly every key of every record: nothing to decompose, nothing in brackets.
    if header.is_ascii() && !header.contains(['(', '[', ')', ']']) {
        let kept = header.bytes().filter(u8::is_ascii_alphanumeric);
        return kept.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    let mut depth = 0usize;
    let outside: String = header
        .chars()
        .filter(|c| match c {
            '(' | '[' => {
                depth += 1;
                false
            }
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect();
    let source = if outside.trim().is_empty() { header } else { &outside };
    source
        .nfd()
        .filter(|c| !is_combining_mark(*c) && c.is_alphanumeric() && !matches!(c, 'º' | 'ª'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// `Date de création` and `Numéro du ticket` without the words that link the others.
pub(crate) fn without_small_words(header: &str) -> String {
    header
        .split_whitespace()
        .filter(|word| !["de", "du", "des", "la", "le", "of", "the"].contains(&word.to_lowercase().as_str()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// A normalised header without its trailing unit, and the unit in seconds.
fn without_unit(header: &str) -> (&str, f64) {
    const UNITS: [(&str, f64); 12] = [
        ("milliseconds", 0.001),
        ("millisecondes", 0.001),
        ("millis", 0.001),
        ("ms", 0.001),
        ("enminutes", 60.0),
        ("minutes", 60.0),
        ("min", 60.0),
        ("ensecondes", 1.0),
        ("secondes", 1.0),
        ("seconds", 1.0),
        ("sec", 1.0),
        ("s", 1.0),
    ];
    UNITS
        .iter()
        .find_map(|(unit, seconds)| {
            header.strip_suffix(unit).filter(|rest| rest.len() > 1).map(|rest| (rest, *seconds))
        })
        .unwrap_or((header, 1.0))
}

/// The unit that a raw header states, in brackets or at its end.
fn unit_of(header: &str) -> f64 {
    let all: String = header.nfd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    without_unit(&all).1
}

fn nearest<'a>(wanted: &str, among: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let wanted = normalise(wanted);
    let mut scored: Vec<(usize, &str)> =
        among.map(|name| (strsim::levenshtein(&wanted, &normalise(name)), name)).collect();
    scored.sort();
    scored.into_iter().take(count).map(|(_, name)| name).collect()
}

/// Whether a header cell is what a contact holds (a date, a number, an address) rather than the name of a column: the
/// file then has no header row, and its first contact must not be told.
fn is_data(header: &str) -> bool {
    header.chars().filter(char::is_ascii_digit).count() >= 4 || header.chars().any(|c| c == '@' || c.is_control())
}

/// Whether a header is a usual name of a column. A word that is also a value (`client`, `email`) proves nothing: it stands
/// in the first row of a file without header row too.
fn is_usual(header: &str, options: &Options) -> bool {
    let normalised = normalise(header);
    !is_value(header, options) && Field::ALL.iter().any(|field| field.accepts(&normalised))
}

/// Whether a cell of a header row is a word that cells of contacts hold too.
fn is_value(header: &str, options: &Options) -> bool {
    // `contact_id` starts with the word for a customer, and is a name all the same.
    header.chars().all(|c| c.is_alphabetic() || c.is_whitespace())
        && (value::channel(header, options).is_some() || value::speaker(header, options).is_some())
}

/// Whether a row below the first one can be the header row: it names the words and another field, or all that contacts
/// without words have, by names that are no values; more fields than `known`, the number that the first row names; and
/// each of its cells can be a name.
pub(crate) fn is_lower_header(cells: &[String], known: usize, options: &Options) -> bool {
    let mut filled = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    if !filled.all(|cell| is_name(cell) && !is_data(cell)) {
        return false;
    }
    let (mapping, _) = Mapping::lenient(cells, options);
    let named = mapping.columns.iter().flatten().filter(|column| !is_value(cells[**column].trim(), options)).count();
    mapping.recognised() > known
        && ((mapping.has(Field::Text) && named >= 2) || (named >= 3 && mapping.needed_columns(cells).is_ok()))
}

/// Whether a header can be the name of a column. Not caught: what is longer than a name can be, or a sentence.
pub(crate) fn is_name(header: &str) -> bool {
    const LONGEST: usize = 40;
    const MOST_WORDS: usize = 6;
    header.chars().count() <= LONGEST
        && header.split_whitespace().count() <= MOST_WORDS
        && !header.trim_end().ends_with(['!', '?', '…'])
}

/// Names of columns that are told at most.
const MOST_SHOWN: usize = 60;

/// What may be told of a first row.
enum Shown<'h> {
    /// The cells that can be names.
    Names(Vec<&'h str>),
    /// Nothing: it is no header row.
    NoHeader,
    /// Nothing: hardly any name is known, so the row may be a contact, whose words are not repeated.
    PerhapsContact,
}

fn shown(headers: &[String]) -> Shown<'_> {
    let options = Options::default();
    let names: Vec<&str> =
        headers.iter().map(String::as_str).filter(|header| is_name(header)).take(MOST_SHOWN).collect();
    if names.is_empty() || headers.iter().any(|header| is_data(header)) {
        Shown::NoHeader
    } else if headers.iter().filter(|header| is_usual(header, &options)).take(2).count() < 2 {
        Shown::PerhapsContact
    } else {
        Shown::Names(names)
    }
}

fn absent_message(field: Field, names: &[&str], headers: &[String]) -> String {
    let absent = format!("no column `{}` for {}", names.join("`, `"), field.name());
    let shown = match shown(headers) {
        Shown::NoHeader => {
            return format!(
                "{absent}; the file has no readable header row; write the names of the columns in the first row, with nothing above them, and separate them with , ; | or a tab"
            );
        }
        Shown::PerhapsContact => {
            return format!(
                "{absent}; fewer than two of the {} cells of the first row are usual names of columns; name the columns in the first row, or set columns.{} in the configuration",
                headers.len(),
                field.name()
            );
        }
        Shown::Names(names) => names,
    };
    let near = nearest(names.first().copied().unwrap_or(field.name()), shown.iter().copied(), 3);
    format!(
        "{absent}; closest: {}; the {} columns are: {}; set columns.{} in the configuration",
        near.join(", "),
        headers.len(),
        shown.join(", "),
        field.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::options::OneOrMany;

    fn headers(line: &str) -> Vec<String> {
        line.split(';').map(str::to_owned).collect()
    }

    fn column_of(line: &str, field: Field) -> Option<String> {
        let headers = headers(line);
        let mapping = Mapping::new(&headers, &Options::default()).unwrap();
        mapping.column(field).map(|column| headers[column].clone())
    }

    #[test]
    fn french_headers_are_guessed() {
        let line = "N° contact;Numéro client;Date/heure;Canal;Durée d'attente (s);Équipe;Objet;Texte;Note CSAT;Motif";
        for (field, header) in [
            (Field::ContactId, "N° contact"),
            (Field::CustomerId, "Numéro client"),
            (Field::StartedAt, "Date/heure"),
            (Field::Channel, "Canal"),
            (Field::Wait, "Durée d'attente (s)"),
            (Field::Team, "Équipe"),
            (Field::Subject, "Objet"),
            (Field::Text, "Texte"),
            (Field::Csat, "Note CSAT"),
            (Field::AgentReason, "Motif"),
        ] {
            assert_eq!(column_of(line, field).as_deref(), Some(header), "{field:?}");
        }
    }

    #[test]
    fn small_words_do_not_hide_a_usual_header() {
        let line = "Numéro de ticket;Client;Date de création;Date de clôture;Canal;Description;Durée de l'appel";
        for (field, header) in [
            (Field::ContactId, "Numéro de ticket"),
            (Field::StartedAt, "Date de création"),
            (Field::EndedAt, "Date de clôture"),
        ] {
            assert_eq!(column_of(line, field).as_deref(), Some(header), "{field:?}");
        }
    }

    #[test]
    fn contact_id_of_a_salesforce_case_is_the_customer() {
        let line = "CaseNumber;ContactId;CreatedDate;Origin;Description";
        assert_eq!(column_of(line, Field::ContactId).as_deref(), Some("CaseNumber"));
        assert_eq!(column_of(line, Field::CustomerId).as_deref(), Some("ContactId"));
        assert_eq!(column_of("contact_id;customer_id", Field::ContactId).as_deref(), Some("contact_id"));
    }

    #[test]
    fn a_contact_beside_a_ticket_is_the_customer_unless_the_customer_has_a_column() {
        for (line, contact, customer) in [
            (
                "Ticket ID;Subject;Status;Source;Created time;Contact ID;Description",
                Some("Ticket ID"),
                Some("Contact ID"),
            ),
            ("Id;ContactId;CreatedDate;Origin;Subject;Description", Some("Id"), Some("ContactId")),
            ("Id;AccountId;ContactId;CreatedDate;Description", Some("Id"), Some("ContactId")),
            ("id;created_at;channel;contact.id;message", Some("id"), Some("contact.id")),
            ("conversation_id;contact_id;created_at;text", Some("contact_id"), None),
            // The names of the contract, with whatever stands beside them.
            ("contact_id;customer_id;started_at;channel;text", Some("contact_id"), Some("customer_id")),
            ("contact_id;customer_id;ticket_id;started_at;text", Some("contact_id"), Some("customer_id")),
            ("contact_id;account_id;ticket_id;started_at;text", Some("contact_id"), Some("account_id")),
            ("id;contact_id;started_at;text", Some("contact_id"), None),
            // The identifier of a message.
            ("id;ContactId;date;speaker;text", Some("ContactId"), None),
            ("contact_id;started_at;text", Some("contact_id"), None),
        ] {
            assert_eq!(column_of(line, Field::ContactId).as_deref(), contact, "{line}");
            assert_eq!(column_of(line, Field::CustomerId).as_deref(), customer, "{line}");
        }
    }

    #[test]
    fn other_columns_of_words_stand_in_for_an_empty_cell_and_comments_do_not() {
        let beside = |line: &str| {
            let headers = headers(line);
            let mapping = Mapping::new(&headers, &Options::default()).unwrap();
            mapping.words_beside().iter().map(|column| headers[*column].clone()).collect::<Vec<_>>()
        };
        assert_eq!(beside("id;date;canal;sujet;description;message"), ["description"]);
        assert_eq!(beside("id;date;message;transcript"), ["transcript"]);
        assert_eq!(beside("id;date;message;message;body"), ["message", "body"]);
        assert!(beside("id;date;message;commentaire").is_empty());
        assert!(beside("id;date;texte;motif").is_empty());
    }

    #[test]
    fn a_unit_in_the_header_scales_durations() {
        let headers = headers("id;date;texte;talk_ms;attente_min;hold_s;acw");
        let mapping = Mapping::new(&headers, &Options::default()).unwrap();
        assert_eq!(mapping.unit(Field::Talk), 0.001);
        assert_eq!(mapping.unit(Field::Wait), 60.0);
        assert_eq!(mapping.unit(Field::Hold), 1.0);
        assert_eq!(mapping.column(Field::Acw), Some(6));
    }

    #[test]
    fn an_absent_mapped_column_is_told_with_the_nearest_headers() {
        let mut options = Options::default();
        options.columns.insert("contact_id".into(), OneOrMany::One("Refrence".into()));
        let error = Mapping::new(&headers("Référence;date;texte"), &options).unwrap_err();
        assert_eq!(error.field, Field::ContactId);
        assert!(error.message.contains("closest: Référence"), "{}", error.message);
    }

    #[test]
    fn the_first_contact_of_a_file_without_header_row_is_not_told() {
        for line in [
            "A1;C1;2026-10-01T10:00:00Z;chat;Mon zèbre ne marche pas",
            "A1;ada@example.com;chat;zèbre",
            "contact_id;text\rA1;zèbre",
            "Mon zèbre ne marche pas",
            "K1;client;email;Mon zèbre",
        ] {
            let headers = headers(line);
            let error = Mapping::new(&headers, &Options::default()).unwrap().needed_columns(&headers).unwrap_err();
            assert!(!error.message.contains("zèbre"), "{}", error.message);
            assert!(
                error.message.contains("no readable header row") || error.message.contains("fewer than two of the"),
                "{}",
                error.message
            );
        }
    }

    #[test]
    fn words_that_are_said_to_be_the_customers_are_found() {
        for (line, text) in [
            ("id;date;Commentaire client", Some("Commentaire client")),
            ("id;date;Commentaires du client", Some("Commentaires du client")),
            ("id;date;Verbatim client;Durée", Some("Verbatim client")),
            ("id;date;Message client", Some("Message client")),
            ("id;date;Customer comment", Some("Customer comment")),
            ("id;date;customer_message", Some("customer_message")),
            // A column that is named for the words alone comes first.
            ("id;date;Commentaire client;Texte", Some("Texte")),
            ("id;date;Commentaire conseiller", None),
            ("id;date;Note client", None),
            ("id;date;N° client;Segment client", None),
        ] {
            assert_eq!(column_of(line, Field::Text).as_deref(), text, "{line}");
        }
        assert_eq!(column_of("id;date;Note client;Message client", Field::Csat).as_deref(), Some("Note client"));
    }

    #[test]
    fn columns_left_unread_are_told_where_no_column_holds_the_words() {
        let unread = |line: &str| {
            let headers = headers(line);
            super::unread(&headers, &Mapping::new(&headers, &Options::default()).unwrap(), false)
        };
        let told = unread("N° dossier;Date;Canal;Motif conseiller;Durée;Ressenti exprimé").unwrap();
        assert_eq!((told.count, told.names), (2, vec!["Motif conseiller".to_owned(), "Ressenti exprimé".to_owned()]));
        // Every column is understood, or one of them holds the words.
        assert_eq!(unread("contact_id,started_at,wait_s".replace(',', ";").as_str()), None);
        assert_eq!(unread("N° dossier;Date;Ressenti exprimé;Commentaire client"), None);
        let told = unread("N° dossier;Date;Messages").unwrap();
        assert_eq!(told.names, ["Messages"]);
        // What may be a contact is counted, not shown.
        let told = unread("Date;Zèbre").unwrap();
        assert_eq!((told.count, told.names.len()), (1, 0));
        let told = unread("Date;Canal;Durée;2026-10-01;Zèbre").unwrap();
        assert_eq!((told.count, told.names.len()), (2, 0));
    }

    #[test]
    fn a_sender_is_an_address_until_the_cells_name_a_party() {
        let headers = headers("conversation_id;created_at;sender;message");
        let options = Options::default();
        let mapping = Mapping::new(&headers, &options).unwrap();
        assert_eq!((mapping.column(Field::CustomerEmail), mapping.sender()), (Some(2), Some(2)));
        let mapping = mapping.with_speakers(&headers, &options);
        assert_eq!((mapping.column(Field::CustomerEmail), mapping.column(Field::Speaker)), (None, Some(2)));
        assert!(mapping.is_one_row_per_turn());
        let speak = |cells: &[(&str, &str)]| senders_speak(cells, &options);
        assert!(speak(&[("1", "customer"), ("2", "Lumio")]));
        assert!(speak(&[("1", "Anne"), ("1", "Paul")]));
        assert!(!speak(&[("1", "Anne"), ("2", "Paul")]));
        assert!(!speak(&[("1", "anne@example.com"), ("1", "agent")]));
        assert!(!speak(&[("1", "+33639980011"), ("2", "+33639980012")]));
    }

    #[test]
    fn the_times_of_turns_are_not_those_of_the_contact() {
        for (line, fields) in [
            (
                "call_id;date;speaker;start_time;end_time;text",
                [Some("date"), None, Some("start_time"), Some("end_time")],
            ),
            ("call_id;speaker;start_time;end_time;text", [Some("start_time"), None, None, Some("end_time")]),
            ("id_appel;date_appel;locuteur;début;fin;texte", [Some("date_appel"), None, Some("début"), Some("fin")]),
            ("id_appel;début;fin;locuteur;texte", [Some("début"), Some("fin"), None, None]),
            ("call_id;start_time;end_time;text", [Some("start_time"), Some("end_time"), None, None]),
        ] {
            let columns = [Field::StartedAt, Field::EndedAt, Field::TurnStart, Field::TurnEnd];
            assert_eq!(columns.map(|field| column_of(line, field)).each_ref().map(Option::as_deref), fields, "{line}");
        }
    }

    #[test]
    fn unknown_fields_of_the_configuration_are_problems() {
        let mut options = Options::default();
        options.columns.insert("contct_id".into(), OneOrMany::One("a".into()));
        let problems = check(&options, "motif.toml");
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("contact_id"));
    }
}
