//! What only the window knows, and what it says of the program.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The language of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Language {
    /// As the system has it.
    #[default]
    System,
    /// English.
    En,
    /// German.
    De,
}

/// What only the window knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WindowState {
    columns: Vec<String>,
    sort_by: String,
    sort_descending: bool,
    theme: Theme,
    language: Language,
    /// Per cent.
    text_size: u32,
    recent_addresses: Vec<String>,
    collapsed_groups: Vec<String>,
}

impl Default for WindowState {
    fn default() -> Self {
        let columns = [
            "state",
            "name",
            "address",
            "type",
            "version",
            "foundBy",
            "roundTrip",
        ];
        Self {
            columns: columns.map(str::to_owned).into(),
            sort_by: "name".into(),
            sort_descending: false,
            theme: Theme::default(),
            language: Language::default(),
            text_size: 100,
            recent_addresses: Vec::new(),
            collapsed_groups: Vec::new(),
        }
    }
}

/// The systems that the program is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Platform {
    /// Linux, and whatever else is like it.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// What the program is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct About {
    version: String,
    platform: Platform,
    data_folder: String,
}

impl About {
    /// This program, with its data in this folder.
    pub fn this(data_folder: &std::path::Path) -> Self {
        let platform = match std::env::consts::OS {
            "macos" => Platform::Macos,
            "windows" => Platform::Windows,
            _ => Platform::Linux,
        };
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            version,
            platform,
            data_folder: data_folder.display().to_string(),
        }
    }
}
