//! All collections in one configuration document.

use std::time::Duration;

use sha2::{Digest, Sha256};
use trunkline_document::{Answer, Document, DocumentKind, MAX_BYTES};

use super::collections::COLLECTIONS;
use super::http::Lost;
use super::session::{ApiSession, Call};
use crate::fingerprint::hex;
use crate::progress::{Progress, Report};
use crate::session::is_cut;
use crate::{ContentHash, Error, ErrorKind, Result, Step};

/// What revisions of this method begin with, so that nobody takes one for a unit's own.
pub(crate) const REVISION_PREFIX: &str = "api-";
/// Bytes of the hash that a revision shows.
const REVISION_BYTES: usize = 8;

const OPEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n";
const CLOSE: &str = "</data>\n";

/// The first pause before a lost connection is opened again; it doubles up to [`LONGEST_PAUSE`].
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// What a unit's Management API shows of its configuration, at one time.
#[derive(Debug)]
pub struct Snapshot {
    document: Document,
    /// The collection of each entity of the document.
    origin: Vec<usize>,
    revision: String,
    not_offered: Vec<&'static str>,
}

impl Snapshot {
    fn new(text: String, origin: Vec<usize>, not_offered: Vec<&'static str>) -> Result<Self> {
        let document = Document::load(text.into_bytes());
        if document.kind() != DocumentKind::Configuration || document.entity_count() != origin.len() {
            let why = "the collections make no configuration together";
            return Err(ErrorKind::Damaged(why.into()).into());
        }
        Ok(Self {
            revision: revision(&document),
            document,
            origin,
            not_offered,
        })
    }

    /// What a unit with these collections holds.
    #[cfg(test)]
    pub(super) fn of(collections: &[(&str, &str)]) -> Self {
        let (mut text, mut origin) = (String::from(OPEN), Vec::new());
        for (name, objects) in collections {
            let answer = format!("<response status='1'><data>{objects}</data></response>");
            let (part, entities) = part(&Answer::read(answer.as_bytes()).unwrap(), name).unwrap();
            let index = COLLECTIONS.iter().position(|known| known.name == *name).unwrap();
            text.push_str(&part);
            origin.resize(origin.len() + entities, index);
        }
        Self::new(text + CLOSE, origin, Vec::new()).unwrap()
    }

    /// The document: `<data>` with each object as the unit wrote it, in the order of the collections.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the document's bytes.
    pub fn sha256(&self) -> ContentHash {
        ContentHash::of(self.document.as_bytes())
    }

    /// A name for what the unit holds: `api-` and a hash over every entity's values, without `Etag` and
    /// `Last-Modified` and whatever the order (`project`). The Management API has no revision of its own.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// Collections that this unit does not have.
    pub fn not_offered(&self) -> &[&'static str] {
        &self.not_offered
    }

    /// The place in the table of the collection that the entity at this position came from.
    pub(super) fn origin(&self, position: usize) -> Option<usize> {
        self.origin.get(position).copied()
    }

    /// The collection that the unit has entities of this kind in.
    pub(super) fn home_of(&self, kind: &str) -> Option<usize> {
        let position = self.document.entities().position(|entity| entity.kind() == kind);
        self.origin(position?)
    }
}

impl ApiSession {
    /// Reads every collection. Lost connections are opened again as far as the tries reach.
    ///
    /// # Errors
    /// What the unit refuses, [`ErrorKind::ConnectionLost`], [`ErrorKind::Damaged`] and [`ErrorKind::Protocol`] for
    /// what can not be a configuration.
    pub async fn read(&mut self, step: Step, report: Report<'_>) -> Result<Snapshot> {
        let address = self.access().address();
        self.read_collections(step, report)
            .await
            .map_err(|error| error.at(step).address(address))
    }

    async fn read_collections(&mut self, step: Step, report: Report<'_>) -> Result<Snapshot> {
        let mut text = String::from(OPEN);
        let mut origin = Vec::new();
        let mut not_offered = Vec::new();
        for (index, collection) in COLLECTIONS.iter().enumerate() {
            let left = MAX_BYTES.saturating_sub(text.len() + CLOSE.len());
            let answer = match self.get(collection.name, left, report).await {
                Err(error) if matches!(error.kind(), ErrorKind::NotOffered(_)) => {
                    not_offered.push(collection.name);
                    continue;
                }
                other => other?,
            };
            let (part, entities) = part(&answer, collection.name)?;
            // What was JSON may have grown.
            if part.len() > left {
                return Err(too_large());
            }
            text.push_str(&part);
            origin.resize(origin.len() + entities, index);
            let done = text.len() as u64;
            report(match step {
                Step::Backup => Progress::BackingUp { done, total: 0 },
                _ => Progress::Receiving { done, total: 0 },
            });
        }
        if not_offered.len() == COLLECTIONS.len() {
            let why = "what answers has none of the collections of the Management API";
            return Err(ErrorKind::NotOffered(why).into());
        }
        text.push_str(CLOSE);
        self.not_offered.clone_from(&not_offered);
        Snapshot::new(text, origin, not_offered)
    }

    /// Reads one collection, again after a lost connection.
    pub(super) async fn get(&mut self, collection: &str, most: usize, report: Report<'_>) -> Result<Answer> {
        let mut pause = FIRST_PAUSE;
        loop {
            let Lost { error, .. } = match self.call(&Call::get(collection, most), report).await {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            };
            if !is_cut(&error) || !self.http.may_reconnect() {
                return Err(error);
            }
            self.http.reconnect_later(pause, report).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn too_large() -> Error {
    let why = format!("all collections together are larger than {MAX_BYTES} bytes");
    ErrorKind::Protocol(why).into()
}

/// The objects of one collection as text, each on its line, and how many entities they are.
fn part(answer: &Answer, collection: &str) -> Result<(String, usize)> {
    let found = answer.object_count() as u64;
    if let Some(announced) = answer.announced().filter(|announced| *announced != found) {
        let why = format!("it announced {announced} objects in {collection} and sent {found}");
        return Err(ErrorKind::Damaged(why).into());
    }
    let mut text = String::new();
    for object in answer.objects() {
        text.push_str(object);
        text.push('\n');
    }
    let alone = Document::load(format!("{OPEN}{text}{CLOSE}").into_bytes());
    if alone.kind() == DocumentKind::Configuration {
        Ok((text, alone.entity_count()))
    } else {
        let why = format!("what it holds in {collection} can not be read");
        Err(ErrorKind::Damaged(why).into())
    }
}

/// The same values have the same revision, whatever order they come in.
pub(super) fn revision(document: &Document) -> String {
    let mut entities: Vec<[u8; 32]> = document
        .entities()
        .map(|entity| {
            let mut hash = Sha256::new();
            // Lengths go before texts, so that no two entities look alike put together.
            let mut text = |text: &str| {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            };
            text(&entity.kind());
            text(&entity.guid_key().unwrap_or_default());
            for field in entity.meaning() {
                text(&field.path.to_string());
                text(field.value.reveal());
            }
            hash.finalize().into()
        })
        .collect();
    entities.sort_unstable();
    let hash = entities
        .iter()
        .fold(Sha256::new(), Sha256::chain_update)
        .finalize();
    format!("{REVISION_PREFIX}{}", hex(&hash[..REVISION_BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(inside: &str) -> Document {
        Document::load(format!("<data>{inside}</data>").into_bytes())
    }

    #[test]
    fn a_revision_stands_for_the_values_alone() {
        let one = "<ws_object><User GUID='a1'><Name>A</Name><Etag>1</Etag></User></ws_object>";
        let two = "<ws_object><User GUID='b2'><Name>B</Name></User></ws_object>";
        let first = revision(&document(&format!("{one}{two}")));
        assert!(first.len() == 20 && first.starts_with("api-"), "{first}");
        for same in [
            format!("{two}\n{one}"),
            format!("{}{two}", one.replace(">1<", ">2<")),
            format!("{}{two}", one.replace("a1", "{A1}")),
        ] {
            assert_eq!(revision(&document(&same)), first, "{same}");
        }
        for other in [
            one.to_owned(),
            format!("{one}{two}{two}"),
            format!("{}{two}", one.replace(">A<", ">B<")),
            format!("{}{two}", one.replace("User", "Line")),
            format!("{one}{}", two.replace("b2", "b3")),
        ] {
            assert_ne!(revision(&document(&other)), first, "{other}");
        }
        // Written down, so that it does not change unnoticed between releases.
        assert_eq!(revision(&document("")), "api-e3b0c44298fc1c14");
    }

    #[test]
    fn a_collection_that_is_not_what_it_says_is_damaged() {
        let read = |data: &str| {
            let answer = format!("<response status='1'>{data}</response>");
            let answer = Answer::read(answer.as_bytes()).unwrap();
            part(&answer, "users").map_err(|error| error.to_string())
        };
        let user = "<ws_object><User GUID='1'/></ws_object>";
        assert_eq!(
            read(&format!("<data totalRecords='1'>{user}</data>")),
            Ok((format!("{user}\n"), 1))
        );
        assert_eq!(read("<data totalRecords='0'/>"), Ok((String::new(), 0)));
        assert_eq!(read(""), Ok((String::new(), 0)));
        for (count, expect) in [(2, "announced 2"), (0, "announced 0")] {
            let error = read(&format!("<data totalRecords='{count}'>{user}</data>")).unwrap_err();
            assert!(error.contains(expect), "{error}");
        }
    }
}
