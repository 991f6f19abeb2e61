//! The IP Search Criteria, as somebody typed or pasted them (protocol.md 2.3).

use trunkline_protocol::criteria::{ADDRESS_LIMIT, Criteria};

/// Every entry stands where it is said to stand, and no text makes more targets than the limit.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let criteria = Criteria::parse(text);
    assert!(criteria.address_count() <= ADDRESS_LIMIT);
    for entry in criteria.entries() {
        assert!(text[entry.byte_offset..].starts_with(&entry.text));
        assert_eq!(text[..entry.byte_offset].chars().count() + 1, entry.position);
        let alone = Criteria::parse(&entry.text);
        assert_eq!(
            alone.bad_entries(),
            [],
            "{:?} is good among others and bad alone",
            entry.text
        );
        assert_eq!(alone.entries()[0].hosts, entry.hosts);
    }
    for bad in criteria.bad_entries() {
        assert!(text.is_char_boundary(bad.byte_offset));
        assert!(!bad.entry.chars().any(char::is_control));
    }
    let targets = u32::try_from(criteria.targets(50802).count()).unwrap();
    assert!(targets <= criteria.address_count());
}
