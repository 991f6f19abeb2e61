//! Two people change the same unit: what the one who comes second is told, and how both changes get into the unit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use cli_support::{Computer, Outcome, Site};
use serde_json::{Value, json};

const BEFORE: &str = "<data><User GUID='A'><Name>Anna</Name><FullName>Anna A</FullName><Password>one</Password></User>\
    <User GUID='B'><Name>Bert</Name><FullName>Bert B</FullName></User></data>";

/// A unit with a short configuration, and a file of it, which somebody else has changed since.
fn two_people(mine: &[(&str, &str)], theirs: &[(&str, &str)]) -> (Computer, Site, String) {
    let computer = Computer::new();
    std::fs::write(computer.file("unit.xml"), BEFORE).unwrap();
    let site = Site::one(&computer, "revision = 416");
    let target = site.target();
    send(&computer, &target, "unit.xml", &[]).exits(0);
    for (file, changes) in [("theirs.xml", theirs), ("mine.xml", mine)] {
        computer
            .run_as_user(&["receive", &target, "--out", file])
            .exits(0);
        for (before, after) in changes {
            computer.edit(file, file, before, after);
        }
    }
    send(&computer, &target, "theirs.xml", &[]).exits(0);
    (computer, site, target)
}

fn send(computer: &Computer, target: &str, file: &str, more: &[&str]) -> Outcome {
    computer.run_as_user(&[&["send", target, file, "--mode", "merge"], more].concat())
}

fn held(computer: &Computer, target: &str) -> String {
    computer
        .run_as_user(&["receive", target, "--out", "now.xml"])
        .exits(0);
    computer.text("now.xml")
}

const MY_CHANGE: (&str, &str) = ("Bert B", "Bert of mine");
const THEIR_CHANGE: (&str, &str) = ("Anna A", "Anna of theirs");

#[test]
fn a_conflict_says_who_changed_what() {
    let (computer, _site, target) = two_people(&[MY_CHANGE], &[THEIR_CHANGE, (">one<", ">two-secret<")]);
    let refused = send(&computer, &target, "mine.xml", &[])
        .exits(6)
        .says("you changed, since r417:\n  ~ User Bert, FullName: \"Bert B\" → \"Bert of mine\"\n")
        .says(
            "changed there, now r418:\n  ~ User Anna, FullName: \"Anna A\" → \"Anna of theirs\"\n  ~ User Anna, Password: \
             another secret than before\n",
        )
        .says("hint: Nothing collides: --rebase puts your changes on top");
    assert!(!refused.stderr.contains("two-secret"), "{refused:?}");

    let refused = send(&computer, &target, "mine.xml", &["--json"]).exits(6);
    let conflict = refused.json()["error"]["conflict"].clone();
    assert_eq!(
        conflict,
        json!({
            "base_revision": "r417", "unit_revision": "r418", "base_known": true,
            "mine": [{"type": "User", "guid": "B", "label": "User Bert", "change": "changed", "fields": [
                {"path": "FullName", "before": "Bert B", "after": "Bert of mine", "secret": false}]}],
            "theirs": [{"type": "User", "guid": "A", "label": "User Anna", "change": "changed", "fields": [
                {"path": "FullName", "before": "Anna A", "after": "Anna of theirs", "secret": false},
                {"path": "Password", "before": "••••••", "after": "••••••", "secret": true}]}],
            "alike": [], "collisions": [],
        })
    );
    assert!(held(&computer, &target).contains("Bert B<"), "nothing was sent");
}

#[test]
fn rebase_puts_my_changes_on_top() {
    let (computer, _site, target) = two_people(&[MY_CHANGE], &[THEIR_CHANGE]);
    let mine = computer.text("mine.xml");
    let sent = send(&computer, &target, "mine.xml", &["--rebase", "--json"])
        .exits(0)
        .says("your changes were put on top of r418; mine.xml has yours alone");
    let document = sent.json();
    assert_eq!(
        (&document["revision_before"], &document["revision_after"]),
        (&json!("r418"), &json!("r419"))
    );
    let both = BEFORE
        .replace(MY_CHANGE.0, MY_CHANGE.1)
        .replace(THEIR_CHANGE.0, THEIR_CHANGE.1);
    assert_eq!(held(&computer, &target), both);
    assert_eq!(computer.text("mine.xml"), mine, "the file stays as it is");
    // Once more: everything of mine is there.
    send(&computer, &target, "mine.xml", &["--rebase"])
        .exits(0)
        .says("unchanged");
}

#[test]
fn rebase_without_a_conflict_is_a_send() {
    let (computer, _site, target) = two_people(&[], &[]);
    computer.edit("mine.xml", "mine.xml", MY_CHANGE.0, MY_CHANGE.1);
    send(&computer, &target, "mine.xml", &["--rebase"]).exits(0);
    assert_eq!(held(&computer, &target), computer.text("mine.xml"));
}

#[test]
fn what_collides_is_not_decided_by_the_program() {
    let (computer, _site, target) = two_people(&[("Anna A", "Anna of mine"), MY_CHANGE], &[THEIR_CHANGE]);
    let refused = send(&computer, &target, "mine.xml", &["--rebase", "--json"]).exits(6).says(
        "these collide:\n  ! User Anna, FullName: it was \"Anna A\", yours is \"Anna of mine\", there it is \"Anna of \
         theirs\"\n",
    );
    let collisions = refused.json()["error"]["conflict"]["collisions"].clone();
    assert_eq!(
        collisions,
        json!([{"type": "User", "guid": "A", "label": "User Anna", "path": "FullName", "kind": "both_changed", "fields": [
            {"path": "FullName", "base": "Anna A", "mine": "Anna of mine", "theirs": "Anna of theirs", "secret": false}]}])
    );
    assert!(held(&computer, &target).contains("Bert B<"), "nothing was sent");
}

#[test]
fn what_is_wrong_only_together_is_not_sent() {
    let add = |name: &str| {
        let user = format!("<User GUID='{name}'><Name>{name}</Name><Extension>300</Extension></User></data>");
        ("</data>", user)
    };
    let (mine, theirs) = (add("Carl"), add("Dora"));
    let (computer, _site, target) = two_people(&[(mine.0, &mine.1)], &[(theirs.0, &theirs.1)]);
    send(&computer, &target, "mine.xml", &["--rebase"])
        .exits(6)
        .says("warning: put together, User 300 Carl: has the same extension as User 300 Dora");
}

#[test]
fn after_a_send_the_file_s_new_content_is_the_base() {
    let (computer, _site, target) = two_people(&[], &[THEIR_CHANGE]);
    // They go on from what they sent, and somebody else is faster.
    computer
        .run_as_user(&["receive", &target, "--out", "mine.xml"])
        .exits(0);
    computer.edit("mine.xml", "mine.xml", MY_CHANGE.0, MY_CHANGE.1);
    send(&computer, &target, "mine.xml", &[]).exits(0);
    computer.edit("theirs.xml", "theirs.xml", "Anna of theirs", "Anna again");
    send(&computer, &target, "theirs.xml", &[])
        .exits(6)
        .says("you changed, since r418:\n  ~ User Anna, FullName: \"Anna of theirs\" → \"Anna again\"\n")
        .says("changed there, now r419:\n  ~ User Bert, FullName: \"Bert B\" → \"Bert of mine\"\n");
}

#[test]
fn where_the_base_is_gone_the_two_are_compared() {
    let (computer, _site, target) = two_people(&[MY_CHANGE], &[THEIR_CHANGE]);
    std::fs::remove_dir_all(computer.file("data/archive")).unwrap();
    let refused = send(&computer, &target, "mine.xml", &["--json", "--rebase"])
        .exits(6)
        .says(
            "what your file is based on (r417) is not in the archive, so that nobody can say who changed what",
        )
        .says("sent over what the unit has now, r418, it would change:\n  ~ User Anna\n");
    let conflict = refused.json()["error"]["conflict"].clone();
    assert_eq!(conflict["base_known"], false);
    assert_eq!(conflict["mine"], Value::Null);
    assert_eq!(conflict["differences"]["changed"].as_array().unwrap().len(), 2);
}

#[test]
fn force_and_rebase_do_not_go_together() {
    let computer = Computer::new();
    computer
        .run(&[
            "send",
            "127.0.0.1",
            "a.xml",
            "--mode",
            "merge",
            "--force",
            "--rebase",
        ])
        .exits(2)
        .says("cannot be used with");
}
