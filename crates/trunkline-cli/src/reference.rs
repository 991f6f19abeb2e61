//! `FILE` or `TARGET@REV`.

use std::path::{Path, PathBuf};

use trunkline_core::{ErrorKind, StoreData, Target, UnitKey};

use crate::failure::Failure;

/// Where a document is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A file.
    File(PathBuf),
    /// A revision of a unit in the archive.
    Archived {
        /// The unit.
        unit: UnitKey,
        /// Its revision, or the beginning of the content's SHA-256.
        revision: String,
    },
}

impl Reference {
    /// A file of that name comes first; what has no `@` can be nothing else.
    pub(crate) fn parse(text: &str, data: &StoreData) -> Result<Self, Failure> {
        let path = Path::new(text);
        if path.exists() {
            return Ok(Self::File(path.to_owned()));
        }
        let Some((target, revision)) = text.rsplit_once('@').filter(|(target, _)| !target.is_empty()) else {
            return Err(
                ErrorKind::NotFound(format!("there is no file {text:?}, and it is no TARGET@REV")).into(),
            );
        };
        let target = Target::parse(target, data)?;
        let base_port = target.base_port.unwrap_or(data.preferences.services_base_port);
        Ok(Self::Archived {
            unit: target.archive_key(base_port),
            revision: revision.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_a_revision_of_a_unit() {
        let data = StoreData::default();
        let archived = |host: &str, port, revision: &str| Reference::Archived {
            unit: UnitKey::address(host, port),
            revision: revision.into(),
        };
        for (text, expect) in [
            ("10.0.0.1@r418", archived("10.0.0.1", 50804, "r418")),
            ("10.0.0.1:50900@9f86d081", archived("10.0.0.1", 50900, "9f86d081")),
            ("Cargo.toml", Reference::File("Cargo.toml".into())),
        ] {
            assert_eq!(Reference::parse(text, &data).unwrap(), expect, "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_said() {
        let failure = Reference::parse("no-such-file.xml", &StoreData::default()).unwrap_err();
        assert!(failure.message().contains("no-such-file.xml"));
        assert_eq!(failure.error().code(), "not_found");
    }
}
