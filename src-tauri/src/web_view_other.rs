//! What the web view is told before it starts: nothing. Other systems' web views draw as they think best.

pub(crate) fn prepare() {}

/// Pages get the desktop's own face by the name `system-ui`.
pub(crate) fn face() -> Option<String> {
    None
}
