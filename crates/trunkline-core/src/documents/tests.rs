use secrecy::ExposeSecret;
use trunkline_document::{Document, MASK};

use super::view::{ChangeMark, FieldKind};
use super::*;
use crate::UnitRef;

const XML: &str = r#"<data>
<ws_object><System GUID="00"><Name>Bern</Name><MajorVersion>11</MajorVersion><Password>sys-hidden</Password>
  <LANs><LAN id="LAN1"><IPAddress>10.0.0.1</IPAddress></LAN></LANs></System></ws_object>
<ws_object><User GUID="A1"><Name>Sales1</Name><FullName>Sales desk 201</FullName><Extension>201</Extension>
  <LoginCode>4711</LoginCode><AssignedPackage>1</AssignedPackage><DoNotDisturb>0</DoNotDisturb><Priority>5</Priority>
  <ForwardNumber/><Etag>x</Etag></User></ws_object>
<ws_object><User GUID="A2"><Name>Sales2</Name><FullName>zürich floor</FullName><Extension>202</Extension><LoginCode/>
  <AssignedPackage>6</AssignedPackage><DoNotDisturb>true</DoNotDisturb><ForwardNumber>201</ForwardNumber></User></ws_object>
<ws_object><HuntGroup GUID="B1"><Name>Sales</Name><Extension>300</Extension><Members>Sales1, Sales2</Members></HuntGroup></ws_object>
<ws_object><ShortCode GUID="C1"><Code>*201</Code><TelephoneNumber>2010</TelephoneNumber></ShortCode></ws_object>
<ws_object><License GUID="D1"><DisplayName>Power User</DisplayName><Quantity>201</Quantity><Status>1</Status></License></ws_object>
</data>"#;

fn opened(xml: &str) -> (Documents, String) {
    let documents = Documents::default();
    let info = documents.add(NewDocument {
        document: Document::load(xml.as_bytes().to_vec()),
        name: "Bern".into(),
        unit: UnitRef::default(),
        revision: Some("r7".into()),
        limit_bytes: None,
        received_at: None,
    });
    (documents, info.id)
}

#[track_caller]
fn with<R>(documents: &Documents, id: &str, action: impl FnOnce(&mut OpenDocument) -> R) -> R {
    documents.with(id, |open| Ok(action(open))).unwrap()
}

#[test]
fn what_is_closed_is_gone_and_says_so() {
    let (documents, id) = opened(XML);
    assert_eq!(with(&documents, &id, |open| open.info().id), id);
    documents.close(&id);
    documents.close(&id);
    assert_eq!(documents.with(&id, |_| Ok(())).unwrap_err().code(), "not_found");
}

#[test]
fn kinds_are_counted_in_document_order() {
    let (documents, id) = opened(XML);
    let kinds = with(&documents, &id, |open| {
        open.set("e1", "Name", "Sales2").unwrap();
        open.kinds()
    });
    let seen: Vec<_> = kinds
        .iter()
        .map(|k| (k.kind.as_str(), k.count, k.changes, k.problems))
        .collect();
    assert_eq!(
        seen,
        [
            ("System", 1, 0, 0),
            ("User", 2, 1, 1),
            ("HuntGroup", 1, 0, 0),
            ("ShortCode", 1, 0, 0),
            ("License", 1, 0, 0)
        ]
    );
}

#[test]
fn a_table_shows_words_and_never_a_secret() {
    let (documents, id) = opened(XML);
    let table = with(&documents, &id, |open| open.table("User"));
    assert_eq!(
        table.columns,
        ["Extension", "Name", "FullName", "AssignedPackage"]
    );
    assert_eq!(table.rows[0].cells, ["201", "Sales1", "Sales desk 201", "Basic"]);
    assert_eq!(table.rows[1].cells, ["202", "Sales2", "zürich floor", "6"]);
    assert_eq!(
        (table.rows[0].id.as_str(), table.rows[0].mark),
        ("e1", ChangeMark::None)
    );
    let unknown = opened(
        "<data><Odd><LoginCode>1</LoginCode><Password>p</Password><B>b</B><Name>n</Name></Odd></data>",
    );
    let table = with(&unknown.0, &unknown.1, |open| open.table("Odd"));
    assert_eq!(table.columns[0], "Name");
    assert!(
        table.columns.contains(&"B".to_owned()) && !table.columns.iter().any(|c| c == "Password"),
        "{table:?}"
    );
    assert_eq!(with(&unknown.0, &unknown.1, |open| open.table("None")).rows, []);
}

#[test]
fn an_entity_shows_its_fields_as_they_are_edited() {
    let (documents, id) = opened(XML);
    let entity = with(&documents, &id, |open| open.entity("e1")).unwrap();
    assert_eq!(
        (entity.label.as_str(), entity.name.as_str(), entity.guid.as_str()),
        ("201", "Sales1", "A1")
    );
    let field = |path: &str| entity.fields.iter().find(|field| field.path == path).unwrap();
    assert_eq!(
        (field("Name").kind, field("Name").value.as_str()),
        (FieldKind::Text, "Sales1")
    );
    let secret = field("LoginCode");
    assert_eq!(
        (secret.kind, secret.value.as_str(), secret.original.as_str()),
        (FieldKind::Secret, "", "")
    );
    assert!(secret.is_set && !secret.changed);
    assert_eq!(
        (field("DoNotDisturb").kind, field("DoNotDisturb").value.as_str()),
        (FieldKind::Switch, "false")
    );
    assert_eq!(
        (field("Priority").kind, field("Priority").bounds),
        (FieldKind::Number, Some((0, u64::MAX)))
    );
    assert_eq!(field("AssignedPackage").choices.len(), 7);
    assert!(
        entity.fields.iter().all(|field| field.path != "Etag"),
        "noise is not shown"
    );

    let unset = with(&documents, &id, |open| open.entity("e2")).unwrap();
    let field = |path: &str| unset.fields.iter().find(|field| field.path == path).unwrap();
    assert!(!field("LoginCode").is_set);
    assert_eq!(
        field("AssignedPackage").choices.last().unwrap().0,
        "6",
        "an unknown value is not lost"
    );
    let licence = with(&documents, &id, |open| open.entity("e5")).unwrap();
    assert!(
        licence
            .fields
            .iter()
            .all(|field| field.kind == FieldKind::ReadOnly)
    );
    assert_eq!(
        with(&documents, &id, |open| open.entity("e6").unwrap_err().code()),
        "not_found"
    );
    assert_eq!(
        with(&documents, &id, |open| open.entity("1").unwrap_err().code()),
        "not_found"
    );
}

#[test]
fn changes_go_back_and_forth() {
    let (documents, id) = opened(XML);
    with(&documents, &id, |open| {
        let state = open.set("e1", "FullName", "Counter").unwrap();
        assert_eq!((state.changes, state.can_undo, state.can_redo), (1, true, false));
        assert_eq!(
            open.set("e1", "FullName", "Counter").unwrap(),
            state,
            "the same value is no step"
        );
        open.set("e1", "AssignedPackage", "4").unwrap();
        let lines: Vec<_> = open
            .changes()
            .iter()
            .map(|c| (c.path.clone(), c.before.clone(), c.after.clone()))
            .collect();
        assert_eq!(
            lines,
            [
                ("AssignedPackage".into(), "Basic".into(), "Power".into()),
                ("FullName".into(), "Sales desk 201".into(), "Counter".into())
            ]
        );
        open.undo().unwrap();
        let state = open.undo().unwrap();
        assert_eq!((state.changes, state.can_undo, state.can_redo), (0, false, true));
        assert_eq!(open.content(), XML.as_bytes());
        assert_eq!(open.undo().unwrap(), state);
        assert_eq!(open.redo().unwrap().changes, 1);
        let state = open.set("e1", "FullName", "Other").unwrap();
        assert!(!state.can_redo, "a new change ends the way forward");
        assert_eq!(open.table("User").rows[0].mark, ChangeMark::Changed);
    });
}

#[test]
fn a_switch_keeps_the_words_of_its_document() {
    let (documents, id) = opened(XML);
    with(&documents, &id, |open| {
        open.set("e1", "DoNotDisturb", "true").unwrap();
        open.set("e2", "DoNotDisturb", "false").unwrap();
        let text = String::from_utf8(open.content().to_vec()).unwrap();
        assert!(
            text.contains("<DoNotDisturb>1<") && text.contains("<DoNotDisturb>false<"),
            "{text}"
        );
        assert_eq!(open.set("e1", "DoNotDisturb", "false").unwrap().changes, 1);
    });
}

#[test]
fn what_can_not_be_set_changes_nothing() {
    let (documents, id) = opened(XML);
    with(&documents, &id, |open| {
        for (entity, path, value, code) in [
            ("e1", "Nothing", "x", "usage"),
            ("e1", "LANs[", "x", "usage"),
            ("e9", "Name", "x", "not_found"),
            ("e0", "MajorVersion", "12", "usage"),
            ("e5", "Quantity", "9", "usage"),
            ("e1", "Name", "a\u{1}", "usage"),
        ] {
            assert_eq!(
                open.set(entity, path, value).unwrap_err().code(),
                code,
                "{entity} {path}"
            );
        }
        assert_eq!(open.content(), XML.as_bytes());
        assert!(!open.state().can_undo);
    });
}

#[test]
fn a_secret_is_changed_revealed_and_masked_everywhere_else() {
    let (documents, id) = opened(XML);
    with(&documents, &id, |open| {
        assert_eq!(open.reveal("e1", "LoginCode").unwrap().expose_secret(), "4711");
        open.set("e1", "LoginCode", "8899").unwrap();
        let change = &open.changes()[0];
        assert_eq!((change.before.as_str(), change.after.as_str()), (MASK, MASK));
        let entity = open.entity("e1").unwrap();
        let shown = format!(
            "{:?} {entity:?} {:?} {:?} {:?} {:?} {open:?}",
            open.changes(),
            open.table("User"),
            open.table("System"),
            open.problems(),
            open.compare_with_unit(&Document::load(XML.into()), "r7"),
        );
        for secret in ["4711", "8899", "sys-hidden"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    });
}

#[test]
fn a_search_finds_values_and_never_secrets() {
    let (documents, id) = opened(XML);
    let found = |text: &str| {
        let hits = with(&documents, &id, |open| open.search(text));
        hits.into_iter()
            .map(|hit| (hit.entity.label, hit.path))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("ZÜRICH"), [("202".into(), "FullName".into())]);
    assert_eq!(found(" power "), [("Power User".into(), "DisplayName".into())]);
    assert_eq!(
        found("basic"),
        [("201".into(), "AssignedPackage".into())],
        "in the words that are shown"
    );
    for secret in ["4711", "47", "sys-hidden", MASK, "•"] {
        assert_eq!(found(secret), [], "{secret}");
    }
    assert_eq!(found("  "), []);
}

#[test]
fn who_names_an_entity_is_listed() {
    let (documents, id) = opened(XML);
    let used_by = |entity: &str| {
        let view = with(&documents, &id, |open| open.entity(entity)).unwrap();
        view.used_by
            .into_iter()
            .map(|reference| reference.label)
            .collect::<Vec<_>>()
    };
    // By number in the other user's forwarding and in the short code, by name in the hunt group; not in the licence's
    // quantity.
    assert_eq!(used_by("e1"), ["202", "300", "*201"]);
    assert_eq!(used_by("e2"), ["300"]);
    assert_eq!(used_by("e5"), [""; 0]);
}

#[test]
fn a_unit_that_somebody_else_changed_is_a_conflict() {
    let (documents, id) = opened(XML);
    let unit = Document::load(XML.replace("Sales desk 201", "Desk").into_bytes());
    with(&documents, &id, |open| {
        open.set("e2", "Name", "Sales3").unwrap();
        let compared = open.compare_with_unit(&unit, "r8");
        assert!(compared.conflict && compared.merge_enough);
        let paths: Vec<_> = compared
            .changes
            .iter()
            .map(|c| (c.entity.id.as_str(), c.path.as_str()))
            .collect();
        assert_eq!(paths, [("e1", "FullName"), ("e2", "Name")]);
        open.set("e0", "Name", "Basel").unwrap();
        let compared = open.compare_with_unit(&Document::load(XML.into()), "r7");
        assert!(
            !compared.conflict && !compared.merge_enough,
            "the system's name may need a restart"
        );
    });
}

#[test]
fn an_entity_that_only_the_unit_has_is_named_without_an_id() {
    let (documents, id) = opened("<data><User GUID='1'><Name>a</Name></User></data>");
    let unit = Document::load(
        b"<data><User GUID='1'><Name>a</Name></User><User GUID='2'><Name>b</Name></User></data>".to_vec(),
    );
    let compared = with(&documents, &id, |open| open.compare_with_unit(&unit, "r7"));
    let change = &compared.changes[0];
    assert_eq!(
        (
            change.mark,
            change.entity.id.as_str(),
            change.entity.label.as_str()
        ),
        (ChangeMark::Removed, "", "b")
    );
}

#[test]
fn what_was_sent_is_what_the_unit_has() {
    let (documents, id) = opened(XML);
    with(&documents, &id, |open| {
        open.set("e1", "FullName", "Counter").unwrap();
        let content = open.content().to_vec();
        open.sent(content, "r8");
        let state = open.state();
        assert_eq!(
            (state.changes, state.can_undo, open.revision()),
            (0, false, Some("r8"))
        );

        open.set("e1", "FullName", "One").unwrap();
        let content = open.content().to_vec();
        open.set("e1", "FullName", "Two").unwrap();
        open.sent(content, "r9");
        assert_eq!(
            (
                open.changes()[0].before.as_str(),
                open.changes()[0].after.as_str()
            ),
            ("One", "Two")
        );
        assert!(open.state().can_undo);
    });
}

#[test]
fn what_is_no_document_is_kept_as_it_is() {
    let (documents, id) = opened("\u{1}\u{2} not xml");
    with(&documents, &id, |open| {
        let info = open.info();
        assert!(info.opaque && open.kinds().is_empty() && open.search("not").is_empty());
        assert_eq!(open.problems().len(), 1);
        assert_eq!(open.entity("e0").unwrap_err().code(), "not_found");
        let compared = open.compare_with_unit(&Document::load(b"other".to_vec()), "r7");
        assert_eq!((compared.changes.len(), compared.merge_enough), (1, false));
    });
}
