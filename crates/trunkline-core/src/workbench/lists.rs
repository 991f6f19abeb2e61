//! Sites and search results as files.

use std::path::Path;
use std::sync::PoisonError;

use super::Workbench;
use crate::activity::{Action, Outcome};
use crate::discovery::{Unit, units_table};
use crate::store::{Imported, ListFormat, read_site_file, write_site_file};
use crate::{ErrorKind, Result, Target, write_file};

impl Workbench {
    /// Takes the sites of a file over (CSV, the vendor's list of known units, or JSON, by the file's name): what is known
    /// already is merged, and a line that is wrong is named in the answer and stops nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where the file is no such list; [`ErrorKind::Storage`].
    pub async fn import_sites(&self, path: &Path) -> Result<Imported> {
        let from = path.to_owned();
        let read = move || read_site_file(&from, None);
        let list = tokio::task::spawn_blocking(read)
            .await
            .map_err(|_| ErrorKind::Cancelled(""))??;
        let imported = self.local.store.update(|data| Ok(data.import_sites(list)))?;
        for site in &imported.added {
            self.note(
                Action::SiteAdded,
                &Target::from(site),
                "",
                &Ok(()),
                (Outcome::Done, ""),
            );
        }
        for (before, now) in &imported.changed {
            self.follow_change(before, now).await;
            self.note(
                Action::SiteChanged,
                &Target::from(now),
                "",
                &Ok(()),
                (Outcome::Done, ""),
            );
        }
        Ok(imported)
    }

    /// Writes every saved site to a file, in the format that its name says; how many.
    ///
    /// # Errors
    /// As [`write_site_file`].
    pub fn export_sites(&self, path: &Path, format: Option<ListFormat>) -> Result<usize> {
        let data = self.local.store.read()?;
        let sites = data.sites();
        write_site_file(path, &sites, format)?;
        Ok(sites.len())
    }

    /// Writes the units that the last search of everything found, and later ones at single addresses, to a file: JSON
    /// where its name says so, else CSV for spreadsheets; how many.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`].
    pub fn export_found(&self, path: &Path) -> Result<usize> {
        let units: Vec<Unit> = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let bytes = if ListFormat::of(path) == Some(ListFormat::Json) {
            serde_json::to_vec_pretty(&serde_json::json!({"units": units}))
                .map_err(|error| ErrorKind::Unsupported(error.to_string()))?
        } else {
            // The mark tells spreadsheets that it is UTF-8.
            ["\u{feff}".as_bytes(), &units_table(&units)?].concat()
        };
        write_file(path, &bytes)?;
        Ok(units.len())
    }
}
