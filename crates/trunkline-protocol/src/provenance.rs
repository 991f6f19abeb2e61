//! Where a fact about the wire comes from.

use std::fmt;

/// Where a port, a file name or a layout comes from. Every decoder and every screen that shows its data says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// Published by the vendor or in an RFC: an independent device should answer this way.
    Documented,
    /// Read off several independent open-source clients that work with real units.
    Observed,
    /// Defined by this project, because nothing is published: it works with the virtual unit, and with nothing else
    /// until somebody brings a capture.
    Project,
}

impl Provenance {
    /// The tag that documents, screens and JSON use.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Project => "project",
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.tag())
    }
}
