//! What a unit says no with, and what the client does then.

use trunkline_core::ErrorKind;

use crate::peer::{Act, Peer, collection, http, ok, refusal, unit, what};
use crate::{Once, access, log_in, log_in_to, read, says_no_secret};

/// A log-in that is answered so ends with this code, after one request.
async fn log_in_ends(answer: impl Fn() -> Act + Send + Sync + 'static, code: &str, words: &str) {
    let peer = Peer::start(move |_| answer());
    let error = log_in_to(access(&peer)).await.unwrap_err();
    assert!(
        error.code() == code && error.to_string().contains(words),
        "{}: {error}",
        error.code()
    );
    says_no_secret(&error);
    assert_eq!(peer.lines().len(), 1, "it was tried again");
}

#[tokio::test]
async fn a_log_in_is_tried_once_and_each_refusal_has_its_name() {
    let status = |line: &'static str| move || Act::Say(http(line, &[], ""));
    log_in_ends(
        status("401 Unauthorized"),
        "authentication_failed",
        "wrong user name or password",
    )
    .await;
    log_in_ends(status("403 Forbidden"), "no_right", "").await;
    log_in_ends(status("404 Not Found"), "not_offered", "HTTP 404").await;
    log_in_ends(status("405 Method Not Allowed"), "not_offered", "HTTP 405").await;
    log_in_ends(status("400 Bad Request"), "protocol_error", "HTTP 400").await;
    log_in_ends(status("500 Internal Server Error"), "protocol_error", "HTTP 500").await;
    log_in_ends(status("503 Service Unavailable"), "retry_later", "tried later").await;
    let redirect = || Act::Say(http("302 Found", &["Location: https://198.51.100.9/"], ""));
    log_in_ends(redirect, "protocol_error", "nothing is ever sent").await;
    // A unit that repeats what it heard does not make us repeat it.
    let echo = || refusal(&format!("401:BadPassword {} is wrong", crate::PASSWORD));
    log_in_ends(echo, "unit_refused", "with 401:BadPassword: •••••• is wrong").await;
    log_in_ends(
        || ok("<response status='1'/>"),
        "protocol_error",
        "no session cookie",
    )
    .await;
    let odd = || Act::Say(http("200 OK", &["Set-Cookie: JSESSIONID=a b"], ""));
    log_in_ends(odd, "protocol_error", "cookie").await;
    log_in_ends(|| ok("<html>Log in</html>"), "damaged_data", "Management API").await;
}

#[tokio::test]
async fn a_session_that_ran_out_is_opened_again_once() {
    let once = Once::new();
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "users") if once.now() => refusal("461:SessionTimeout"),
        _ => unit(request),
    });
    let mut session = log_in(&peer).await;
    assert_eq!(read(&mut session).await.unwrap().document().entity_count(), 3);
    let lines = peer.lines();
    let (log_in, users) = (
        "GET /WebManagement/ws/sdk/security/authenticate",
        "GET /WebManagement/ws/sdk/admin/v1/users",
    );
    assert_eq!(lines[4..7], [users, log_in, users]);
    // The old cookies do not go to the new log-in.
    assert!(!peer.heard()[5].contains("cookie"), "{}", peer.heard()[5]);

    let always = Peer::start(|request| match what(request) {
        ("GET", "users") => refusal("461:SessionTimeout"),
        _ => unit(request),
    });
    let error = read(&mut log_in_to(access(&always)).await.unwrap())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("461:SessionTimeout"), "{error}");
    assert_eq!(always.lines().iter().filter(|line| *line == log_in).count(), 2);
}

#[tokio::test]
async fn a_password_that_is_wrong_by_now_is_not_tried_again() {
    let first = Once::new();
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "authenticate") if first.now() => unit(request),
        ("GET", "authenticate") => Act::Say(http("401 Unauthorized", &[], "")),
        _ => Act::Say(http("461 Session Timeout", &[], "")),
    });
    let error = read(&mut log_in(&peer).await).await.unwrap_err();
    assert_eq!(error.code(), "authentication_failed");
    assert_eq!(peer.lines().len(), 3);
    let all_401 = Peer::start(|request| match what(request) {
        ("GET", "authenticate") => unit(request),
        _ => Act::Say(http("401 Unauthorized", &[], "")),
    });
    let error = read(&mut log_in(&all_401).await).await.unwrap_err();
    assert_eq!(error.code(), "authentication_failed");
    assert_eq!(all_401.lines().len(), 2);
}

#[tokio::test]
async fn a_busy_unit_is_waited_for_once_and_not_for_ever() {
    let busy = |seconds: &str| {
        Act::Say(http(
            "503 Service Unavailable",
            &[&format!("Retry-After: {seconds}")],
            "",
        ))
    };
    let once = Once::new();
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "users") if once.now() => busy("0"),
        _ => unit(request),
    });
    assert!(read(&mut log_in(&peer).await).await.is_ok());
    for (seconds, asked) in [("0", 2), ("61", 1), ("99999999999999", 1)] {
        let always = Peer::start(move |request| match what(request) {
            ("GET", "licenses") => busy(seconds),
            _ => unit(request),
        });
        let error = read(&mut log_in(&always).await).await.unwrap_err();
        assert_eq!(error.code(), "retry_later");
        assert_eq!(always.lines().len(), 1 + asked, "{seconds}");
        let ErrorKind::RetryLater {
            retry_after_s: Some(said),
        } = error.kind()
        else {
            panic!("{error}")
        };
        assert_eq!(*said, seconds.parse().unwrap_or(u32::MAX));
    }
    // Somebody who does not want to wait does not have to.
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "licenses") => busy("60"),
        _ => unit(request),
    });
    let cancel = tokio_util::sync::CancellationToken::new();
    let connection =
        trunkline_core::api::ApiConnection::open(access(&peer), cancel.clone(), &trunkline_core::silent)
            .await
            .unwrap();
    let mut session = connection
        .log_in(crate::user(), &trunkline_core::silent)
        .await
        .unwrap();
    let stop = move |progress| {
        if matches!(progress, trunkline_core::Progress::Busy { seconds: 60 }) {
            cancel.cancel();
        }
    };
    let error = session
        .read(trunkline_core::Step::Receive, &stop)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "cancelled");
}

#[tokio::test]
async fn collections_that_a_unit_does_not_have_are_left_out_and_named() {
    let peer = Peer::start(|request| match what(request) {
        ("GET", "siplines") => Act::Say(http("404 Not Found", &[], "<html/>")),
        ("GET", "provisionIPAddress") => Act::Say(http("405 Method Not Allowed", &[], "")),
        _ => unit(request),
    });
    let now = read(&mut log_in(&peer).await).await.unwrap();
    assert_eq!(now.not_offered(), ["siplines", "provisionIPAddress"]);
    assert_eq!(now.document().entity_count(), 3);
    let none = Peer::start(|request| match what(request) {
        ("GET", "authenticate") => unit(request),
        _ => Act::Say(http("404 Not Found", &[], "")),
    });
    let error = read(&mut log_in(&none).await).await.unwrap_err();
    assert_eq!(error.code(), "not_offered");
}

#[tokio::test]
async fn a_refusal_inside_of_success_is_a_failure() {
    let peer = Peer::start(|request| match what(request) {
        ("GET", "users") => refusal("<code>512</code><text>Busy with something else</text>"),
        _ => unit(request),
    });
    let error = read(&mut log_in(&peer).await).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "127.0.0.1:{}: receiving: the unit refused with 512: Busy with something else",
            peer.port
        )
    );
}

#[tokio::test]
async fn a_restart_notice_is_remembered() {
    let peer = Peer::start(|request| match what(request) {
        ("GET", "systems") => ok("<response status='1'><REBOOT/><data totalRecords='0'/></response>"),
        ("GET", "users") => collection("users", &[]),
        _ => unit(request),
    });
    let mut session = log_in(&peer).await;
    assert!(!session.restart_needed());
    read(&mut session).await.unwrap();
    assert!(session.restart_needed());
}
