//! Audit trails on screen.

use serde::Serialize;
use specta::Type;
use trunkline_core::ArchiveEntry;
use trunkline_core::workbench::AuditView;

use super::{Amount, count, instant};

/// An audit trail, as rows.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AuditTrail {
    revision: String,
    sha256: String,
    bytes: Amount,
    received_at: String,
    /// `entries`, `lines` or `opaque`.
    form: String,
    rows: Vec<AuditEntry>,
    left_out: u32,
    /// Everything that the archive has, the latest first.
    kept: Vec<KeptAudit>,
}

/// One thing that happened; empty where the unit does not say it.
#[derive(Debug, Clone, Serialize, Type)]
pub struct AuditEntry {
    time: String,
    user: String,
    source: String,
    action: String,
    result: String,
    /// Everything else that it says.
    more: String,
}

/// A trail in the archive.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct KeptAudit {
    sha256: String,
    revision: String,
    received_at: String,
}

impl From<AuditView> for AuditTrail {
    fn from(view: AuditView) -> Self {
        let AuditView { kept, trails } = view;
        let rows = kept.trail.rows.into_iter().map(|row| AuditEntry {
            more: row
                .other
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join(", "),
            time: row.time,
            user: row.user,
            source: row.source,
            action: row.action,
            result: row.result,
        });
        Self {
            revision: kept.entry.revision,
            sha256: kept.entry.sha256.to_string(),
            bytes: kept.entry.bytes.into(),
            received_at: instant(Some(kept.entry.received_at)),
            form: kept.trail.form.code().to_owned(),
            rows: rows.collect(),
            left_out: count(kept.trail.left_out),
            kept: trails.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ArchiveEntry> for KeptAudit {
    fn from(entry: ArchiveEntry) -> Self {
        Self {
            sha256: entry.sha256.to_string(),
            revision: entry.revision,
            received_at: instant(Some(entry.received_at)),
        }
    }
}
