//! One unit, asked before it is worked with.

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use trunkline_core::discovery::{Method, identify, whois};

use super::units::{Then, named, tcp_unit, udp_unit};
use super::{LOCAL, LONG, SHORT, WHO_IS, closed_port};

#[tokio::test]
async fn one_unit_is_asked_who_it_is() {
    let cancel = CancellationToken::new();
    let unit = tcp_unit(Then::Say(named("A", 1), 2)).await;
    let (answer, _) = whois(unit.place, LONG, &cancel).await.unwrap();
    assert_eq!(
        (answer.name.as_deref(), answer.mac),
        (Some("A"), Some([0, 0xE0, 7, 0, 0, 1]))
    );

    let garbage = tcp_unit(Then::SayAndClose(b"HTTP/1.1 200 OK".to_vec())).await;
    let error = whois(garbage.place, LONG, &cancel).await.unwrap_err();
    assert_eq!(
        (error.code(), error.address_text()),
        ("protocol_error", Some(&*garbage.place.to_string()))
    );

    let closed = closed_port();
    assert_eq!(
        whois(closed.local_addr().unwrap(), LONG, &cancel)
            .await
            .unwrap_err()
            .code(),
        "not_reachable"
    );

    cancel.cancel();
    assert_eq!(
        whois(unit.place, LONG, &cancel).await.unwrap_err().code(),
        "cancelled"
    );
}

#[tokio::test]
async fn identify_believes_whois_before_udp_and_udp_before_nothing() {
    let cancel = CancellationToken::new();
    let by_udp = udp_unit(LOCAL, &WHO_IS.replace("11.1.2.3 build 23", "2.1.36")).await;
    let by_tcp = tcp_unit(Then::Say(named("B", 1), 64)).await;
    let closed = closed_port();
    let closed = closed.local_addr().unwrap().port();
    let silent = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    let silent = silent.local_addr().unwrap().port();

    let identity = identify("127.0.0.1", by_tcp.port(), by_udp.port(), LONG, &cancel)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(identity.version.as_ref().unwrap().text(), "11.1.2.3 build 23");
    assert_eq!(identity.method(), (Some(Method::Service), true));
    let identity = identify("localhost", closed, by_udp.port(), LONG, &cancel)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (identity.version.as_ref().unwrap().text(), identity.base_port),
        ("2.1.36", None)
    );
    assert_eq!(identity.method(), (Some(Method::Tftp), true));
    assert_eq!(
        identify("127.0.0.1", closed, silent, SHORT, &cancel)
            .await
            .unwrap(),
        None
    );

    cancel.cancel();
    let error = identify("127.0.0.1", closed, silent, LONG, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "cancelled");
}
