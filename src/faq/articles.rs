//! The company's articles: the file of `[faq] articles` to [`Articles`], one row per article and language.
//!
//! The file is either right or refused, with all its problems together: an article that was left out would pass for a
//! question that nobody answers. Bodies in HTML, as help centres export them, become text.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::Result;
use crate::source::side::{self, Problems, SideRow, Wanted};
use crate::source::{language_code, without_markup};
use crate::text::language::detect;
use crate::text::normalize::normalize;

/// A line of JSON as it should be.
const EXAMPLE: &str = r#"{"article_id":"A1","title":"…","text":"…"}"#;

/// Longest name of an article without a title, in characters.
const NAME_CHARS: usize = 80;

/// Normalised names of the columns, best first: identifier, title, text, language, address.
#[rustfmt::skip]
const FIELDS: [&[&str]; 5] = [
    &[
        "articleid", "idarticle", "identifiantarticle", "numeroarticle", "narticle", "refarticle", "referencearticle",
        "faqid", "idfaq", "entryid", "id", "identifiant", "ref", "reference", "key", "cle", "slug", "code", "numero",
        "number", "num", "no", "n",
    ],
    &[
        "title", "titre", "articletitle", "titrearticle", "question", "intitule", "subject", "sujet", "objet",
        "headline", "name", "nom",
    ],
    &[
        "text", "texte", "body", "corps", "answer", "reponse", "contenu", "content", "html", "bodyhtml", "htmlbody",
        "solution", "descriptiontext", "description",
    ],
    &["language", "langue", "lang", "locale", "languagecode", "codelangue", "sourcelocale"],
    &["url", "htmlurl", "lien", "link", "permalink", "href", "adresse"],
];

/// One language of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// ISO 639-1 code: as the file says, else told from the words.
    pub language: Option<String>,
    /// Title, on one line; never blank.
    pub title: Option<String>,
    /// Text without markup; never blank. There is a title or a text.
    pub text: Option<String>,
    /// Address.
    pub url: Option<String>,
}

impl Version {
    /// The title, else how the text begins.
    pub fn name(&self) -> String {
        if let Some(title) = &self.title {
            return title.clone();
        }
        let words = self.text.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() <= NAME_CHARS {
            return words;
        }
        words.chars().take(NAME_CHARS - 1).chain(['…']).collect()
    }
}

/// One article, in one or more languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Identifier.
    pub article_id: String,
    /// Its languages, in the order of the file; never empty, no language twice.
    pub versions: Vec<Version>,
}

impl Article {
    /// The version in a language, else the first one.
    pub fn version(&self, language: Option<&str>) -> &Version {
        let own = self.versions.iter().find(|version| language.is_some() && version.language.as_deref() == language);
        own.unwrap_or(&self.versions[0])
    }

    /// The languages of its versions, by name.
    pub fn languages(&self) -> Vec<&str> {
        let mut languages: Vec<&str> = self.versions.iter().filter_map(|it| it.language.as_deref()).collect();
        languages.sort_unstable();
        languages
    }
}

/// Every article of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Articles {
    /// Articles, by identifier; never empty.
    pub articles: Vec<Article>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Articles {
    /// Reads a CSV, TSV or JSONL file, compressed or not.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) with every problem of the file and its rows: it cannot be read, lacks a column or holds no
    /// article; a row cannot be read, has no identifier, or neither title nor text, or repeats an article in its language.
    pub fn read(path: &Path) -> Result<Self> {
        let mut problems = Problems::of(path);
        let Some(table) = side::open_table(path, FIELDS.map(Wanted::First), &mut problems) else {
            return Err(problems.into());
        };
        let [has_id, has_title, has_text, ..] = table.has;
        let is_read = |row: &SideRow<5>| row.cells.is_ok();
        if table.rows.is_empty() {
            problems.of_file("it holds no article; write a header row, then one row per article and language".into());
        } else if table.rows.iter().any(is_read) {
            let names = table.names.join(", ");
            if !has_id {
                problems
                    .of_file(format!("no column names the articles; call it article_id (the columns are: {names})"));
            }
            if !has_title && !has_text {
                problems.of_file(format!(
                    "no column holds the articles' words; call it title or text (the columns are: {names})"
                ));
            }
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let mut articles: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        let mut rows: BTreeMap<(String, Option<String>), u64> = BTreeMap::new();
        for row in table.rows {
            let cells = match row.cells {
                Ok(cells) => cells,
                Err(damage) => {
                    problems.of_row(row.number, damage.told(EXAMPLE));
                    continue;
                }
            };
            let [id, title, text, language, url] = cells.map(|cells| cells.into_iter().next());
            let version = version(title, text, language, url);
            if version.title.is_none() && version.text.is_none() {
                problems.of_row(row.number, "neither a title nor a text; fill one of them, or remove the row".into());
            }
            let Some(id) = id.map(|id| id.trim().to_owned()) else {
                problems.of_row(row.number, "no article_id; give the article one, or remove the row".into());
                continue;
            };
            if let Some(before) = rows.insert((id.clone(), version.language.clone()), row.number) {
                problems.of_row(row.number, repeated(before, version.language.as_deref()));
            }
            articles.entry(id).or_default().push(version);
        }
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let articles = articles.into_iter().map(|(article_id, versions)| Article { article_id, versions }).collect();
        Ok(Self { articles, sha256: table.sha256 })
    }

    /// Number of articles.
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// Whether there is no article; never true of a file that was read.
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// Number of rows of the file: versions of articles.
    pub fn versions(&self) -> usize {
        self.articles.iter().map(|article| article.versions.len()).sum()
    }

    /// The place of an article; `None` when there is none of this identifier.
    pub fn place(&self, article_id: &str) -> Option<usize> {
        self.articles.binary_search_by(|article| article.article_id.as_str().cmp(article_id)).ok()
    }
}

/// The words of one row.
fn version(title: Option<String>, text: Option<String>, language: Option<String>, url: Option<String>) -> Version {
    let words = |cell: Option<String>| cell.map(|cell| normalize(&without_markup(cell))).filter(|it| !it.is_empty());
    let title = words(title).map(|title| title.split_whitespace().collect::<Vec<_>>().join(" "));
    let text = words(text);
    let language = language.and_then(|language| language_code(&language)).or_else(|| {
        let all = [title.as_deref(), text.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("\n");
        detect(&all).map(str::to_owned)
    });
    Version { language, title, text, url: url.map(|url| url.trim().to_owned()) }
}

fn repeated(before: u64, language: Option<&str>) -> String {
    match language {
        Some(language) => {
            format!(
                "row {before} has this article_id in the same language ({language}); keep one row per article and language"
            )
        }
        None => format!(
            "row {before} has this article_id, and neither of the two says its language; fill the column language"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::source::side::LISTED;

    fn read(name: &str, text: &str) -> Result<Articles> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Articles::read(&path)
    }

    /// Place and message of every problem of a CSV file.
    fn problems(text: &str) -> Vec<(String, String)> {
        problems_of("faq.csv", text)
    }

    fn problems_of(name: &str, text: &str) -> Vec<(String, String)> {
        let Err(Error::Config { problems }) = read(name, text) else { panic!("no problem was found in {text}") };
        assert!(problems.iter().all(|problem| problem.file.ends_with(name)), "{problems:?}");
        problems.into_iter().map(|problem| (problem.at, problem.message)).collect()
    }

    #[test]
    fn exports_of_help_centres_are_read_with_their_own_names_and_without_their_markup() {
        let expected =
            ("12", "Suivre un colis", "Ouvrez Mes commandes.\n\nPuis « Suivre ».", "https://aide.example.com/12");
        for (name, text) in [
            (
                "zendesk.jsonl",
                r#"{"id":12,"name":"colis","title":"Suivre un colis","body":"<p>Ouvrez <b>Mes commandes</b>.</p><p>Puis &laquo;&nbsp;Suivre&nbsp;&raquo;.</p>","locale":"fr-FR","html_url":"https://aide.example.com/12"}"#,
            ),
            (
                "aide.csv",
                "N°;Intitulé;Réponse;Langue;Lien\n12;Suivre un colis;\"Ouvrez Mes commandes.\n\nPuis « Suivre ».\";Français;https://aide.example.com/12\n",
            ),
            (
                "faq.tsv",
                "slug\tquestion\tcontent\turl\n12\t<b>Suivre</b> un colis\t<p>Ouvrez Mes commandes.</p><p>Puis « Suivre ».</p>\thttps://aide.example.com/12\n",
            ),
        ] {
            let articles = read(name, text).unwrap();
            assert_eq!((articles.len(), articles.versions(), articles.is_empty()), (1, 1, false));
            let article = &articles.articles[0];
            let version = article.version(None);
            let found = (
                article.article_id.as_str(),
                version.title.as_deref().unwrap(),
                version.text.as_deref().unwrap(),
                version.url.as_deref().unwrap(),
            );
            assert_eq!(found, expected, "{name}");
            assert_eq!(article.languages(), ["fr"], "{name}");
        }
    }

    #[test]
    fn an_article_has_one_version_a_language_in_the_order_of_the_file() {
        let text = "article_id,title,text,language\nb,Where is my order?,,en-GB\na,,Le mot de passe oublié se change dans votre compte.,\nb,Où est ma commande ?,,fr_FR\n";
        let articles = read("faq.csv", text).unwrap();
        let ids: Vec<&str> = articles.articles.iter().map(|article| article.article_id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        let [a, b] = &articles.articles[..] else { unreachable!() };
        assert_eq!((articles.versions(), a.languages(), b.languages()), (3, vec!["fr"], vec!["en", "fr"]));
        assert_eq!(b.version(Some("fr")).name(), "Où est ma commande ?");
        for language in [None, Some("de"), Some("en")] {
            assert_eq!(b.version(language).name(), "Where is my order?", "{language:?}");
        }
        assert_eq!(a.version(None).name(), "Le mot de passe oublié se change dans votre compte.");
        assert_eq!((articles.place("b"), articles.place("c")), (Some(1), None));
    }

    #[test]
    fn the_name_of_an_article_without_title_is_how_its_text_begins() {
        let text = format!("id,text\na,\"{}\"\n", "mot de passe, ".repeat(10));
        let name = read("faq.csv", &text).unwrap().articles[0].version(None).name();
        assert!(name.starts_with("mot de passe, mot") && name.ends_with('…'), "{name}");
        assert_eq!(name.chars().count(), NAME_CHARS);
    }

    #[test]
    fn every_row_that_is_wrong_is_told_with_its_number_and_what_to_do() {
        let text = "article_id,title,text,language\na,Title,,en\n,Title,,en\nb,,,\na,Again,,en-US\nc,1,2,en,5\nd,42,,\nd,43,,\n";
        let expected = [
            ("row 3", "no article_id; give the article one, or remove the row"),
            ("row 4", "neither a title nor a text; fill one of them, or remove the row"),
            ("row 5", "row 2 has this article_id in the same language (en); keep one row per article and language"),
            ("row 6", "5 cells where the header has 4; check the separators and the quotes"),
            ("row 8", "row 7 has this article_id, and neither of the two says its language; fill the column language"),
        ];
        assert_eq!(problems(text), expected.map(|(at, message)| (at.to_owned(), message.to_owned())));
        let told =
            problems_of("faq.jsonl", "{\"id\":\"a\",\"title\":\"Secret\"}\n[\"Secret\"]\n{\"title\":\"Secret\"}\n");
        assert_eq!(told.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(), ["row 2", "row 3"]);
        assert!(
            told[0].1.starts_with("not a JSON object; write one a line") && !told[0].1.contains("Secret"),
            "{told:?}"
        );
        assert_eq!(
            problems("id,title\na,\"b\nc,d\n")[0],
            ("row 2".to_owned(), "not a row of the table; check its quotes".to_owned())
        );
    }

    #[test]
    fn a_file_that_holds_no_article_is_refused_with_what_it_lacks() {
        for (name, text, told) in [
            (
                "faq.csv",
                "article_id,title\n",
                "it holds no article; write a header row, then one row per article and language",
            ),
            ("faq.jsonl", "\n", "it holds no article; write a header row, then one row per article and language"),
            (
                "faq.csv",
                "titel,title\na,b\n",
                "no column names the articles; call it article_id (the columns are: titel, title)",
            ),
            (
                "faq.csv",
                "id,words\na,b\n",
                "no column holds the articles' words; call it title or text (the columns are: id, words)",
            ),
            ("faq.xlsx", "x", "expected a name that ends in .csv, .tsv or .jsonl, with .gz behind it when compressed"),
        ] {
            assert_eq!(problems_of(name, text), [(String::new(), told.to_owned())], "{text}");
        }
        let Err(Error::Config { problems }) = Articles::read(Path::new("no/such/faq.csv")) else { panic!() };
        assert_eq!((problems.len(), problems[0].file.as_str()), (1, "no/such/faq.csv"));
        assert!(
            problems[0].message.starts_with("cannot be read: ")
                && problems[0].message.ends_with("; check the file and its path")
        );
    }

    #[test]
    fn of_very_many_problems_the_first_are_listed_and_the_others_counted() {
        let told = problems(&format!("id,title\n{}", "a,\n".repeat(30)));
        assert_eq!(told.len(), LISTED + 1);
        // Each row has no words, and each but the first repeats an article.
        assert_eq!(told[LISTED].1, format!("further problems, not listed: {}", 30 + 29 - LISTED));
    }

    #[test]
    fn the_order_of_the_rows_changes_the_hash_and_no_article() {
        let rows = ["b,Where is it?,en", "a,Lost password,en", "c,Refunds,en"];
        let file = |rows: &[&str]| read("faq.csv", &format!("id,title,language\n{}\n", rows.join("\n"))).unwrap();
        let (straight, mut reversed) = (file(&rows), rows);
        reversed.reverse();
        let reversed = file(&reversed);
        assert_eq!(straight.articles, reversed.articles);
        assert_ne!(straight.sha256, reversed.sha256);
        assert_eq!(straight.sha256.len(), 64);
    }
}
