//! What is loaded is saved byte for byte, and a change touches the bytes of its value only.

use trunkline_document::{Document, DocumentKind, EditError, OpaqueReason};

/// A document with everything that a careless program would tidy up.
const UNTIDY: &str = "\u{FEFF}<?xml version='1.0' encoding=\"utf-8\" standalone = 'yes' ?>\r\n\
    <!-- made by hand > twice -->\r\n\
    <data  set='users'\ttotalRecords=\"2\">\r\n\
    \t<ws_object><User GUID='00112233445566778899AABBCCDDEEFF'  new=\"a > b &amp; 'c'\" >\r\n\
    \t\t<Name>Caf&#xE9; &amp; Bar</Name><FullName><![CDATA[A <b> & c]]></FullName>\r\n\
    \t\t<Extension>201</Extension ><Unknown  x = '1'/><Etag>abc</Etag>\r\n\
    \t\t<Mixed> before <b>bold</b> after <?pi with > in?> </Mixed>\r\n\
    \t\t<ForwardNumber><!-- none yet --></ForwardNumber>\r\n\
    \t\t<DSSKeys><DSSKey Key=\"1\"><Action>Dial</Action></DSSKey><DSSKey Key=\"2\"><Action/></DSSKey></DSSKeys>\r\n\
    \t\t<Skill>one</Skill><Skill>two</Skill>\r\n\
    \t</User></ws_object>\r\n\
    </data>\r\n<!-- the end -->\r\n";

fn untidy() -> Document {
    let document = Document::load(UNTIDY.as_bytes().to_vec());
    assert_eq!(document.opaque_reason(), None);
    document
}

#[test]
fn an_untouched_document_is_saved_as_it_was_loaded() {
    assert_eq!(untidy().as_bytes(), UNTIDY.as_bytes());
    assert_eq!(untidy().into_bytes(), UNTIDY.as_bytes());
    assert_eq!(untidy().kind(), DocumentKind::Configuration);
}

#[test]
fn every_field_has_a_path_and_its_value_unescaped() {
    let document = untidy();
    let user = document.entity(0).unwrap();
    let fields: Vec<(String, String)> = user
        .fields()
        .iter()
        .map(|f| (f.path.to_string(), f.value.reveal().to_owned()))
        .collect();
    let expected = [
        ("@new", "a > b & 'c'"),
        ("Name", "Café & Bar"),
        ("FullName", "A <b> & c"),
        ("Extension", "201"),
        ("Unknown/@x", "1"),
        ("Unknown", ""),
        ("Etag", "abc"),
        ("Mixed", " before  after  "),
        ("Mixed/b", "bold"),
        ("ForwardNumber", ""),
        ("DSSKeys/DSSKey[Key=1]/Action", "Dial"),
        ("DSSKeys/DSSKey[Key=2]/Action", ""),
        ("Skill[1]", "one"),
        ("Skill[2]", "two"),
    ];
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(fields, expected);
    for (path, value) in expected {
        assert_eq!(
            user.get(&path.parse().unwrap()).unwrap().reveal(),
            value,
            "{path}"
        );
    }
    assert_eq!(user.label(), "User 201 Café & Bar");
    assert_eq!(user.guid().as_deref(), Some("00112233445566778899AABBCCDDEEFF"));
}

#[test]
fn a_change_replaces_exactly_its_own_bytes() {
    let check = |path: &str, value: &str, old: &str, new: &str| {
        let mut document = untidy();
        assert_eq!(UNTIDY.matches(old).count(), 1, "{old}");
        assert!(document.set(0, &path.parse().unwrap(), value).unwrap());
        let text = String::from_utf8(document.as_bytes().to_vec()).unwrap();
        assert_eq!(text, UNTIDY.replace(old, new), "{path}");
        assert_eq!(
            document
                .entity(0)
                .unwrap()
                .get(&path.parse().unwrap())
                .unwrap()
                .reveal(),
            value
        );
        assert!(
            document == Document::load(document.as_bytes().to_vec()),
            "the index went wrong: {path}"
        );
    };
    check(
        "Name",
        "<Zoë> & \"co\"",
        "Caf&#xE9; &amp; Bar",
        "&lt;Zoë&gt; &amp; \"co\"",
    );
    check("Name", "", "Caf&#xE9; &amp; Bar", "");
    check("FullName", "x < y", "A <b> & c", "x < y");
    check("FullName", "x ]]> y", "<![CDATA[A <b> & c]]>", "x ]]&gt; y");
    check("FullName", "a\r\nb", "<![CDATA[A <b> & c]]>", "a&#13;\nb");
    check(
        "Unknown",
        "now",
        "<Unknown  x = '1'/>",
        "<Unknown  x = '1'>now</Unknown>",
    );
    check(
        "Unknown/@x",
        "it's \"2\" > 1\n",
        "x = '1'",
        "x = 'it&apos;s &quot;2&quot; &gt; 1&#10;'",
    );
    check("@new", "", "a > b &amp; 'c'", "");
    check(
        "ForwardNumber",
        "9044",
        "<!-- none yet -->",
        "<!-- none yet -->9044",
    );
    check(
        "DSSKeys/DSSKey[Key=2]/Action",
        "Park",
        "<Action/>",
        "<Action>Park</Action>",
    );
    check("Skill[2]", " two ", ">two<", "> two <");
    check("@GUID", "F", "00112233445566778899AABBCCDDEEFF", "F");
}

#[test]
fn setting_the_value_that_is_there_changes_nothing() {
    let mut document = untidy();
    assert_eq!(document.set(0, &"Name".parse().unwrap(), "Café & Bar"), Ok(false));
    assert_eq!(document.as_bytes(), UNTIDY.as_bytes());
}

#[test]
fn several_changes_in_one_document_do_not_disturb_each_other() {
    let mut document = untidy();
    for (path, value) in [
        ("Skill[1]", "a longer value"),
        ("@new", ""),
        ("Unknown", "x"),
        ("Unknown/@x", ""),
        ("Skill[1]", ""),
    ] {
        document.set(0, &path.parse().unwrap(), value).unwrap();
        assert!(document == Document::load(document.as_bytes().to_vec()), "{path}");
    }
    document.set(0, &"Unknown/@x".parse().unwrap(), "back").unwrap();
    let user = document.entity(0).unwrap();
    let get = |path: &str| user.get(&path.parse().unwrap()).unwrap().reveal().to_owned();
    assert_eq!(
        [get("Skill[1]"), get("@new"), get("Unknown"), get("Unknown/@x")],
        ["", "", "x", "back"]
    );
    assert_eq!(get("Skill[2]"), "two");
}

#[test]
fn what_can_not_be_set_leaves_the_document_as_it_was() {
    let check = |path: &str, value: &str, expected: fn(&EditError) -> bool| {
        let mut document = untidy();
        let error = document.set(0, &path.parse().unwrap(), value).unwrap_err();
        assert!(expected(&error), "{path}: {error:?}");
        assert_eq!(document.as_bytes(), UNTIDY.as_bytes());
    };
    check("Nmae", "x", |e| matches!(e, EditError::NoField { .. }));
    check("Skill", "x", |e| matches!(e, EditError::NoField { .. }));
    check("Skill[3]", "x", |e| matches!(e, EditError::NoField { .. }));
    check("Name/@x", "x", |e| matches!(e, EditError::NoField { .. }));
    check("DSSKeys/DSSKey[Key=9]/Action", "x", |e| {
        matches!(e, EditError::NoField { .. })
    });
    check("DSSKeys", "x", |e| matches!(e, EditError::NotAValue { .. }));
    check("Mixed", "x", |e| matches!(e, EditError::NotAValue { .. }));
    check("Name", "bell \u{7}", |e| {
        matches!(e, EditError::Character { code: 7, .. })
    });
    check("Name", "\u{FFFF}", |e| {
        matches!(e, EditError::Character { code: 0xFFFF, .. })
    });
    let mut document = untidy();
    assert_eq!(
        document.set(1, &"Name".parse().unwrap(), "x"),
        Err(EditError::NoEntity { position: 1 })
    );
    let mut opaque = Document::load(vec![0, 1]);
    assert_eq!(
        opaque.set(0, &"Name".parse().unwrap(), "x"),
        Err(EditError::Opaque(OpaqueReason::NotXml))
    );
}

#[test]
fn an_error_of_an_edit_does_not_quote_the_value() {
    let mut document = untidy();
    let error = document
        .set(0, &"Name".parse().unwrap(), "hunter2\u{7}")
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn line_ends_are_read_as_one_lf_and_written_as_they_were() {
    let source = "<data><User a='1\r\n2'>\r\n<Note>one\r\ntwo\rthree&#13;</Note></User></data>";
    let document = Document::load(source.as_bytes().to_vec());
    let user = document.entity(0).unwrap();
    assert_eq!(
        user.get(&"Note".parse().unwrap()).unwrap().reveal(),
        "one\ntwo\nthree\r"
    );
    assert_eq!(user.get(&"@a".parse().unwrap()).unwrap().reveal(), "1 2");
    assert_eq!(document.as_bytes(), source.as_bytes());
}

#[test]
fn an_entity_is_added_behind_the_last_and_removed_with_its_layout() {
    let source = "<data>\n  <ws_object><User GUID=\"1\"><Name>a</Name></User></ws_object>\n</data>\n";
    let mut document = Document::load(source.as_bytes().to_vec());
    let new = "<ws_object><User GUID=\"2\"><Name>b</Name></User></ws_object>";
    assert_eq!(document.add_entity(new), Ok(1));
    let longer = source.replace("</ws_object>", &format!("</ws_object>\n  {new}"));
    assert_eq!(document.as_bytes(), longer.as_bytes());
    assert_eq!(document.find("User", "2").unwrap().position(), 1);
    assert_eq!(document.remove_entity(1).unwrap(), new);
    assert_eq!(document.as_bytes(), source.as_bytes());
    document.remove_entity(0).unwrap();
    assert_eq!(document.as_bytes(), b"<data>\n</data>\n");
    assert_eq!(
        document.remove_entity(0),
        Err(EditError::NoEntity { position: 0 })
    );
}

#[test]
fn an_envelope_that_holds_more_stays() {
    let mut document =
        Document::load(b"<data><ws_object><User GUID='1'/><User GUID='2'/></ws_object></data>".to_vec());
    assert_eq!(document.remove_entity(0).unwrap(), "<User GUID='1'/>");
    assert_eq!(
        document.as_bytes(),
        b"<data><ws_object><User GUID='2'/></ws_object></data>"
    );
}

#[test]
fn an_empty_document_takes_its_first_entity() {
    let check = |source: &str, expected: &str| {
        let mut document = Document::load(source.as_bytes().to_vec());
        assert_eq!(document.add_entity(" <User/> "), Ok(0), "{source}");
        assert_eq!(document.as_bytes(), expected.as_bytes());
    };
    check("<data/>", "<data><User/></data>");
    check("<data x='1' />\n", "<data x='1' ><User/></data>\n");
    check("<security></security>", "<security><User/></security>");
    check("<data>\n</data>", "<data>\n<User/></data>");
}

#[test]
fn only_one_whole_entity_can_be_added() {
    for bad in [
        "",
        "text",
        "<User/><User/>",
        "</data><data>",
        "<User>",
        "<!DOCTYPE x><User/>",
        "<User/>text<",
    ] {
        let mut document = untidy();
        assert_eq!(document.add_entity(bad), Err(EditError::NotAnEntity), "{bad}");
        assert_eq!(document.as_bytes(), UNTIDY.as_bytes());
    }
}

#[test]
fn entities_are_found_in_every_form() {
    let check = |source: &str, expected: &[&str]| {
        let document = Document::load(source.as_bytes().to_vec());
        assert_eq!(document.opaque_reason(), None, "{source}");
        let labels: Vec<String> = document.entities().map(|entity| entity.label()).collect();
        assert_eq!(labels, expected, "{source}");
    };
    check("<data/>", &[]);
    check(
        "<data><ws_object><User GUID='1'><Name>a</Name></User></ws_object></data>",
        &["User a"],
    );
    check(
        "<data><ws_object><User><Name>a</Name></User></ws_object></data>",
        &["User a"],
    );
    check(
        "<data><User><Extension>201</Extension><Name>a</Name></User></data>",
        &["User 201 a"],
    );
    check(
        "<data><ws_object GUID='1' type='User'><Name>a</Name></ws_object></data>",
        &["User a"],
    );
    check(
        "<data><ws_object><Name>a</Name><Extension>7</Extension></ws_object></data>",
        &["ws_object 7 a"],
    );
    check("<data><ws_object/></data>", &["ws_object"]);
    check(
        "<data><Line GUID='abcdef0123456789abcdef0123456789'/></data>",
        &["Line ABCDEF01"],
    );
    check(
        "<data><ShortCode><Code>*17</Code></ShortCode></data>",
        &["ShortCode *17"],
    );
    check(
        "<data><Extension><Extension>201</Extension></Extension></data>",
        &["Extension 201"],
    );
    check("<data><Card><Code>\u{1b}[2J</Code></Card></data>", &["Card  [2J"]);
}

#[test]
fn a_security_document_holds_its_entities_directly() {
    let source = "<security><General><RejectLimit>3</RejectLimit></General>\
        <ServiceUser><Name>Administrator</Name><NewPassword>hunter2</NewPassword></ServiceUser></security>";
    let document = Document::load(source.as_bytes().to_vec());
    assert_eq!(document.kind(), DocumentKind::Security);
    let labels: Vec<String> = document.entities().map(|entity| entity.label()).collect();
    assert_eq!(labels, ["General", "ServiceUser Administrator"]);
    let password = document
        .entity(1)
        .unwrap()
        .get(&"NewPassword".parse().unwrap())
        .unwrap();
    assert_eq!(password.to_string(), "••••••");
    let debug = format!(
        "{document:?} {:?} {:?}",
        document.entity(1).unwrap(),
        document.entity(1).unwrap().fields()
    );
    assert!(!debug.contains("hunter2"), "{debug}");
}

#[test]
fn a_label_is_one_line_of_bounded_length() {
    let source = format!(
        "<data><User><Name>a&#x85;b&#10;c{}</Name></User></data>",
        "é".repeat(100)
    );
    let document = Document::load(source.into_bytes());
    let label = document.entity(0).unwrap().label();
    assert_eq!(label.chars().count(), 80);
    assert!(label.starts_with("User a b c") && label.ends_with('…'), "{label}");
    let hidden = Document::load(b"<data><User><Code>4711</Code></User></data>".to_vec());
    assert_eq!(hidden.entity(0).unwrap().label(), "User");
}

#[test]
fn repeated_children_get_a_key_only_where_it_tells_them_apart() {
    let check = |inner: &str, expected: &[&str]| {
        let document = Document::load(format!("<data><E GUID='1'>{inner}</E></data>").into_bytes());
        let entity = document.entity(0).unwrap();
        let paths: Vec<String> = entity
            .fields()
            .iter()
            .map(|field| field.path.to_string())
            .collect();
        assert_eq!(paths, expected, "{inner}");
        for field in entity.fields() {
            let found = entity.get(&field.path).unwrap();
            assert_eq!(found.reveal(), field.value.reveal(), "{}", field.path);
        }
    };
    check("<LAN id='LAN1'><A>1</A></LAN>", &["LAN[id=LAN1]/A"]);
    check(
        "<K Key='1'>a</K><K Key='1'>b</K>",
        &["K[1]/@Key", "K[1]", "K[2]/@Key", "K[2]"],
    );
    check(
        "<K key='1'>a</K><K id='5' key='1'>b</K>",
        &["K[1]/@key", "K[1]", "K[id=5]/@key", "K[id=5]"],
    );
    check(
        "<K id='a/b'>a</K><K id='c]\"d'>b</K>",
        &["K[id=a/b]", "K[id=\"c]\"\"d\"]"],
    );
    check("<K>a</K><L>b</L><K>c</K>", &["K[1]", "L", "K[2]"]);
    check("<K id='1'/><K/>", &["K[id=1]", "K[2]"]);
}
