//! The collections: parts of the unit's configuration, read and changed entity by entity.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;

use hyper::{Method, StatusCode};
use quick_xml::escape::escape;
use trunkline_document::{Document, Entity, FieldPath};
use trunkline_protocol::link::Object;

use crate::audit;
use crate::content::Content;
use crate::unit::Inner;
use crate::users::random;
use crate::xml;

/// The right to read a configuration (protocol.md, tag 00540202).
pub(super) const READ: u32 = 1;
/// The right to write one.
const WRITE: u32 = 2;

/// A collection and what it takes.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) name: &'static str,
    methods: &'static [Method],
    content: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// Entities of this kind.
    Kind(&'static str),
    /// Lines of the type SIP.
    SipLines,
    /// The numbers in this field of the lines.
    LineNumbers(&'static str),
    /// The address of LAN1.
    Address,
}

const ALL: &[Method] = &[Method::GET, Method::POST, Method::PUT, Method::DELETE];
const READ_AND_CHANGE: &[Method] = &[Method::GET, Method::PUT];
const READ_ONLY: &[Method] = &[Method::GET];

const fn collection(name: &'static str, methods: &'static [Method], content: What) -> Collection {
    Collection {
        name,
        methods,
        content,
    }
}

static COLLECTIONS: [Collection; 11] = [
    collection("users", ALL, What::Kind("User")),
    collection("extensions", ALL, What::Kind("Extension")),
    collection("huntgroups", ALL, What::Kind("HuntGroup")),
    collection("siplines", ALL, What::SipLines),
    collection("shortcodes", ALL, What::Kind("ShortCode")),
    collection("incoming_call_routes", ALL, What::Kind("IncomingCallRoute")),
    collection("systems", READ_AND_CHANGE, What::Kind("System")),
    collection("provisionIPAddress", READ_AND_CHANGE, What::Address),
    collection("licenses", READ_ONLY, What::Kind("License")),
    collection(
        "incoming_group_ids",
        READ_ONLY,
        What::LineNumbers("IncomingGroupId"),
    ),
    collection(
        "outgoing_group_ids",
        READ_ONLY,
        What::LineNumbers("OutgoingGroupId"),
    ),
];

/// Why a unit does not do what it is asked for, in its own words.
#[derive(Debug)]
pub(super) struct Refusal {
    code: &'static str,
    text: &'static str,
}

impl Refusal {
    pub(super) const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text }
    }

    pub(super) const fn time_out() -> Self {
        Self::new("461:SessionTimeout", "Log in again")
    }
}

impl fmt::Display for Refusal {
    /// The error element.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, text } = self;
        write!(
            f,
            "<error><error_code>{code}</error_code><error_desc>{text}</error_desc></error>"
        )
    }
}

/// Why nothing was done.
pub(super) enum No {
    Status(StatusCode),
    Refused(Refusal),
}

impl From<StatusCode> for No {
    fn from(status: StatusCode) -> Self {
        Self::Status(status)
    }
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Collection {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        COLLECTIONS.iter().find(|collection| collection.name == name)
    }

    pub(super) fn takes(&self, method: &Method) -> bool {
        self.methods.contains(method)
    }

    fn holds(&self, entity: &Entity<'_>) -> bool {
        match self.content {
            What::Kind(kind) => entity.kind() == kind,
            What::SipLines => entity.kind() == "Line" && value(entity, "LineType").as_deref() == Some("SIP"),
            What::LineNumbers(_) | What::Address => false,
        }
    }

    /// Its objects, and how many.
    fn read(&self, document: &Document) -> (String, usize) {
        let objects: Vec<String> = match self.content {
            What::Kind(_) | What::SipLines => document
                .entities()
                .filter(|entity| self.holds(entity))
                .map(|entity| entity.source().to_owned())
                .collect(),
            What::LineNumbers(field) => {
                let lines = document.entities().filter(|entity| entity.kind() == "Line");
                let numbers: BTreeSet<String> = lines.filter_map(|line| value(&line, field)).collect();
                let object = |number: &String| format!("<{field}><Id>{}</Id></{field}>", escape(number));
                numbers.iter().map(object).collect()
            }
            What::Address => address(document)
                .map(|address| {
                    format!(
                        "<ProvisionIPAddress><IPAddress>{}</IPAddress></ProvisionIPAddress>",
                        escape(&address)
                    )
                })
                .into_iter()
                .collect(),
        };
        let count = objects.len();
        (objects.iter().map(|object| wrapped(object)).collect(), count)
    }
}

fn wrapped(entity: &str) -> String {
    format!("<ws_object>{entity}</ws_object>")
}

/// Does what is asked for; what stands inside of the response.
pub(super) fn act(
    unit: &Inner,
    collection: &Collection,
    method: &Method,
    guid: Option<&str>,
    body: Option<&str>,
    user: usize,
) -> Result<String, No> {
    if *method == Method::GET {
        let (document, _) = held(unit)?;
        let (objects, count) = collection.read(&document);
        let name = collection.name;
        return Ok(format!(
            "<data set=\"{name}\" totalRecords=\"{count}\">{objects}</data>"
        ));
    }
    let may = unit
        .changing()
        .users
        .get(user)
        .is_some_and(|user| user.rights.has(WRITE));
    if !may || unit.write_refusal().is_some() {
        return Err(Refusal::new("403:Forbidden", "No right to change the configuration").into());
    }
    loop {
        let (document, revision) = held(unit)?;
        let (new, inside) = changed(&document, collection, method, guid, body)?;
        if new.len() as u64 > unit.max_size() {
            return Err(Refusal::new("413:TooLarge", "The configuration would be too large").into());
        }
        let parts = &unit.spec.merge_needs_reboot;
        let before = xml::inspect(document.as_bytes(), xml::CONFIGURATION_ROOT, parts);
        let after =
            xml::inspect(&new[..], xml::CONFIGURATION_ROOT, parts).map_err(|_| StatusCode::BAD_REQUEST)?;
        let notice = if before.is_ok_and(|before| before == after) {
            ""
        } else {
            "<REBOOT>true</REBOOT>"
        };
        let stored = unit.store(Object::Configuration, Content::from_bytes(new.into()), &revision);
        if stored.is_ok() {
            unit.api_changes.fetch_add(1, Ordering::SeqCst);
            return Ok(format!("{notice}{inside}"));
        }
        // Somebody else was faster: on top of that, then.
    }
}

fn held(unit: &Inner) -> Result<(Document, String), No> {
    let failed = |_| No::Status(StatusCode::INTERNAL_SERVER_ERROR);
    let (content, revision) = unit.object(Object::Configuration).map_err(failed)?;
    let document = Document::load(content.to_bytes().map_err(failed)?.into());
    if document.opaque_reason().is_some() {
        return Err(StatusCode::INTERNAL_SERVER_ERROR.into());
    }
    Ok((document, revision))
}

/// The configuration with the change in it, and what the answer says of it.
fn changed(
    document: &Document,
    collection: &Collection,
    method: &Method,
    guid: Option<&str>,
    body: Option<&str>,
) -> Result<(Vec<u8>, String), No> {
    let there = |guid: Option<&str>| {
        document
            .entities()
            .find(|entity| collection.holds(entity) && same(entity.guid().as_deref(), guid))
    };
    if *method == Method::DELETE {
        let entity = there(guid).ok_or(StatusCode::NOT_FOUND)?;
        let mut document = document.clone();
        let gone = document.remove_entity(entity.position());
        gone.map_err(|_| StatusCode::BAD_REQUEST)?;
        return Ok((document.into_bytes(), String::new()));
    }
    let sent = Document::load(body.ok_or(StatusCode::BAD_REQUEST)?.as_bytes().to_vec());
    let (Some(entity), None) = (sent.entity(0), sent.entity(1)) else {
        return Err(StatusCode::BAD_REQUEST.into());
    };
    if let What::Address = collection.content {
        let address = value(&entity, "IPAddress").ok_or(StatusCode::BAD_REQUEST)?;
        return Ok((with_address(document, &address)?, String::new()));
    }
    if *method == Method::POST {
        if !collection.holds(&entity) {
            return Err(StatusCode::BAD_REQUEST.into());
        }
        if there(entity.guid().as_deref()).is_some() {
            return Err(Refusal::new("409:Exists", "There is an entity with this GUID").into());
        }
        let source = match entity.guid() {
            Some(_) => entity.source().to_owned(),
            None => with_guid(entity.source())?,
        };
        let mut document = document.clone();
        let added = document.add_entity(&wrapped(&source));
        added.map_err(|_| StatusCode::BAD_REQUEST)?;
        return Ok((
            document.into_bytes(),
            format!("<data>{}</data>", wrapped(&source)),
        ));
    }
    let wanted = guid.map(str::to_owned).or_else(|| entity.guid().map(Into::into));
    let before = there(wanted.as_deref()).ok_or(StatusCode::NOT_FOUND)?;
    if before.kind() != entity.kind() || !same(entity.guid().as_deref(), wanted.as_deref()) {
        return Err(StatusCode::BAD_REQUEST.into());
    }
    Ok((replaced(document, &before, entity.source())?, String::new()))
}

/// Whatever is left out of `source` is gone: the entity becomes what was sent.
fn replaced(document: &Document, before: &Entity<'_>, source: &str) -> Result<Vec<u8>, No> {
    let range = place_of(document, before);
    let bytes = document.as_bytes();
    let new = [&bytes[..range.start], source.as_bytes(), &bytes[range.end..]].concat();
    let mut document = Document::load(new);
    let etag = hex(&random().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
    for (field, value) in [("Etag", &etag[..8]), ("Last-Modified", &audit::now())] {
        // Entities without them do not get any.
        let _ = field
            .parse()
            .map(|path: FieldPath| document.set(before.position(), &path, value));
    }
    Ok(document.into_bytes())
}

/// Where an entity stands in the bytes of its document, which it borrows from.
fn place_of(document: &Document, entity: &Entity<'_>) -> Range<usize> {
    let source = entity.source();
    let start = (source.as_ptr() as usize).saturating_sub(document.as_bytes().as_ptr() as usize);
    start..start + source.len()
}

fn with_guid(source: &str) -> Result<String, No> {
    let guid = hex(&random().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
    let end = source.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
    let end = end.ok_or(StatusCode::BAD_REQUEST)?;
    Ok(format!("{} GUID=\"{guid}\"{}", &source[..end], &source[end..]))
}

const ADDRESS: &str = "LANs/LAN[id=LAN1]/IPAddress";

fn address(document: &Document) -> Option<String> {
    let system = document.entities().find(|entity| entity.kind() == "System")?;
    value(&system, ADDRESS)
}

fn with_address(document: &Document, address: &str) -> Result<Vec<u8>, No> {
    let mut document = document.clone();
    let system = document
        .entities()
        .position(|entity| entity.kind() == "System")
        .ok_or(StatusCode::NOT_FOUND)?;
    let path: FieldPath = ADDRESS.parse().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let set = document.set(system, &path, address);
    set.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(document.into_bytes())
}

fn value(entity: &Entity<'_>, path: &str) -> Option<String> {
    Some(entity.get(&path.parse().ok()?)?.reveal().to_owned())
}

fn same(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return false;
    };
    one.eq_ignore_ascii_case(other)
}

fn hex(bytes: &[u8; 16]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
