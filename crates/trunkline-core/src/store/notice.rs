//! What a person must be told about this program's own files.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

/// Something that happened to one of this program's files. The [`fmt::Display`] form is a sentence to show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A file could not be understood; it was kept under another name and a new one was started.
    Damaged {
        /// The file.
        file: PathBuf,
        /// Where its content is now.
        kept_as: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// There is no file yet, but damaged ones were moved aside before.
    StartedEmpty {
        /// The file that does not exist.
        file: PathBuf,
        /// The damaged ones.
        kept: BTreeSet<PathBuf>,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged {
                file,
                kept_as,
                reason,
            } => write!(
                f,
                "{} was damaged ({reason}). Its content is kept as {}; a new, empty one is used from now on. To use the \
                 old one again, repair it and give it back its name.",
                file.display(),
                kept_as.display()
            ),
            Self::StartedEmpty { file, kept } => {
                write!(
                    f,
                    "{} is empty because a damaged one was moved aside before:",
                    file.display()
                )?;
                kept.iter()
                    .try_for_each(|path| write!(f, " {}", path.display()))?;
                f.write_str(". To use its content again, repair it and give it back its name.")
            }
        }
    }
}
