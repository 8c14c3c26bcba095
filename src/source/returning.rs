//! Which identifiers come back with other words, told by a first look over a file whose rows name no speaker.
//!
//! Such rows are the messages of one contact: the second message of a ticket is no second delivery of the first. The look
//! goes over the whole file, so that what it finds does not depend on the order of the rows; it keeps hashes, no words.
//!
//! Caught: ticket `T1` with a message on Monday and another one on Tuesday. Not caught: the same identifier with the same
//! words twice, which is one contact delivered twice; an identifier of two customers, which cannot be one conversation
//! (a counter that starts again every day, the code of a product). Customers are told apart by their identifier, else by
//! their address or telephone number.

use std::collections::{HashMap, HashSet};

use crate::config::Options;

use super::columns::{Field, Mapping};
use super::customers::normalise_identifier;
use super::email::is_company_address;
use super::row::Row;
use super::value;

/// The identifiers that came back with other words, by their hashes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Returning {
    ids: HashSet<u64>,
}

impl Returning {
    /// Whether every identifier has one text only.
    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether a row is one of several messages of its contact.
    pub(crate) fn has(&self, row: &Row) -> bool {
        let has_one_text = row.turns.is_none() && !self.is_empty();
        has_one_text && row.text(Field::ContactId).is_some_and(|id| self.ids.contains(&hash([id.as_str()])))
    }
}

/// What is known of an identifier during the look.
struct Seen {
    words: u64,
    customer: Option<u64>,
    is_back: bool,
    has_two_customers: bool,
}

/// The look over a file.
pub(crate) struct Look<'o> {
    seen: HashMap<u64, Seen>,
    options: &'o Options,
}

impl<'o> Look<'o> {
    /// Before the first row.
    pub(crate) fn new(options: &'o Options) -> Self {
        Self { seen: HashMap::new(), options }
    }

    /// Takes note of a row: its identifier, its words and its customer, as they are written.
    pub(crate) fn see(&mut self, id: &str, words: &str, customer: Option<&str>) {
        let (id, words) = (value::as_typed(id), words.trim());
        if value::is_missing_mark(id) || value::is_rounded(id) || words.is_empty() {
            return;
        }
        let words = hash(words.split_whitespace());
        let customer = customer.filter(|customer| !value::names_nobody(customer)).map(normalise_identifier);
        // The company's answer, under the address that it was sent from.
        let customer = customer.filter(|customer| !is_company_address(customer, &self.options.input.company_addresses));
        let customer = customer.map(|customer| hash([customer.as_str()]));
        let new = || Seen { words, customer, is_back: false, has_two_customers: false };
        let seen = self.seen.entry(hash([id])).or_insert_with(new);
        seen.is_back |= seen.words != words;
        seen.has_two_customers |= customer.is_some() && seen.customer.is_some() && seen.customer != customer;
        seen.customer = seen.customer.or(customer);
    }

    /// Whether any row was one that may come back.
    pub(crate) fn has_seen_any(&self) -> bool {
        !self.seen.is_empty()
    }

    /// What the look found.
    pub(crate) fn found(&self) -> Returning {
        let back = self.seen.iter().filter(|(_, seen)| seen.is_back && !seen.has_two_customers);
        Returning { ids: back.map(|(id, _)| *id).collect() }
    }
}

/// The columns that the look reads: identifier, words and customer. `None` where rows are turns already, or where an
/// identifier cannot come back. The address of a sender is not the customer's: the company sends too; and of a ticket a second
/// person may write.
pub(crate) fn columns(mapping: &Mapping) -> Option<(usize, usize, Option<usize>)> {
    if mapping.is_one_row_per_turn() {
        return None;
    }
    let tells_apart = !mapping.names_sender() && !mapping.names_ticket();
    let reached = |field: Field| mapping.column(field).filter(|_| tells_apart);
    let customer = mapping.column(Field::CustomerId).or_else(|| reached(Field::CustomerEmail));
    let customer = customer.or_else(|| reached(Field::CustomerPhone));
    Some((mapping.column(Field::ContactId)?, mapping.column(Field::Text)?, customer))
}

/// A fixed hash (FNV-1a), so that nothing depends on the process; the parts are kept apart.
fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    let bytes = parts.into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use crate::contact::{Contact, Speaker};
    use crate::source::testing;

    const HEADER: &str = "ticket_id;id_client;date;canal;message\n";

    /// Identifier, and speakers and words of each contact, in the order of identifiers.
    fn told(contacts: &[Contact]) -> Vec<(&str, Vec<(Speaker, &str)>)> {
        let mut told: Vec<_> = contacts
            .iter()
            .map(|contact| {
                let said = contact.turns.iter().map(|turn| (turn.speaker, turn.text.as_str()));
                (contact.contact_id.as_str(), said.collect::<Vec<_>>())
            })
            .collect();
        told.sort_by_key(|(id, _)| *id);
        told
    }

    fn read(rows: &[&str]) -> Vec<Contact> {
        let (contacts, rejects, _) = testing::read_bytes("a.csv", (HEADER.to_owned() + &rows.join("\n")).as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        contacts
    }

    #[test]
    fn the_messages_of_a_ticket_are_turns_of_one_contact_whatever_the_order_of_the_rows() {
        let rows = [
            "T1;A;03/11/2025 09:00;mail;Où est ma commande ?",
            "T1;A;04/11/2025 09:00;mail;Toujours aucune réponse.",
            "T2;B;03/11/2025 10:00;mail;Je veux résilier.",
            "T1;A;05/11/2025 09:00;mail;Je demande le remboursement.",
            "T3;C;03/11/2025 11:00;mail;Merci",
        ];
        let contacts = read(&rows);
        let customer = Speaker::Customer;
        assert_eq!(
            told(&contacts),
            [
                (
                    "T1",
                    vec![
                        (customer, "Où est ma commande ?"),
                        (customer, "Toujours aucune réponse."),
                        (customer, "Je demande le remboursement.")
                    ]
                ),
                ("T2", vec![(customer, "Je veux résilier.")]),
                ("T3", vec![(customer, "Merci")]),
            ]
        );
        let ticket = contacts.iter().find(|contact| contact.contact_id == "T1").unwrap();
        assert_eq!(ticket.started_at.to_rfc3339(), "2025-11-03T08:00:00+00:00");
        assert_eq!(ticket.turns[2].start_s, Some(172_800.0));
        let mut turned = rows;
        turned.reverse();
        assert_eq!(told(&read(&turned)), told(&contacts));
    }

    #[test]
    fn an_outbound_message_of_a_ticket_is_the_agents() {
        let text = "ticket_id;date;sens;message\nT1;03/11/2025 09:00;entrant;Où est ma commande ?\nT1;04/11/2025 09:00;sortant;Elle arrive demain.\n";
        let (contacts, ..) = testing::read_bytes("a.csv", text.as_bytes());
        assert_eq!(
            told(&contacts),
            [("T1", vec![(Speaker::Customer, "Où est ma commande ?"), (Speaker::Agent, "Elle arrive demain.")])]
        );
        assert_eq!(contacts[0].direction, crate::contact::Direction::Inbound);
    }

    #[test]
    fn the_senders_of_a_tickets_mails_tell_who_speaks() {
        for company in ["contact@autre.example.net", "Anne@lumio.example.com"] {
            let text = format!(
                "ticket_id;date;from;message\nT1;03/11/2025 09:00;ines@example.com;Mon colis est perdu.\nT1;04/11/2025 09:00;{company};Une enquête est ouverte.\nT1;05/11/2025 09:00;Ines@example.com;Merci\n"
            );
            let (contacts, ..) = testing::read_bytes("a.csv", text.as_bytes());
            let speakers: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
            assert_eq!(speakers, [Speaker::Customer, Speaker::Agent, Speaker::Customer], "{company}");
            assert_eq!(contacts[0].customer_id.as_deref(), Some("ines@example.com"));
        }
    }

    #[test]
    fn the_same_words_under_the_same_identifier_stay_two_deliveries() {
        let row = "T1;A;03/11/2025 09:00;mail;Où est ma commande ?";
        // Blanks that another export writes are no other words, and a row without words adds none.
        let again = "T1;A;04/11/2025 09:00;mail;Où est  ma commande ? ";
        let contacts =
            read(&[row, "T2;B;03/11/2025 10:00;mail;Je veux résilier.", again, "T1;A;05/11/2025 09:00;mail;"]);
        let ids: Vec<&str> = contacts.iter().map(|contact| contact.contact_id.as_str()).collect();
        assert_eq!(ids, ["T1", "T2", "T1", "T1"]);
    }

    #[test]
    fn a_message_delivered_twice_among_others_is_one_turn() {
        let first = "T1;A;03/11/2025 09:00;mail;Où est ma commande ?";
        let contacts =
            read(&[first, "T1;A;04/11/2025 09:00;mail;Alors ?", first, "T1;A;06/11/2025 09:00;mail;Alors ?"]);
        let words: Vec<&str> = contacts[0].turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!((contacts.len(), words), (1, vec!["Où est ma commande ?", "Alors ?", "Alors ?"]));
    }

    #[test]
    fn different_identifiers_stay_different_contacts_and_an_identifier_of_two_customers_is_not_one() {
        let contacts = read(&[
            "T1;A;03/11/2025 09:00;mail;Où est ma commande ?",
            "T2;A;04/11/2025 09:00;mail;Toujours aucune réponse.",
            "1;B;03/11/2025 10:00;mail;Je veux résilier.",
            "1;C;04/11/2025 10:00;mail;Ma box est en panne.",
        ]);
        assert_eq!(contacts.len(), 4);
        assert!(contacts.iter().all(|contact| contact.turns.len() == 1));
    }

    /// Identifier, customer and number of turns of each contact of a table.
    fn customers_of(text: &str) -> Vec<(String, Option<String>, Vec<Speaker>)> {
        let (contacts, rejects, _) = testing::read_bytes("a.csv", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        contacts
            .into_iter()
            .map(|contact| {
                let speakers = contact.turns.iter().map(|turn| turn.speaker).collect();
                (contact.contact_id, contact.customer_id, speakers)
            })
            .collect()
    }

    #[test]
    fn an_identifier_with_two_addresses_of_customers_is_not_one_conversation() {
        let counter = "id;Date;Email;Canal;Message
1;03/09/2026 09:12;anne@example.com;mail;Ma box
2;03/09/2026 10:12;paul@example.com;mail;Mon colis
1;04/09/2026 09:12;lea@example.com;mail;Ma facture
";
        let product = "Date;Email;Canal;Référence;Message
03/09/2026 09:12;anne@example.com;mail;LAMPE-12;Elle est cassée
04/09/2026 09:12;lea@example.com;mail;LAMPE-12;Où est-elle ?
05/09/2026 09:12;anne@example.com;mail;LAMPE-12;Alors ?
";
        let telephone = "id;Date;Téléphone;Canal;Message
1;03/09/2026 09:12;06 39 98 00 11;sms;Ma box
1;04/09/2026 09:12;06 39 98 00 12;sms;Ma facture
";
        for (text, count) in [(counter, 3), (product, 3), (telephone, 2)] {
            let told = customers_of(text);
            assert_eq!(told.len(), count, "{told:?}");
            assert!(told.iter().all(|(_, customer, turns)| customer.is_some() && *turns == [Speaker::Customer]));
        }
    }

    #[test]
    fn one_address_in_two_spellings_is_one_customer_and_another_address_of_theirs_is_no_agent() {
        let again = "id;Date;Email;Canal;Message
1;03/09/2026 09:12;anne@example.com;mail;Ma box
1;04/09/2026 09:12;Anne@Example.com;mail;Alors ?
";
        let told = customers_of(again);
        assert_eq!((told.len(), told[0].2.as_slice()), (1, [Speaker::Customer; 2].as_slice()));
        // The company's own address beside its answer.
        let answered = "id;Date;Email;Canal;Message\n1;03/09/2026 09:12;anne@example.com;mail;Ma box\n1;04/09/2026 09:12;service@lumio.example.com;mail;Elle arrive.\n";
        let told = customers_of(answered);
        assert_eq!((told.len(), told[0].2.as_slice()), (1, [Speaker::Customer, Speaker::Agent].as_slice()));
        let other = "id;id_client;Date;Email;Canal;Message
1;K1;03/09/2026 09:12;anne@example.com;mail;Ma box
1;K1;04/09/2026 09:12;anne@example.net;mail;Alors ?
";
        let told = customers_of(other);
        assert_eq!((told.len(), told[0].2.as_slice()), (1, [Speaker::Customer; 2].as_slice()));
    }

    #[test]
    fn two_conversations_of_one_ticket_keep_their_speakers() {
        let text = "id,date,transcript\nD1,2026-09-03 09:12,\"Conseiller : Bonjour\nClient : Ma facture est fausse\"\nD1,2026-09-04 09:12,Et alors ?\n";
        let (contacts, ..) = testing::read_bytes("a.csv", text.as_bytes());
        assert_eq!(
            told(&contacts),
            [(
                "D1",
                vec![
                    (Speaker::Agent, "Bonjour"),
                    (Speaker::Customer, "Ma facture est fausse"),
                    (Speaker::Customer, "Et alors ?")
                ]
            )]
        );
    }

    #[test]
    fn an_identifier_that_comes_back_after_thousands_of_rows_is_found() {
        let mut text = HEADER.to_owned() + "T1;A;03/11/2025 09:00;mail;Où est ma commande ?\n";
        for id in 0..6000 {
            text.push_str(&format!("A{id};K{id};03/11/2025 09:00;mail;Bonjour\n"));
        }
        text.push_str("T1;A;04/11/2025 09:00;mail;Toujours aucune réponse.\n");
        let (contacts, rejects, summary) = testing::read_bytes("a.csv", text.as_bytes());
        assert_eq!((contacts.len(), rejects.len(), summary.records_read), (6001, 0, 6001));
        assert!(contacts.iter().any(|contact| contact.contact_id == "T1" && contact.turns.len() == 2));
    }

    #[test]
    fn objects_of_json_whose_identifier_comes_back_are_messages_too() {
        let object = |id: u32, day: u32, text: &str| {
            format!("{{\"ticket_id\":{id},\"date\":\"2026-09-0{day}T09:12:00Z\",\"message\":\"{text}\"}}")
        };
        let objects =
            [object(1, 3, "Ma box"), object(2, 3, "Mon colis"), object(1, 4, "Alors ?"), object(2, 3, "Mon colis")];
        let all = objects.join(",");
        for (name, text) in [
            ("a.jsonl", objects.join("\n")),
            ("a.json", format!("[{all}]")),
            ("a.json", format!("{{\"data\":[{all}]}}")),
        ] {
            let (contacts, rejects, _) = testing::read_bytes(name, text.as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            let customer = Speaker::Customer;
            assert_eq!(
                told(&contacts),
                [
                    ("1", vec![(customer, "Ma box"), (customer, "Alors ?")]),
                    ("2", vec![(customer, "Mon colis")]),
                    ("2", vec![(customer, "Mon colis")]),
                ],
                "{name}"
            );
        }
    }
}
