//! Laws that hold for every document and every value.

use proptest::prelude::*;
use trunkline_document::{Document, compare};

const START: &str = "<data x='1'>\r\n<ws_object><User GUID='A' note=\"\"><Name>Sales</Name>\
    <Empty/><Spaced  a='b' /><Section><![CDATA[x]]></Section><Commented>a<!-- c -->b</Commented>\
    <LANs><LAN id='LAN1'><IPAddress>10.0.0.1</IPAddress></LAN><LAN id='LAN2'><IPAddress/></LAN></LANs>\
    </User></ws_object></data>";

const PATHS: [&str; 9] = [
    "Name",
    "Empty",
    "Spaced",
    "Spaced/@a",
    "@note",
    "Section",
    "Commented",
    "LANs/LAN[id=LAN1]/IPAddress",
    "LANs/LAN[id=LAN2]/IPAddress",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{0,12}",
        "[\\t\\n\\r <>&'\"\\]é€😀]{0,8}",
        Just("]]>".to_owned()),
        Just("&amp;<!-- -->".to_owned()),
    ]
}

/// Text that is often nearly XML.
fn soup() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("<data>"),
        Just("</data>"),
        Just("<User GUID='1'>"),
        Just("</User>"),
        Just("<N/>"),
        Just("<N>"),
        Just("</N>"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<?"),
        Just("?>"),
        Just("&amp;"),
        Just("&"),
        Just(";"),
        Just("<"),
        Just(">"),
        Just("é"),
        Just("\r\n"),
        Just(" a='"),
        Just("'"),
        Just("\u{FEFF}"),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| format!("<data>{}</data>", parts.concat()))
}

proptest! {
    #[test]
    fn loading_and_saving_is_the_identity_for_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(Document::load(bytes.clone()).into_bytes(), bytes);
    }

    #[test]
    fn loading_and_saving_is_the_identity_for_near_xml(text in soup()) {
        let document = Document::load(text.clone().into_bytes());
        for entity in document.entities() {
            prop_assert!(text.contains(entity.source()));
            for field in entity.fields() {
                let found = entity.get(&field.path).map(|value| value.reveal().to_owned());
                prop_assert_eq!(found.as_deref(), Some(field.value.reveal()), "{}", field.path);
                prop_assert_eq!(&field.path.to_string().parse::<trunkline_document::FieldPath>().unwrap(), &field.path);
            }
        }
        prop_assert_eq!(document.into_bytes(), text.into_bytes());
    }

    #[test]
    fn what_is_set_is_read_and_nothing_else_changes(
        edits in prop::collection::vec((0..PATHS.len(), value()), 1..12),
    ) {
        let mut document = Document::load(START.as_bytes().to_vec());
        let start = document.clone();
        let mut last = std::collections::BTreeMap::new();
        for (path, value) in edits {
            document.set(0, &PATHS[path].parse().unwrap(), &value).unwrap();
            last.insert(PATHS[path], value);
            prop_assert!(document == Document::load(document.as_bytes().to_vec()), "the index went wrong");
        }
        for path in PATHS {
            let of = |document: &Document| {
                document.entity(0).unwrap().get(&path.parse().unwrap()).unwrap().reveal().to_owned()
            };
            let expected = last.get(path).cloned().unwrap_or_else(|| of(&start));
            prop_assert_eq!(of(&document), expected, "{}", path);
        }
        prop_assert!(compare(&document, &document.clone()).is_same());
    }
}
