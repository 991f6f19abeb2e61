//! Writes that go wrong in the middle.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;
use trunkline_core::api::{ApiAccess, ApiConnection};
use trunkline_core::{Error, ErrorKind, InPart, Progress, silent};
use trunkline_document::Document;

use crate::peer::{ADA, Act, BEN, Peer, collection, http, ok, refusal, unit, what};
use crate::{access, changed, log_in, log_in_to, read, says_no_secret, user};

fn part(error: &Error) -> &InPart {
    let ErrorKind::DoneInPart(part) = error.kind() else {
        panic!("{error}")
    };
    part
}

/// A unit whose users can be changed, and which does `mishap` to some requests instead.
fn office(mishap: impl Fn(&str, &mut dyn FnMut()) -> Option<Act> + Send + Sync + 'static) -> Peer {
    let users = Arc::new(Mutex::new(vec![ADA.to_owned(), BEN.to_owned()]));
    Peer::start(move |request| {
        let take = || {
            let mut users = users.lock().unwrap();
            let body = request.split("\r\n\r\n").nth(1).unwrap();
            let entity = body
                .split_once("<ws_object>")
                .and_then(|(_, rest)| rest.split_once("</ws_object>"))
                .map(|(entity, _)| entity.to_owned());
            let guid = request.split("guid=").nth(1).map(|rest| &rest[..2]);
            let place = users
                .iter()
                .position(|user| guid.is_some_and(|guid| user.contains(&format!("GUID=\"{guid}\""))));
            match (what(request).0, place, entity) {
                ("PUT", Some(place), Some(entity)) => users[place] = entity,
                ("POST", None, Some(entity)) => users.push(entity.replace("<User>", "<User GUID=\"e5\">")),
                ("DELETE", Some(place), None) => drop(users.remove(place)),
                other => panic!("{other:?}"),
            }
        };
        let mut take = take;
        if let Some(act) = mishap(request, &mut take) {
            return act;
        }
        match what(request) {
            ("GET", "users") => {
                let users = users.lock().unwrap();
                let users: Vec<&str> = users.iter().map(String::as_str).collect();
                collection("users", &users)
            }
            ("PUT" | "POST" | "DELETE", "users") => {
                take();
                ok("<response status='1'/>")
            }
            _ => unit(request),
        }
    })
}

/// The first user renamed, the second with another extension, and a new one.
fn three_changes(now: &trunkline_core::api::Snapshot) -> Document {
    let text = std::str::from_utf8(now.document().as_bytes()).unwrap();
    let text = text.replace("Ada", "Zoë").replace("202", "302").replace(
        "</data>",
        "<ws_object><User><Name>Eva</Name></User></ws_object></data>",
    );
    Document::load(text.into_bytes())
}

const FIRST: &str = "changed User 201 Zoë";
const SECOND: &str = "changed User 302 Ben";
const THIRD: &str = "created User Eva";

#[tokio::test]
async fn everything_is_written_and_nothing_twice() {
    let peer = office(|_, _| None);
    let mut session = log_in(&peer).await;
    let now = read(&mut session).await.unwrap();
    let mine = three_changes(&now);
    let written = session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap();
    assert_eq!(written.changes, [FIRST, SECOND, THIRD]);
    // The same again finds nothing to do, though the new user has a GUID by now.
    let after = read(&mut session).await.unwrap();
    assert_ne!(now.revision(), after.revision());
    let again = session
        .write(Some(now.document()), &after, &mine, false, &silent)
        .await
        .unwrap();
    assert_eq!(again.changes, [""; 0]);
}

#[tokio::test]
async fn the_first_refusal_leaves_everything_as_it_was() {
    let peer = office(|request, _| {
        (what(request).0 == "PUT").then(|| refusal("400 Password geheim-201 is too weak"))
    });
    let mut session = log_in(&peer).await;
    let now = read(&mut session).await.unwrap();
    let mine = three_changes(&now);
    let error = session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "127.0.0.1:{}: sending: the unit refused with 400: User 201 Zoë: Password •••••• is too weak",
            peer.port
        )
    );
    says_no_secret(&error);
    assert_eq!(read(&mut session).await.unwrap().revision(), now.revision());
}

#[tokio::test]
async fn a_later_refusal_is_done_in_part_with_every_change_in_one_list() {
    type Answer = fn() -> Act;
    let answers: [(Answer, &str); 5] = [
        (|| refusal("409:Taken 302 is taken"), "409:Taken"),
        (
            || Act::Say(http("400 Bad Request", &[], "")),
            "not a valid document",
        ),
        (
            || Act::Say(http("401 Unauthorized", &[], "")),
            "wrong user name or password",
        ),
        (|| Act::Say(http("403 Forbidden", &[], "")), "no right"),
        (
            || Act::Say(http("503 Service Unavailable", &[], "")),
            "tried later",
        ),
    ];
    for (answer, why) in answers {
        let peer =
            office(move |request, _| (request.contains("PUT") && request.contains("guid=b2")).then(answer));
        let mut session = log_in(&peer).await;
        let now = read(&mut session).await.unwrap();
        let mine = three_changes(&now);
        let error = session
            .write(Some(now.document()), &now, &mine, false, &silent)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "done_in_part");
        let part = part(&error);
        assert_eq!(
            (&part.written[..], &part.unknown[..], &part.not_written[..]),
            (
                &[FIRST.to_owned()][..],
                &[][..],
                &[SECOND.to_owned(), THIRD.to_owned()][..]
            )
        );
        let text = error.to_string();
        assert!(text.contains(why), "{text}");
        assert!(
            text.ends_with(&format!("; written: {FIRST}; not written: {SECOND}, {THIRD}")),
            "{text}"
        );
        says_no_secret(&error);
        // Sending the same again goes on where it stopped.
        let after = read(&mut session).await.unwrap();
        let users: Vec<String> = after
            .document()
            .entities()
            .take(2)
            .map(|user| user.label())
            .collect();
        assert_eq!(users, ["User 201 Zoë", "User 202 Ben"]);
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    // The unit took it and hung up; it hung up first.
    for takes in [true, false] {
        let once = crate::Once::new();
        let peer = office(move |request, take| {
            (request.starts_with("PUT") && request.contains("guid=b2") && once.now()).then(|| {
                if takes {
                    take();
                }
                Act::SayAndClose(Vec::new())
            })
        });
        let mut session = log_in(&peer).await;
        let now = read(&mut session).await.unwrap();
        let mine = three_changes(&now);
        let written = session
            .write(Some(now.document()), &now, &mine, false, &silent)
            .await
            .unwrap();
        assert_eq!(written.changes, [FIRST, SECOND, THIRD]);
        let puts = peer
            .lines()
            .iter()
            .filter(|line| line.contains("guid=b2"))
            .count();
        assert_eq!(puts, if takes { 1 } else { 2 }, "{takes}");
    }
}

#[tokio::test]
async fn a_creation_and_a_removal_are_looked_up_too() {
    for (method, takes) in [
        ("POST", true),
        ("POST", false),
        ("DELETE", true),
        ("DELETE", false),
    ] {
        let once = crate::Once::new();
        let peer = office(move |request, take| {
            (request.starts_with(method) && what(request).1 == "users" && once.now()).then(|| {
                if takes {
                    take();
                }
                Act::SayAndClose(Vec::new())
            })
        });
        let mut session = log_in(&peer).await;
        let now = read(&mut session).await.unwrap();
        let text = std::str::from_utf8(now.document().as_bytes()).unwrap();
        let text = text
            .replace(&format!("<ws_object>{BEN}</ws_object>"), "")
            .replace(
                "</data>",
                "<ws_object><User><Name>Eva</Name></User></ws_object></data>",
            );
        let mine = Document::load(text.into_bytes());
        let written = session
            .write(Some(now.document()), &now, &mine, false, &silent)
            .await
            .unwrap();
        assert_eq!(written.changes, [THIRD, "removed User 202 Ben"]);
        let after = read(&mut session).await.unwrap();
        let users: Vec<String> = after
            .document()
            .entities()
            .filter(|entity| entity.kind() == "User")
            .map(|user| user.label())
            .collect();
        assert_eq!(users, ["User 201 Ada", "User Eva"], "{method} {takes}");
    }
}

#[tokio::test]
async fn what_can_not_be_looked_up_is_not_known() {
    let peer = office(|request, _| request.contains("PUT").then(|| Act::SayAndClose(Vec::new())));
    let access = ApiAccess {
        tries: 1,
        ..access(&peer)
    };
    let mut session = log_in_to(access).await.unwrap();
    let now = read(&mut session).await.unwrap();
    let mine = three_changes(&now);
    let error = session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap_err();
    let part = part(&error);
    assert_eq!(
        (&part.written[..], &part.unknown[..], &part.not_written[..]),
        (
            &[][..],
            &[FIRST.to_owned()][..],
            &[SECOND.to_owned(), THIRD.to_owned()][..]
        )
    );
}

#[tokio::test]
async fn whoever_stops_in_the_middle_learns_how_far_it_came() {
    let peer = office(|_, _| None);
    let cancel = CancellationToken::new();
    let connection = ApiConnection::open(access(&peer), cancel.clone(), &silent)
        .await
        .unwrap();
    let mut session = connection.log_in(user(), &silent).await.unwrap();
    let now = read(&mut session).await.unwrap();
    let mine = three_changes(&now);
    let stop = move |progress| {
        if matches!(progress, Progress::Writing { done: 1, total: 3 }) {
            cancel.cancel();
        }
    };
    let error = session
        .write(Some(now.document()), &now, &mine, false, &stop)
        .await
        .unwrap_err();
    let part = part(&error);
    assert_eq!(part.why.code(), "cancelled");
    assert_eq!(part.written, [FIRST]);
    assert_eq!(part.not_written, [SECOND, THIRD]);
}

#[tokio::test]
async fn a_restart_notice_comes_with_what_was_written() {
    let peer = office(|request, take| {
        (request.starts_with("PUT")).then(|| {
            take();
            ok("<response status='1'><data><REBOOT>1</REBOOT></data></response>")
        })
    });
    let mut session = log_in(&peer).await;
    let now = read(&mut session).await.unwrap();
    let mine = changed(&now, "a1", "Name", "Zoë");
    session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap();
    assert!(session.restart_needed());
}
