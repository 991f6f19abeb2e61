//! Answers that are no answers: cut, endless, and made to do harm.

use std::time::Duration;

use trunkline_core::api::ApiAccess;

use crate::peer::{ADA, Act, Peer, http, ok, unit, what};
use crate::{Once, access, log_in, log_in_to, read, says_no_secret};

/// Reading ends so where the users are answered like this.
async fn read_ends(answer: impl Fn() -> Act + Send + Sync + 'static, code: &str, words: &str) {
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "users") => answer(),
        _ => unit(request),
    });
    let error = read(&mut log_in(&peer).await).await.unwrap_err();
    assert!(
        error.code() == code && error.to_string().contains(words),
        "{}: {error}",
        error.code()
    );
    says_no_secret(&error);
}

#[tokio::test]
async fn xml_that_is_made_to_do_harm_is_refused() {
    let data = |inside: &str| {
        let text = format!("<response status='1'><data>{inside}</data></response>");
        move || ok(&text)
    };
    let bomb =
        "<!DOCTYPE r [<!ENTITY a 'geheim'><!ENTITY b '&a;&a;&a;'>]><response status='1'>&b;</response>";
    read_ends(|| ok(bomb), "damaged_data", "DOCTYPE").await;
    let deep = "<a>".repeat(1000) + &"</a>".repeat(1000);
    read_ends(data(&deep), "damaged_data", "nested more than 64 deep").await;
    read_ends(data("&geheim;"), "damaged_data", "an unknown reference").await;
    read_ends(data("<ws_object><User><Name>geheim"), "damaged_data", "").await;
    read_ends(|| ok("geheim"), "damaged_data", "not XML").await;
    read_ends(|| ok(""), "damaged_data", "not XML").await;
    read_ends(|| ok("<response><data/></response>"), "damaged_data", "no status").await;
    read_ends(
        || ok("<response status='1'><data totalRecords='7'/></response>"),
        "damaged_data",
        "announced 7 objects in users and sent 0",
    )
    .await;
    let not_utf8 = || {
        let mut bytes = http("200 OK", &[], "<response>____");
        let end = bytes.len();
        bytes[end - 2..].copy_from_slice(b"\xff\xfe");
        Act::Say(bytes)
    };
    read_ends(not_utf8, "damaged_data", "not UTF-8").await;
}

#[tokio::test]
async fn json_that_is_made_to_do_harm_is_refused() {
    for json in [
        format!(
            "{{\"response\":{}{}}}",
            "{\"a\":".repeat(100_000),
            "}".repeat(100_000)
        ),
        "{\"response\":{\"@status\":\"1\",\"data\":{\"ws_object\":[\"geheim\"".into(),
        "{\"response\":{\"<script>\":\"geheim\"}}".into(),
    ] {
        read_ends(move || ok(&json), "damaged_data", "JSON").await;
    }
}

#[tokio::test]
async fn what_is_larger_than_a_document_may_be_is_refused_while_it_comes() {
    let huge = || Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec());
    read_ends(huge, "protocol_error", "an answer is larger than").await;
    read_ends(|| Act::Endless, "protocol_error", "an answer is larger than").await;
    let long_head = || Act::Say(http("200 OK", &[&format!("X: {}", "x".repeat(1_000_000))], ""));
    read_ends(long_head, "protocol_error", "does not speak HTTP").await;
    read_ends(
        || Act::SayAndClose(b"geheim\r\n\r\n".to_vec()),
        "protocol_error",
        "does not speak HTTP",
    )
    .await;
}

#[tokio::test]
async fn a_cut_answer_is_asked_for_again_and_not_for_ever() {
    for cut in [0, 10, 60, 150] {
        let (once, whole) = (Once::new(), collection_bytes());
        let peer = Peer::start(move |request| match what(request) {
            ("GET", "users") if once.now() => Act::SayAndClose(whole[..cut].to_vec()),
            _ => unit(request),
        });
        let mut session = log_in(&peer).await;
        let now = read(&mut session).await.unwrap();
        assert_eq!(now.document().entity_count(), 3, "{cut}");
        assert!(session.was_resumed());
        assert_eq!(peer.connections(), 2);
    }
    let peer = Peer::start(|request| match what(request) {
        ("GET", "users") => Act::SayAndClose(collection_bytes()[..60].to_vec()),
        _ => unit(request),
    });
    let access = ApiAccess {
        tries: 2,
        ..access(&peer)
    };
    let error = read(&mut log_in_to(access).await.unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    let asked = peer
        .lines()
        .iter()
        .filter(|line| line.ends_with("/users"))
        .count();
    assert_eq!(asked, 2);
}

fn collection_bytes() -> Vec<u8> {
    let body = format!(
        "<response status=\"1\"><data totalRecords=\"1\"><ws_object>{ADA}</ws_object></data></response>"
    );
    http("200 OK", &["Content-Type: application/xml"], &body)
}

#[tokio::test]
async fn a_silent_unit_is_given_up() {
    let peer = Peer::start(|request| match what(request) {
        ("GET", "users") => Act::Silence,
        _ => unit(request),
    });
    let access = ApiAccess {
        patience: Duration::from_millis(300),
        tries: 1,
        ..access(&peer)
    };
    let error = read(&mut log_in_to(access).await.unwrap()).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(error.to_string().contains("nothing came for 0.3 s"), "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_between_two_requests_is_no_loss() {
    let peer = Peer::start(|request| match unit(request) {
        Act::Say(bytes) => Act::SayAndClose(bytes),
        other => other,
    });
    let mut session = log_in(&peer).await;
    read(&mut session).await.unwrap();
    assert!(!session.was_resumed());
    assert_eq!(peer.connections(), peer.lines().len());
}
