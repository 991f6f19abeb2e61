//! A unit's configuration as a document: entities and their values, changed without touching anything else, compared
//! entity by entity, with secrets masked. No file, socket or clock; bytes come in and go out.
//!
//! The element names are documented for the vendor's Management API; that a whole configuration has this shape, and the
//! security settings document altogether, are `project` (protocol.md, section 5). What is not such a document is kept as
//! opaque bytes and says why.
//!
//! - [`Document`]: load, look, [set](Document::set), save byte for byte.
//! - [`Entity`], [`Field`], [`FieldPath`]: what is in it.
//! - [`compare()`]: what is different between two documents.
//! - [`three_way()`]: what two people changed in the same document, and both brought together.
//! - [`Answer`]: what the Management API answers, in which entities travel one collection at a time.
//! - [`problems()`]: what is certainly wrong in one.
//! - [`security`]: the security settings as what they mean, with their rules.
//! - [`AuditTrail`]: an audit trail as rows.
//! - [`field_type`]: the meaning, unit and bounds of well-known fields.
//! - [`Value`], [`is_secret`], [`MASK`]: what is not to be seen.

mod answer;
mod audit;
mod compare;
mod document;
mod edit;
mod entity;
mod fields;
mod insert;
mod matching;
mod parse;
mod path;
mod problems;
mod secret;
pub mod security;
mod three_way;
mod tree;

pub use answer::{Answer, AnswerError, Refusal};
pub use audit::{AuditForm, AuditRow, AuditTrail, MAX_ROWS};
pub use compare::{Comparison, EntityChange, EntityName, FieldChange, compare};
pub use document::{Document, DocumentKind};
pub use edit::EditError;
pub use entity::{Entity, Field};
pub use fields::{Choice, FieldType, field_type};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES, OpaqueReason};
pub use path::{FieldPath, PathError};
pub use problems::{Problem, ProblemKind, problems};
pub use secret::{MASK, Value, is_secret};
pub use three_way::{
    Collision, CollisionKind, Difference, DifferenceKind, FieldCollision, MergeError, Side, ThreeWay,
    three_way,
};
