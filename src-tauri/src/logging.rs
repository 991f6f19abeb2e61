//! The log: a file in the data folder and standard error. The core never gives it a secret.

use tauri::Runtime;
use tauri::plugin::TauriPlugin;
use tauri_plugin_log::log::LevelFilter;
use tauri_plugin_log::{Builder, RotationStrategy, Target, TargetKind};
use trunkline_core::DataDir;

/// The level can be chosen: `error`, `warn`, `info`, `debug`, `trace` or `off`.
const LEVEL: &str = "TRUNKLINE_LOG";
/// Bytes of the file at which a new one is begun.
const FILE_BYTES: u128 = 1 << 20;

/// The log of this program; what its libraries say is left out below a warning.
pub(crate) fn plugin<R: Runtime>(data: &DataDir) -> TauriPlugin<R> {
    let level = level(std::env::var(LEVEL).ok().as_deref());
    let file = TargetKind::Folder {
        path: data.folder().join("logs"),
        file_name: Some("trunkline".into()),
    };
    Builder::new()
        .level(level.min(LevelFilter::Warn))
        .level_for("trunkline_core", level)
        .level_for("trunkline_desktop", level)
        .max_file_size(FILE_BYTES)
        .rotation_strategy(RotationStrategy::KeepOne)
        .targets([Target::new(TargetKind::Stderr), Target::new(file)])
        .build()
}

fn level(wanted: Option<&str>) -> LevelFilter {
    wanted
        .and_then(|level| level.trim().parse().ok())
        .unwrap_or(LevelFilter::Info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_a_word_and_information_otherwise() {
        let check = |wanted, expect| assert_eq!(level(wanted), expect, "{wanted:?}");
        check(None, LevelFilter::Info);
        check(Some("debug"), LevelFilter::Debug);
        check(Some(" OFF "), LevelFilter::Off);
        check(Some("everything"), LevelFilter::Info);
    }
}
