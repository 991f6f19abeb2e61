//! To whom the password goes, and to whom not.

use tokio_util::sync::CancellationToken;
use trunkline_core::api::{ApiAccess, ApiConnection};
use trunkline_core::{Error, Fingerprint, TlsUse, Trust, silent};

use crate::peer::{Peer, unit};
use crate::{access, log_in_to, says_no_secret, user};

async fn refused(access: ApiAccess, code: &str) -> Error {
    let error = log_in_to(access).await.unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    says_no_secret(&error);
    error
}

#[tokio::test]
async fn nobody_logs_in_before_the_certificate_is_accepted() {
    let peer = Peer::start(unit);
    let other = Fingerprint::of(b"another certificate");
    let with = |tls, fingerprint, pins: &[Fingerprint]| ApiAccess {
        tls,
        fingerprint,
        pins: pins.iter().map(|pin| (peer.port, *pin)).collect(),
        ..access(&peer)
    };
    // First use, without anybody to ask.
    refused(with(TlsUse::Pin, None, &[]), "certificate_refused").await;
    // Any certificate, and nobody said that it is this one.
    refused(with(TlsUse::AnyCertificate, None, &[]), "certificate_refused").await;
    refused(
        with(TlsUse::AnyCertificate, None, &[other]),
        "certificate_refused",
    )
    .await;
    // Another one than the pinned or the named one; one that no authority signed.
    let changed = refused(with(TlsUse::Pin, None, &[other]), "certificate_changed").await;
    let (pinned, presented) = (other.to_string(), peer.fingerprint.to_string());
    assert!(changed.to_string().contains(&pinned) && changed.to_string().contains(&presented));
    refused(
        with(TlsUse::Pin, Some(other), &[peer.fingerprint]),
        "certificate_changed",
    )
    .await;
    refused(
        with(TlsUse::AnyCertificate, Some(other), &[]),
        "certificate_changed",
    )
    .await;
    refused(with(TlsUse::Verified, None, &[]), "certificate_refused").await;
    // And never without TLS.
    refused(with(TlsUse::Off, Some(peer.fingerprint), &[]), "usage").await;
    assert_eq!(peer.heard(), [""; 0], "the password went out");

    for access in [
        with(TlsUse::Pin, None, &[peer.fingerprint]),
        with(TlsUse::Pin, Some(peer.fingerprint), &[other]),
        with(TlsUse::Verified, Some(peer.fingerprint), &[]),
        with(TlsUse::AnyCertificate, None, &[peer.fingerprint]),
    ] {
        log_in_to(access).await.unwrap();
    }
    assert_eq!(peer.heard().len(), 4);
}

#[tokio::test]
async fn an_accepted_certificate_is_the_only_one_from_then_on() {
    let peer = Peer::start(unit);
    let open = async |tls| {
        let access = ApiAccess {
            tls,
            fingerprint: None,
            ..access(&peer)
        };
        ApiConnection::open(access, CancellationToken::new(), &silent)
            .await
            .unwrap()
    };
    for (tls, trust) in [
        (TlsUse::Pin, Trust::FirstUse),
        (TlsUse::AnyCertificate, Trust::Unchecked),
    ] {
        let mut connection = open(tls).await;
        let facts = *connection.facts();
        assert_eq!(
            (facts.trust, facts.fingerprint, facts.port),
            (trust, Some(peer.fingerprint), peer.port)
        );
        assert!(connection.needs_consent());
        connection.accept_certificate();
        assert!(!connection.needs_consent());
        let session = connection.log_in(user(), &silent).await.unwrap();
        assert_eq!(session.access().fingerprint, Some(peer.fingerprint));
    }
}

#[tokio::test]
async fn a_refused_port_leads_to_the_next_and_a_silent_one_to_nobody() {
    let peer = Peer::start(unit);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let second = ApiAccess {
        ports: vec![closed, peer.port],
        ..access(&peer)
    };
    let session = log_in_to(second).await.unwrap();
    assert_eq!(session.access().ports, [peer.port]);
    let neither = ApiAccess {
        ports: vec![closed],
        ..access(&peer)
    };
    let error = refused(neither, "not_reachable").await;
    assert!(error.to_string().contains("Management API"), "{error}");
}

#[tokio::test]
async fn a_name_that_can_not_travel_is_not_sent() {
    let peer = Peer::start(unit);
    let connection = ApiConnection::open(access(&peer), CancellationToken::new(), &silent)
        .await
        .unwrap();
    let colon = trunkline_core::ServiceUser {
        name: "a:b".into(),
        ..user()
    };
    assert_eq!(
        connection.log_in(colon, &silent).await.unwrap_err().code(),
        "usage"
    );
    assert_eq!(peer.heard(), [""; 0]);
}

#[tokio::test]
async fn whoever_stops_is_out_at_once() {
    let peer = Peer::start(|_| crate::peer::Act::Silence);
    let cancel = CancellationToken::new();
    let connection = ApiConnection::open(access(&peer), cancel.clone(), &silent)
        .await
        .unwrap();
    let log_in = tokio::spawn(async move { connection.log_in(user(), &silent).await });
    cancel.cancel();
    assert_eq!(log_in.await.unwrap().unwrap_err().code(), "cancelled");
}
