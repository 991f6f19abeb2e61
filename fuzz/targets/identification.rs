//! What web servers and units say of their software (protocol.md sections 2.1, 4.3 and 9). A NUL parts two texts.

use std::cmp::Ordering;

use trunkline_protocol::identification::ip_office_release;
use trunkline_protocol::version::SoftwareVersion;

/// Versions are put in an order that does not depend on which is asked, every release is part of what was said, and
/// only a version that is known decides how a unit is spoken to.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (one, other) = text.split_once('\0').unwrap_or((&text, "3.2"));
    if let Some(release) = ip_office_release(one) {
        assert!(one.contains(release));
    }
    let [one, other] = [one, other].map(SoftwareVersion::parse);
    assert_eq!(one.compare(&other), other.compare(&one).map(Ordering::reverse));
    assert_eq!(one.compare(&other).is_some(), one.is_known() && other.is_known());
    assert!(one.is_known() || !one.is_before_3_2());
    if one.is_known() {
        assert_eq!(one.compare(&one), Some(Ordering::Equal));
        assert_eq!(
            SoftwareVersion::parse(&one.short()).is_before_3_2(),
            one.is_before_3_2()
        );
    }
}
