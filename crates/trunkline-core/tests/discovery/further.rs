//! What does not say that it is a unit is asked further, on request; and what did not answer at all is told.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use trunkline_core::discovery::{
    DiscoveryOptions, Identification, SavedSite, UnidentifiedKind, must_be_open,
};

use super::units::{Then, named, tcp_unit};
use super::{LOCAL, SHORT, closed_port, criteria, document, found, options};

/// A web server that says that it is an IP Office, and how often it was asked.
async fn web_server() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((LOCAL, 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 512];
            let _ = stream.read(&mut request).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nServer: IPOffice/11.1.2.3\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    (place, asked)
}

/// Asks by HTTP at this port, and where nothing listens by HTTPS.
fn by_http(web: SocketAddr, https: u16) -> Identification {
    Identification {
        http: true,
        http_port: web.port(),
        https_port: https,
        ..Identification::default()
    }
}

#[tokio::test]
async fn what_refuses_discovery_is_asked_by_http_on_request_only() {
    let (closed, no_https) = (closed_port(), closed_port());
    let [closed_at, https] = [&closed, &no_https].map(|socket| socket.local_addr().unwrap().port());
    let (web, asked) = web_server().await;
    // As one of a range: what has an entry of its own is told when it refuses.
    let entry = format!("127.0.0.1-1:{closed_at}");
    let report = found(criteria(entry.clone())).await;
    assert_eq!((report.unidentified.len(), asked.load(Ordering::SeqCst)), (0, 0));

    let report = found(DiscoveryOptions {
        identify: by_http(web, https),
        ..criteria(entry)
    })
    .await;
    let mut document = document(&report);
    let hint = document["unidentified"][0]["hint"].take();
    assert!(hint.as_str().unwrap().contains("TCP 50802"), "{hint}");
    assert_eq!(
        document["unidentified"],
        json!([{
            "address": "127.0.0.1", "port": web.port(), "reason": "HTTP says IPOffice 11.1.2.3", "hint": null,
            "kind": "http_unit"
        }])
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_open_port_is_told_at_once_and_the_web_server_behind_it_later() {
    let stranger = tcp_unit(Then::SayAndClose(vec![0x15, 3, 1, 0, 2, 2, 70])).await;
    let no_https = closed_port();
    let (web, _asked) = web_server().await;
    let report = found(DiscoveryOptions {
        identify: by_http(web, no_https.local_addr().unwrap().port()),
        ..criteria(format!("127.0.0.1:{}", stranger.port()))
    })
    .await;
    let mut kinds: Vec<_> = report
        .unidentified
        .iter()
        .map(|entry| (entry.port.unwrap(), entry.kind))
        .collect();
    let mut expect = vec![
        (stranger.port(), UnidentifiedKind::TlsOnly),
        (web.port(), UnidentifiedKind::HttpUnit),
    ];
    kinds.sort_unstable();
    expect.sort_unstable();
    assert_eq!(kinds, expect);
    assert!(
        report.unidentified.iter().all(|entry| !entry.hint.is_empty()),
        "{report:?}"
    );
}

#[tokio::test]
async fn who_says_that_it_is_a_unit_is_asked_nothing_further() {
    let unit = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let (web, asked) = web_server().await;
    let report = found(DiscoveryOptions {
        single: Some(unit.place.to_string()),
        udp: false,
        identify: by_http(web, web.port()),
        ..options()
    })
    .await;
    assert_eq!(
        (report.units.len(), report.unidentified.len()),
        (1, 0),
        "{report:?}"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_saved_site_that_does_not_answer_is_told_with_what_must_be_open() {
    let unit = tcp_unit(Then::Say(named("A", 1), 64)).await;
    let closed = closed_port();
    let closed_at = closed.local_addr().unwrap().port();
    let site = |name: &str, port, base_port| SavedSite {
        name: name.into(),
        host: "127.0.0.1".into(),
        discovery_port: Some(port),
        base_port,
        last_seen: Some("2026-05-04T03:02:01Z".parse().unwrap()),
        ..SavedSite::default()
    };
    let report = found(DiscoveryOptions {
        sites: vec![
            site("There", unit.port(), None),
            site("Gone", closed_at, Some(51000)),
        ],
        udp: false,
        timeout: SHORT,
        ..options()
    })
    .await;
    assert_eq!(report.units[0].site.as_deref(), Some("There"));
    let [gone] = &report.no_answer[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        (gone.site.as_deref(), gone.address),
        (Some("Gone"), IpAddr::V4(LOCAL))
    );
    assert_eq!(gone.must_be_open, must_be_open(Some(closed_at), Some(51000)));
    assert_eq!(
        serde_json::to_value(&report).unwrap()["no_answer"],
        json!([{
            "address": "127.0.0.1", "site": "Gone", "since": "2026-05-04T03:02:01Z",
            "must_be_open": {"discovery": closed_at, "configuration": 51000, "configuration_tls": 51001}
        }])
    );
}
