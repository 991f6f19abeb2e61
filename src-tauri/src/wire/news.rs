//! What the program says without being asked.

use serde::Serialize;
use specta::Type;
use trunkline_core::Notice;
use trunkline_core::discovery::InterfaceAddress;
use trunkline_core::workbench;

use super::count;
use super::units::Network;

/// A configuration with changes that were neither sent nor saved.
#[derive(Debug, Clone, Serialize, Type)]
pub struct UnsavedDocument {
    name: String,
    changes: u32,
}

/// One thing that the program says.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum News {
    /// The keychain waits for a person to answer the system's prompt, or does so no longer.
    Keychain {
        /// Whether it waits.
        waiting: bool,
    },
    /// A file could not be understood; it was kept under another name and a new one was started.
    FileDamaged {
        /// The file.
        file: String,
        /// Where its content is now.
        kept_as: String,
        /// What was wrong with it.
        reason: String,
    },
    /// A file does not exist, but damaged ones were moved aside before.
    FileStartedEmpty {
        /// The file.
        file: String,
        /// The damaged ones.
        kept: Vec<String>,
    },
    /// Something else happened to this program's files.
    Notice {
        /// What, as a sentence.
        text: String,
    },
    /// Another program changed sites or preferences.
    StoreChanged,
    /// What a unit said over the Management API.
    Remarks {
        /// The unit, by name.
        unit: String,
        /// It must restart before something takes effect.
        restart_needed: bool,
        /// Collections that it does not have.
        not_offered: Vec<String>,
        /// What was written, and is not there as it was sent.
        kept_otherwise: Vec<String>,
    },
    /// Log-ins ended because nobody used them.
    LoggedOut {
        /// The units, by name.
        units: Vec<String>,
        /// For how long nobody used them.
        minutes: u32,
    },
    /// This computer's addresses changed.
    NetworksChanged {
        /// Those that came, each as `eth0 10.0.1.5/24`.
        added: Vec<String>,
        /// Those that went.
        removed: Vec<String>,
        /// The networks that there are now.
        networks: Vec<Network>,
    },
    /// Security settings that nobody used for a while were closed.
    SecurityClosed {
        /// Which.
        id: String,
    },
    /// Somebody wants to close the window while something is not finished.
    Closing {
        /// What was neither sent nor saved.
        documents: Vec<UnsavedDocument>,
        /// How many receives, sends and restarts are under way.
        transfers: u32,
    },
}

impl From<workbench::News> for News {
    fn from(news: workbench::News) -> Self {
        use workbench::News as Core;
        match news {
            Core::Keychain { waiting } => Self::Keychain { waiting },
            Core::Notice(notice) => notice.into(),
            Core::StoreChanged => Self::StoreChanged,
            Core::Remarks {
                unit,
                restart_needed,
                not_offered,
                kept_otherwise,
            } => Self::Remarks {
                unit,
                restart_needed,
                not_offered,
                kept_otherwise,
            },
            Core::LoggedOut { units, minutes } => Self::LoggedOut { units, minutes },
            Core::NetworksChanged { changes, networks } => Self::NetworksChanged {
                added: changes.added.iter().map(in_words).collect(),
                removed: changes.removed.iter().map(in_words).collect(),
                networks: networks.into_iter().map(Into::into).collect(),
            },
            Core::SecurityClosed { id } => Self::SecurityClosed { id },
            Core::Closing(unfinished) => Self::Closing {
                documents: unfinished
                    .documents
                    .into_iter()
                    .map(|document| UnsavedDocument {
                        name: document.name,
                        changes: count(document.changes),
                    })
                    .collect(),
                transfers: count(unfinished.transfers),
            },
        }
    }
}

fn in_words(address: &InterfaceAddress) -> String {
    format!(
        "{} {}/{}",
        address.interface, address.address, address.prefix_length
    )
}

impl From<Notice> for News {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Damaged {
                file,
                kept_as,
                reason,
            } => Self::FileDamaged {
                file: file.display().to_string(),
                kept_as: kept_as.display().to_string(),
                reason,
            },
            Notice::StartedEmpty { file, kept } => Self::FileStartedEmpty {
                file: file.display().to_string(),
                kept: kept.iter().map(|path| path.display().to_string()).collect(),
            },
            other => Self::Notice {
                text: other.to_string(),
            },
        }
    }
}
