use super::*;

const ADA: &str = "<User GUID=\"a1\"><Name>Ada</Name><Extension>201</Extension><Etag>1</Etag></User>";
const BEN: &str = "<User GUID=\"b2\"><Name>Ben</Name><Extension>202</Extension></User>";
const GROUP: &str = "<HuntGroup GUID=\"c3\"><Name>Sales</Name></HuntGroup>";
const LICENCE: &str = "<License GUID=\"d4\"><LicenseKey>K</LicenseKey><Quantity>5</Quantity></License>";
const SYSTEM: &str = "<System GUID=\"e5\"><Name>Office</Name></System>";
const LINE: &str = "<Line GUID=\"f6\"><LineNumber>17</LineNumber></Line>";
const NOBODY_USER: &str = "<User GUID=\"00\"><Name>NoUser</Name></User>";

fn object(entity: &str) -> String {
    format!("<ws_object>{entity}</ws_object>")
}

/// What the unit has, with some of it replaced.
fn unit(replaced: &[(&str, &str)]) -> Snapshot {
    let all = [
        ("licenses", LICENCE),
        ("siplines", LINE),
        ("users", ADA),
        ("users", BEN),
        ("users", NOBODY_USER),
        ("huntgroups", GROUP),
        ("systems", SYSTEM),
    ];
    let collections: Vec<(&str, String)> = all
        .iter()
        .map(|(name, entity)| (*name, object(&with(entity, replaced))))
        .collect();
    let borrowed: Vec<(&str, &str)> = collections
        .iter()
        .map(|(name, objects)| (*name, objects.as_str()))
        .collect();
    Snapshot::of(&borrowed)
}

fn with(text: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(text.to_owned(), |text, (before, after)| {
        text.replace(before, after)
    })
}

/// A file made from what the unit had.
fn file(replaced: &[(&str, &str)]) -> Document {
    let text = std::str::from_utf8(unit(&[]).document().as_bytes())
        .unwrap()
        .to_owned();
    Document::load(with(&text, replaced).into_bytes())
}

fn words(planned: Result<Vec<Change>>) -> Result<Vec<String>, String> {
    let shown = |change: &Change| {
        let guid = change.guid.as_deref().unwrap_or("-");
        format!(
            "{} {} {guid}: {}",
            change.verb.method(),
            change.collection(),
            change.words()
        )
    };
    planned
        .map(|changes| changes.iter().map(shown).collect())
        .map_err(|error| format!("{}: {error}", error.code()))
}

/// My changes, and those of somebody else, to what a file was made from.
#[track_caller]
fn check(mine: &[(&str, &str)], theirs: &[(&str, &str)], force: bool, expect: Result<&[&str], &str>) {
    let base = file(&[]);
    let planned = words(plan(Some(&base), &unit(theirs), &file(mine), force));
    let expect = expect
        .map(|list| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>())
        .map_err(str::to_owned);
    assert_eq!(planned, expect, "{mine:?} {theirs:?}");
}

const NEW_CODE: &str = "<ws_object><ShortCode><Code>*9</Code></ShortCode></ws_object>\n</data>";
const NEW_EVA: &str = "<ws_object><User><Name>Eva</Name></User></ws_object>\n</data>";

#[test]
fn only_what_changed_is_written_in_an_order_that_units_can_take() {
    check(&[], &[], false, Ok(&[]));
    // Noise, layout and order are no change.
    check(&[("<Etag>1<", "<Etag>2<"), ("\n", "\n\n")], &[], false, Ok(&[]));
    let ben = format!("{}\n", object(BEN));
    check(
        &[
            ("Office", "Head Office"),
            ("Ada", "Zoë"),
            ("Sales", "Support"),
            ("17", "18"),
            (&ben, ""),
            ("</data>", &format!("{NEW_CODE}\n")),
            ("</data>", NEW_EVA),
        ],
        &[],
        false,
        Ok(&[
            "PUT siplines f6: changed Line 18",
            "PUT users a1: changed User 201 Zoë",
            "PUT huntgroups c3: changed HuntGroup Support",
            "POST users -: created User Eva",
            "POST shortcodes -: created ShortCode *9",
            "DELETE users b2: removed User 202 Ben",
            "PUT systems e5: changed System Head Office",
        ]),
    );
    let all_gone = [
        (object(LINE), String::new()),
        (object(BEN), String::new()),
        (object(GROUP), String::new()),
    ];
    let all_gone: Vec<(&str, &str)> = all_gone.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    check(
        &all_gone,
        &[],
        false,
        Ok(&[
            "DELETE huntgroups c3: removed HuntGroup Sales",
            "DELETE users b2: removed User 202 Ben",
            "DELETE siplines f6: removed Line 17",
        ]),
    );
}

#[test]
fn what_somebody_else_did_meanwhile_stays() {
    let ben = object(BEN);
    // Changed, removed and created there; mine is something else.
    check(
        &[("Ada", "Zoë")],
        &[("Sales", "Support")],
        false,
        Ok(&["PUT users a1: changed User 201 Zoë"]),
    );
    check(
        &[("Ada", "Zoë")],
        &[(BEN, "")],
        false,
        Ok(&["PUT users a1: changed User 201 Zoë"]),
    );
    check(
        &[("Ada", "Zoë")],
        &[(
            LINE,
            &format!("{LINE}{}", LINE.replace("f6", "f7").replace("17", "18")),
        )],
        false,
        Ok(&["PUT users a1: changed User 201 Zoë"]),
    );
    // The same on both sides is done already.
    check(&[("Ada", "Zoë")], &[("Ada", "Zoë")], false, Ok(&[]));
    check(&[(&ben, "")], &[(BEN, "")], false, Ok(&[]));
}

#[test]
fn an_entity_that_both_changed_is_a_conflict_until_it_is_forced() {
    let revision = |theirs: &[(&str, &str)]| unit(theirs).revision().to_owned();
    let conflict = |theirs: &[(&str, &str)], what: &str| {
        let revision = revision(theirs);
        format!("conflict: somebody else changed {what} meanwhile; the unit holds revision {revision} now")
    };
    let (ben, eva) = (
        object(BEN),
        NEW_EVA.replace("<User>", "<User><Extension>300</Extension>"),
    );
    let evas = format!("{BEN}<User GUID=\"77\"><Name>Eva</Name></User>");
    for (mine, theirs, what, forced) in [
        (
            [("Ada", "Zoë")],
            [("201", "301")],
            "User 201 Zoë",
            "PUT users a1: changed User 201 Zoë",
        ),
        (
            [("Ben", "Bob")],
            [(BEN, "")],
            "User 202 Bob",
            "POST users -: created User 202 Bob",
        ),
        (
            [(ben.as_str(), "")],
            [("Ben", "Bob")],
            "User 202 Bob",
            "DELETE users b2: removed User 202 Bob",
        ),
        (
            [("</data>", eva.as_str())],
            [(BEN, evas.as_str())],
            "User 300 Eva",
            "PUT users 77: changed User 300 Eva",
        ),
    ] {
        check(&mine, &theirs, false, Err(&conflict(&theirs, what)));
        check(&mine, &theirs, true, Ok(&[forced]));
    }
}

#[test]
fn what_the_management_api_can_not_do_is_said_before_anything_is_written() {
    let refused = |why: &str| {
        format!("unsupported: the Management API can not do this, and nothing was written: {why}")
    };
    let system = object(SYSTEM);
    let nobody = object(NOBODY_USER);
    for (mine, why) in [
        (
            ("<Quantity>5", "<Quantity>500"),
            "License K can not be changed: licenses does not take that",
        ),
        (
            (system.as_str(), ""),
            "System Office can not be removed: systems does not take that",
        ),
        (
            (nobody.as_str(), ""),
            "the user NoUser belongs to every unit and can not be removed",
        ),
        (
            (
                "</data>",
                "<ws_object><Gadget GUID='1'><Name>G</Name></Gadget></ws_object></data>",
            ),
            "there is no collection for Gadget G",
        ),
    ] {
        for force in [false, true] {
            check(&[mine, ("Ada", "Zoë")], &[], force, Err(&refused(why)));
        }
    }
}

#[test]
fn without_a_base_nothing_is_removed_on_a_guess() {
    let now = unit(&[]);
    let ben = format!("{}\n", object(BEN));
    let mine = file(&[(&ben, ""), ("Ada", "Zoë")]);
    let error = plan(None, &now, &mine, false).unwrap_err();
    assert_eq!(error.code(), "usage");
    assert!(
        error.to_string().contains("User 202 Ben would be removed"),
        "{error}"
    );
    assert_eq!(
        words(plan(None, &now, &mine, true)).unwrap(),
        [
            "PUT users a1: changed User 201 Zoë",
            "DELETE users b2: removed User 202 Ben"
        ]
    );
    assert_eq!(
        words(plan(None, &now, &file(&[("Ada", "Zoë")]), false)).unwrap(),
        ["PUT users a1: changed User 201 Zoë"]
    );
    // What nobody can change is what follows from something else.
    let licence = file(&[("<Quantity>5", "<Quantity>6")]);
    assert_eq!(words(plan(None, &now, &licence, false)), Ok(vec![]));
}

#[test]
fn what_came_another_way_is_compared_with_what_it_was() {
    // A file that Unit Link received holds lines that the Management API does not show.
    let isdn = "<ws_object><Line GUID='99'><LineNumber>1</LineNumber></Line></ws_object>\n</data>";
    let base = file(&[("</data>", isdn)]);
    let mine = file(&[("</data>", isdn), ("Ada", "Zoë")]);
    assert_eq!(
        words(plan(Some(&base), &unit(&[]), &mine, false)).unwrap(),
        ["PUT users a1: changed User 201 Zoë"]
    );
}

#[test]
fn an_entity_travels_whole_and_alone() {
    let without = (" GUID=\"b2\"", "");
    let mine = file(&[("Ada", "Zoë &amp; <!-- x -->co"), without, ("202", "203")]);
    let changes = plan(Some(&file(&[without])), &unit(&[]), &mine, false).unwrap();
    let bodies: Vec<String> = changes
        .iter()
        .map(|change| String::from_utf8(change.body(&mine).unwrap().to_vec()).unwrap())
        .collect();
    let whole = |user: &str| {
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data><ws_object>{user}</ws_object></data>")
    };
    assert_eq!(
        bodies,
        [
            whole(
                "<User GUID=\"a1\"><Name>Zoë &amp; <!-- x -->co</Name><Extension>201</Extension><Etag>1</Etag></User>"
            ),
            // The unit's GUID is put where the file has none.
            whole("<User GUID=\"b2\"><Name>Ben</Name><Extension>203</Extension></User>"),
        ]
    );
}

#[test]
fn what_is_no_document_is_refused() {
    for bytes in [&b"\x00\x01"[..], b"<security/>", b"<data>", b""] {
        let mine = Document::load(bytes.to_vec());
        let planned = plan(None, &unit(&[]), &mine, true);
        assert!(planned.is_err_and(|error| error.code() == "usage"), "{bytes:?}");
    }
}
