//! What only the window knows, and what it says of the program.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::sites::Site;
use super::units::Network;

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
    /// IP Search Criteria that were used before, the newest first.
    recent_criteria: Vec<String>,
    collapsed_groups: Vec<String>,
    /// Somebody has read what the first start says.
    welcomed: bool,
}

impl WindowState {
    /// What was kept, perhaps by another version of this program: what that one did not know is as at the first start.
    pub fn of_kept(kept: serde_json::Value) -> Option<Self> {
        let serde_json::Value::Object(kept) = kept else {
            return None;
        };
        let mut all = serde_json::to_value(Self::default()).ok()?;
        all.as_object_mut()?.extend(kept);
        serde_json::from_value(all).ok()
    }
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
            recent_criteria: Vec::new(),
            collapsed_groups: Vec::new(),
            welcomed: false,
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

/// What a start begins with.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Beginning {
    /// The program.
    pub about: About,
    /// The family that the desktop draws its own words with; empty where the page gets it by `system-ui`.
    pub face: String,
    /// What the window kept of itself.
    pub window_state: WindowState,
    /// The saved sites.
    pub sites: Vec<Site>,
    /// The networks that a search goes out to, and those that it goes out to on request.
    pub networks: Vec<Network>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_earlier_version_kept_is_found_again_and_the_rest_is_as_at_the_first_start() {
        let kept = json!({
            "columns": ["name", "mac"], "sortBy": "mac", "sortDescending": true, "theme": "dark", "language": "de",
            "textSize": 125, "recentAddresses": ["10.0.0.1"], "collapsedGroups": [], "ofALaterVersion": 1,
        });
        let state = WindowState::of_kept(kept).unwrap();
        let expect = WindowState {
            columns: vec!["name".into(), "mac".into()],
            sort_by: "mac".into(),
            sort_descending: true,
            theme: Theme::Dark,
            language: Language::De,
            text_size: 125,
            recent_addresses: vec!["10.0.0.1".into()],
            ..WindowState::default()
        };
        assert_eq!(state, expect);
        assert!(!state.welcomed && state.recent_criteria.is_empty());
        assert_eq!(WindowState::of_kept(json!({"textSize": "large"})), None);
        assert_eq!(WindowState::of_kept(json!("nothing")), None);
    }
}
