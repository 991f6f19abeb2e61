//! The collections of the Management API, and what each takes (protocol.md 7, `documented`).

/// One collection: a part of the configuration that has an address of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Collection {
    /// Its name in the address.
    pub(super) name: &'static str,
    /// The kinds of entity in it, for an entity that is new to a unit which has none of the kind yet.
    kinds: &'static [&'static str],
    /// Takes POST.
    pub(super) creates: bool,
    /// Takes PUT.
    pub(super) changes: bool,
    /// Takes DELETE.
    pub(super) removes: bool,
}

const fn editable(name: &'static str, kinds: &'static [&'static str]) -> Collection {
    Collection {
        name,
        kinds,
        creates: true,
        changes: true,
        removes: true,
    }
}

const fn fixed(name: &'static str, kinds: &'static [&'static str], changes: bool) -> Collection {
    Collection {
        name,
        kinds,
        creates: false,
        changes,
        removes: false,
    }
}

/// All of them, in the order in which they are read and stand in the document. Changes and creations are written in
/// this order too, and removals in the opposite one: what others refer to comes first and goes last. The two that can
/// move the unit or restart it come after everything else.
pub(super) const COLLECTIONS: [Collection; 11] = [
    fixed("licenses", &["License"], false),
    editable("siplines", &["SIPLine", "Line"]),
    editable("extensions", &["Extension"]),
    editable("users", &["User"]),
    editable("huntgroups", &["HuntGroup"]),
    editable("shortcodes", &["ShortCode"]),
    editable("incoming_call_routes", &["IncomingCallRoute"]),
    fixed("incoming_group_ids", &[], false),
    fixed("outgoing_group_ids", &[], false),
    fixed("systems", &["System"], true),
    fixed("provisionIPAddress", &[], true),
];

/// The place in [`COLLECTIONS`] of the one that takes entities of this kind.
pub(super) fn of_kind(kind: &str) -> Option<usize> {
    COLLECTIONS.iter().position(|collection| {
        collection
            .kinds
            .iter()
            .any(|known| known.eq_ignore_ascii_case(kind))
    })
}
