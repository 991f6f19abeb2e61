//! What the web view is told before it starts: nothing. Other systems' web views draw as they think best.

pub(crate) fn prepare() {}
