//! Two people's changes to one document: told apart, and brought together without losing a byte of anybody's.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use trunkline_document::{
    Difference, DifferenceKind, Document, FieldChange, MASK, Side, ThreeWay, Value, three_way,
};

fn load(inner: &str) -> Document {
    let document = Document::load(format!("<data>{inner}</data>").into_bytes());
    assert_eq!(document.opaque_reason(), None, "{inner}");
    document
}

fn text(document: &Document) -> String {
    let text = String::from_utf8(document.as_bytes().to_vec()).unwrap();
    text.strip_prefix("<data>")
        .unwrap()
        .strip_suffix("</data>")
        .unwrap()
        .to_owned()
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("∅".into(), ToString::to_string)
}

fn lines(mark: &str, differences: &[Difference]) -> Vec<String> {
    let line = |label: &str, field: &FieldChange| {
        let (before, after) = (shown(field.before.as_ref()), shown(field.after.as_ref()));
        format!("{mark} {label} {} {before} → {after}", field.path)
    };
    let mut lines = Vec::new();
    for Difference { entity, kind } in differences {
        match kind {
            DifferenceKind::Added => lines.push(format!("{mark} + {}", entity.label)),
            DifferenceKind::Removed => lines.push(format!("{mark} - {}", entity.label)),
            DifferenceKind::Changed(fields) => {
                lines.extend(fields.iter().map(|field| line(&entity.label, field)));
            }
        }
    }
    lines
}

fn all_lines(found: &ThreeWay<'_>) -> Vec<String> {
    let mut all = lines("mine", &found.mine);
    all.extend(lines("there", &found.theirs));
    all.extend(lines("alike", &found.alike));
    for collision in &found.collisions {
        let path = collision
            .path
            .as_ref()
            .map_or("all of it".into(), ToString::to_string);
        all.push(format!("{:?} {} {path}", collision.kind, collision.entity.label));
        for field in &collision.fields {
            let [base, mine, theirs] = [&field.base, &field.mine, &field.theirs].map(|v| shown(v.as_ref()));
            all.push(format!("  {}: {base} | {mine} | {theirs}", field.path));
        }
    }
    all
}

/// What is found, and what comes out with their side of every collision, and with mine.
#[track_caller]
fn check(base: &str, mine: &str, theirs: &str, expect: &[&str], with_theirs: &str, with_mine: &str) {
    let [base, mine, theirs] = [base, mine, theirs].map(load);
    let found = three_way(&base, &mine, &theirs).unwrap();
    assert_eq!(all_lines(&found), expect);
    assert_eq!(text(&found.merged(|_| Side::Theirs).unwrap()), with_theirs);
    assert_eq!(text(&found.merged(|_| Side::Mine).unwrap()), with_mine);
}

/// Without a collision.
#[track_caller]
fn check_clean(base: &str, mine: &str, theirs: &str, expect: &[&str], merged: &str) {
    check(base, mine, theirs, expect, merged, merged);
}

const A: &str = "<User GUID='A'><Name>a</Name><FullName>f</FullName></User>";

#[test]
fn nothing_changed_or_only_there() {
    check_clean(A, A, A, &[], A);
    let theirs = "<User GUID='A'>\n <Name>b</Name><FullName>f</FullName><Etag>9</Etag></User>";
    check_clean(A, A, theirs, &["there User b Name a → b"], theirs);
}

#[test]
fn changes_in_different_places_come_together() {
    check_clean(
        A,
        "<User GUID='A'><Name>a</Name><FullName>m</FullName></User>",
        "<User GUID='A'  x='1'><!-- c --><Name>t &amp; u</Name><FullName >f</FullName></User>",
        &[
            "mine User a FullName f → m",
            "there User t & u @x ∅ → 1",
            "there User t & u Name a → t & u",
        ],
        "<User GUID='A'  x='1'><!-- c --><Name>t &amp; u</Name><FullName >m</FullName></User>",
    );
}

#[test]
fn the_same_change_on_both_sides_is_no_collision() {
    check_clean(
        A,
        "<User GUID='A'><Name>n</Name><FullName>f</FullName></User>",
        "<User GUID='A'><Name>&#110;</Name><FullName>f</FullName></User>",
        &["alike User n Name a → n"],
        "<User GUID='A'><Name>&#110;</Name><FullName>f</FullName></User>",
    );
    check_clean(A, "", "", &["alike - User a"], "");
    check_clean("", A, A, &["alike + User a"], A);
}

#[test]
fn the_same_field_with_different_values_collides() {
    check(
        A,
        "<User GUID='A'><Name>m</Name><FullName>m</FullName></User>",
        "<User GUID='A'><Name><![CDATA[t]]></Name><FullName>f</FullName></User>",
        &[
            "mine User m FullName f → m",
            "BothChanged User t Name",
            "  Name: a | m | t",
        ],
        "<User GUID='A'><Name><![CDATA[t]]></Name><FullName>m</FullName></User>",
        "<User GUID='A'><Name><![CDATA[m]]></Name><FullName>m</FullName></User>",
    );
}

#[test]
fn removed_here_and_changed_there() {
    let b = "<User GUID='B'><Name>b</Name><Extension>2</Extension></User>";
    let changed = "<User GUID='B'><Name>b</Name><Extension>3</Extension></User>";
    check(
        &format!("{A}\n{b}"),
        A,
        &format!("{A}\n{changed}"),
        &["RemovedHere User 3 b all of it", "  Extension: 2 | ∅ | 3"],
        &format!("{A}\n{changed}"),
        A,
    );
    check(
        &format!("{A}\n{b}"),
        &format!("{A}\n{changed}"),
        A,
        &["RemovedThere User 3 b all of it", "  Extension: 2 | 3 | ∅"],
        A,
        &format!("{A}{changed}"),
    );
    check_clean(
        &format!("{A}\n{b}"),
        b,
        &format!("{A}\n{b}"),
        &["mine - User a"],
        &format!("\n{b}"),
    );
    check_clean(
        &format!("{A}\n{b}"),
        &format!("{A}\n{b}"),
        b,
        &["there - User a"],
        b,
    );
}

#[test]
fn both_added_the_same_guid_or_the_same_name() {
    let there = "<User GUID='B'><Name>b</Name><Extension>2</Extension></User>";
    let mine = "<User guid='{b}'><Name>b</Name><Extension>3</Extension></User>";
    check(
        A,
        &format!("{A}{mine}"),
        &format!("{A}{there}"),
        &["BothAdded User 2 b all of it", "  Extension: ∅ | 3 | 2"],
        &format!("{A}{there}"),
        &format!("{A}{mine}"),
    );
    let other = "<User GUID='C'><Name>b</Name><Extension>2</Extension></User>";
    check(
        A,
        &format!("{A}{other}"),
        &format!("{A}{there}"),
        &["BothAdded User 2 b all of it", "  @GUID: ∅ | C | B"],
        &format!("{A}{there}"),
        &format!("{A}{other}"),
    );
}

#[test]
fn entities_are_added_and_removed_with_their_envelope_and_layout() {
    let [a, b, c, d] = ["a", "b", "c", "d"]
        .map(|n| format!("\n  <ws_object><Line GUID='{n}'><Id>{n}</Id></Line></ws_object>"));
    check_clean(
        &format!("{a}{b}\n"),
        &format!("{b}{c}\n"),
        &format!("{a}{b}{d}\n"),
        &["mine - Line a", "mine + Line c", "there + Line d"],
        &format!("{b}{d}{c}\n"),
    );
    let shared = "<ws_object><Line GUID='a'><Id>a</Id></Line><Line GUID='b'><Id>b</Id></Line></ws_object>";
    check_clean(
        shared,
        "",
        &format!("{shared}{c}"),
        &["mine - Line a", "mine - Line b", "there + Line c"],
        &c,
    );
    check_clean(
        "<X GUID='1'/>",
        &format!("<X GUID='1'/>{shared}"),
        "<X GUID='1'/>",
        &["mine + Line a", "mine + Line b"],
        "<X GUID='1'/><ws_object><Line GUID='a'><Id>a</Id></Line></ws_object><ws_object><Line GUID='b'><Id>b</Id></Line></ws_object>",
    );
    check_clean("", A, "", &["mine + User a"], A);
}

#[test]
fn fields_are_added_and_removed() {
    let base = "<U GUID='A'>\n  <N>a</N>\n  <P/>\n</U>";
    check_clean(
        base,
        "<U GUID='A' k='1'>\n  <N>a</N>\n  <M>9</M>\n</U>",
        "<U GUID='A'>\n  <N>b</N>\n  <P/>\n  <Q>q</Q>\n</U>",
        &[
            "mine U A @k ∅ → 1",
            "mine U A P  → ∅",
            "mine U A M ∅ → 9",
            "there U A N a → b",
            "there U A Q ∅ → q",
        ],
        "<U GUID='A' k=\"1\">\n  <N>b</N>\n  <M>9</M>\n  <Q>q</Q>\n</U>",
    );
    check(
        base,
        "<U GUID='A'>\n  <N>a</N>\n</U>",
        "<U GUID='A'>\n  <N>a</N>\n  <P>1</P>\n</U>",
        &["RemovedHere U A P", "  P:  | ∅ | 1"],
        "<U GUID='A'>\n  <N>a</N>\n  <P>1</P>\n</U>",
        "<U GUID='A'>\n  <N>a</N>\n</U>",
    );
    check_clean(
        "<U GUID='A' x='1' y='2'/>",
        "<U GUID='A' y='2'/>",
        "<U GUID='A'  x='1' y='3' />",
        &["mine U A @x 1 → ∅", "there U A @y 2 → 3"],
        "<U GUID='A' y='3' />",
    );
    check_clean(
        "<U><Name>a</Name></U>",
        "<U GUID='7'><Name>a</Name></U>",
        "<U><Name>a</Name><X/></U>",
        &["mine U a @GUID ∅ → 7", "there U a X ∅ → "],
        "<U GUID=\"7\"><Name>a</Name><X/></U>",
    );
}

#[test]
fn children_with_a_key_are_told_apart() {
    let key = |n: u8, action: &str| format!("<K Key='{n}'><Do>{action}</Do></K>");
    let user = |keys: &[String]| format!("<U GUID='A'><Ks>{}</Ks></U>", keys.concat());
    check_clean(
        &user(&[key(1, "a"), key(2, "b")]),
        &user(&[key(1, "m"), key(2, "b"), key(3, "c")]),
        &user(&[key(1, "a"), key(4, "d")]),
        &[
            "mine U A Ks/K[Key=1]/Do a → m",
            "mine U A Ks/K[Key=3]/Do ∅ → c",
            "there U A Ks/K[Key=4]/Do ∅ → d",
            "there U A Ks/K[Key=2]/Do b → ∅",
        ],
        &user(&[key(1, "m"), key(3, "c"), key(4, "d")]),
    );
    check(
        &user(&[key(1, "a")]),
        &user(&[key(1, "a"), key(2, "m")]),
        &user(&[key(2, "t"), key(1, "a")]),
        &["BothAdded U A Ks/K[Key=2]", "  Ks/K[Key=2]/Do: ∅ | m | t"],
        &user(&[key(2, "t"), key(1, "a")]),
        &user(&[key(2, "m"), key(1, "a")]),
    );
}

#[test]
fn children_that_are_only_counted_change_one_by_one_or_all_together() {
    let skills = |names: &[&str]| {
        let skills: Vec<_> = names
            .iter()
            .map(|name| format!("<Skill>{name}</Skill>"))
            .collect();
        format!("<U GUID='A'>{}</U>", skills.concat())
    };
    check_clean(
        &skills(&["a", "b"]),
        &skills(&["m", "b"]),
        &skills(&["a", "t"]),
        &["mine U A Skill[1] a → m", "there U A Skill[2] b → t"],
        &skills(&["m", "t"]),
    );
    check(
        &skills(&["a", "b"]),
        &skills(&["b"]),
        &skills(&["a", "b", "t"]),
        &[
            "BothChanged U A Skill",
            "  Skill: ∅ | b | ∅",
            "  Skill[1]: a | ∅ | a",
            "  Skill[2]: b | ∅ | b",
            "  Skill[3]: ∅ | ∅ | t",
        ],
        &skills(&["a", "b", "t"]),
        &skills(&["b"]),
    );
    check_clean(
        &skills(&["a", "b"]),
        &skills(&["b", "c", "d"]),
        &format!("{}<L GUID='L'/>", skills(&["a", "b"])),
        &[
            "mine U A Skill[1] a → b",
            "mine U A Skill[2] b → c",
            "mine U A Skill[3] ∅ → d",
            "there + L L",
        ],
        &format!("{}<L GUID='L'/>", skills(&["b", "c", "d"])),
    );
}

#[test]
fn what_can_not_be_taken_apart_is_taken_whole() {
    let user = |inner: &str| format!("<U GUID='A'><N>1</N>{inner}</U>");
    // Text between children.
    check(
        &user("<M>x<b>1</b></M>"),
        &user("<M>y<b>1</b></M>"),
        &user("<M>x<b>2</b></M>"),
        &["BothChanged U A M", "  M: x | y | x", "  M/b: 1 | 1 | 2"],
        &user("<M>x<b>2</b></M>"),
        &user("<M>y<b>1</b></M>"),
    );
    // Children on one side only.
    check_clean(
        &user("<Ks/>"),
        &user("<Ks><K Key='1'>a</K></Ks>"),
        &user("<Ks /><X/>"),
        &[
            "mine U A Ks  → ∅",
            "mine U A Ks/K[Key=1] ∅ → a",
            "there U A X ∅ → ",
        ],
        &user("<Ks><K Key='1'>a</K></Ks><X/>"),
    );
    // Each removes what the other leaves.
    check_clean(
        &user("<Ks><K Key='1'>a</K><K Key='2'>b</K></Ks>"),
        &user("<Ks><K Key='1'>a</K></Ks>"),
        &user("<Ks><K Key='2'>b</K></Ks>"),
        &["mine U A Ks/K[Key=2] b → ∅", "there U A Ks/K[Key=1] a → ∅"],
        &user("<Ks></Ks>"),
    );
}

#[test]
fn noise_is_theirs_and_makes_no_change() {
    check_clean(
        "<U GUID='A'><N>1</N><Etag>1</Etag><Last-Modified>x</Last-Modified></U>",
        "<U GUID='A'><N>2</N><Etag>2</Etag></U>",
        "<U GUID='A'><N>1</N><Etag>3</Etag><Last-Modified>z</Last-Modified></U>",
        &["mine U A N 1 → 2"],
        "<U GUID='A'><N>2</N><Etag>3</Etag><Last-Modified>z</Last-Modified></U>",
    );
}

#[test]
fn secrets_are_masked_in_all_that_is_found_and_whole_in_what_is_merged() {
    let user =
        |password: &str| format!("<User GUID='A'><Name>a</Name><Password>{password}</Password></User>");
    let [base, mine, theirs] = ["hunter1", "hunter2", "hunter3"].map(|password| load(&user(password)));
    let found = three_way(&base, &mine, &theirs).unwrap();
    assert_eq!(
        all_lines(&found),
        [
            "BothChanged User a Password".to_owned(),
            format!("  Password: {MASK} | {MASK} | {MASK}")
        ]
    );
    assert!(found.collisions[0].fields[0].secret);
    assert!(!format!("{found:?}").contains("hunter"), "{found:?}");
    assert_eq!(text(&found.merged(|_| Side::Mine).unwrap()), user("hunter2"));
}

#[test]
fn opaque_bytes_have_no_three_ways() {
    let (document, opaque) = (load(A), Document::load(b"\0".to_vec()));
    let security = Document::load(b"<security/>".to_vec());
    for [base, mine, theirs] in [
        [&opaque, &document, &document],
        [&document, &opaque, &document],
        [&document, &document, &opaque],
        [&document, &security, &document],
    ] {
        assert!(three_way(base, mine, theirs).is_none());
    }
}
