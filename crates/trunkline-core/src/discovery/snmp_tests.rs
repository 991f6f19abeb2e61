//! Against an agent of literal bytes on loopback.

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::super::unidentified::UnidentifiedKind;
use super::*;

/// Long where an answer is sure to come, short where none does.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

/// What is asked for, and null for each (RFC 3416): sysDescr.0, sysObjectID.0, sysName.0.
const ASKED: &[u8] = b"\x30\x2a\
    \x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x05\x00\
    \x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x02\x00\x05\x00\
    \x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00";

/// An answer to it: `IP 500 V2`, 1.3.6.1.4.1.6889.1.2.3, and `Zürich` in Latin-1.
const UNIT: &[u8] = b"\x30\x43\
    \x30\x15\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x04\x09IP 500 V2\
    \x30\x16\x06\x08\x2b\x06\x01\x02\x01\x01\x02\x00\x06\x0a\x2b\x06\x01\x04\x01\xb5\x69\x01\x02\x03\
    \x30\x12\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04\x06Z\xfcrich";

/// What an agent makes of a request: its version byte, its community, the request id with type and length, and the rest.
type Request<'a> = (u8, &'a [u8], &'a [u8], &'a [u8]);

fn request(bytes: &[u8]) -> Request<'_> {
    assert_eq!(
        (bytes[0], usize::from(bytes[1]) + 2),
        (0x30, bytes.len()),
        "a sequence, all of it"
    );
    assert_eq!(bytes[2..4], [0x02, 0x01], "the version");
    let end = 7 + usize::from(bytes[6]);
    let pdu = &bytes[end..];
    assert_eq!(
        (pdu[0], usize::from(pdu[1]) + 2),
        (0xa0, pdu.len()),
        "a GetRequest, all of it"
    );
    let (id, rest) = pdu[2..].split_at(2 + usize::from(pdu[3]));
    (bytes[4], &bytes[7..end], id, rest)
}

fn answer((version, community, id, _): Request<'_>, bindings: &[u8]) -> Vec<u8> {
    let tlv =
        |kind: u8, content: Vec<u8>| [vec![kind, u8::try_from(content.len()).unwrap()], content].concat();
    let pdu = tlv(0xa2, [id, b"\x02\x01\x00\x02\x01\x00", bindings].concat());
    let community = tlv(0x04, community.to_vec());
    tlv(0x30, [vec![0x02, 0x01, version], community, pdu].concat())
}

/// Answers each request with what `reply` makes of it, and counts those that it does not answer.
async fn agent(
    reply: impl Fn(Request<'_>) -> Option<Vec<u8>> + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let place = socket.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let mut buffer = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            if let Some(answer) = reply(request(&buffer[..length])) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    (place, serving)
}

#[tokio::test]
async fn an_agent_that_speaks_one_version_is_understood_whichever_it_is() {
    for spoken in [0, 1] {
        let (place, _serving) = agent(move |request| {
            let (version, community, _, rest) = request;
            assert_eq!(
                (community, rest),
                (&b"public"[..], &[b"\x02\x01\x00\x02\x01\x00", ASKED].concat()[..])
            );
            (version == spoken).then(|| answer(request, UNIT))
        })
        .await;
        let found = ask(place, &Community::default(), LONG, 1).await.unwrap();
        assert_eq!(
            (found.kind, found.reason.as_str()),
            (
                UnidentifiedKind::SnmpAvaya,
                "SNMP says \"IP 500 V2\", name \"Zürich\", object 1.3.6.1.4.1.6889.1.2.3"
            )
        );
        assert_eq!((found.address, found.port), (place.ip(), Some(place.port())));
    }
}

#[tokio::test]
async fn what_is_not_from_avaya_is_said_to_be_no_unit() {
    let other = b"\x30\x14\x30\x12\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x04\x06a\r\n\x1b[2";
    let (place, _serving) = agent(|request| Some(answer(request, other))).await;
    let found = ask(place, &Community::default(), LONG, 1).await.unwrap();
    assert_eq!(
        (found.kind, found.reason.as_str(), found.hint.as_str()),
        (
            UnidentifiedKind::SnmpOther,
            "SNMP says \"a \\u{1b}[2\"",
            "It is no unit."
        )
    );
}

#[tokio::test]
async fn a_lost_request_is_asked_again() {
    let times = std::sync::atomic::AtomicU32::new(0);
    let (place, _serving) = agent(move |request| {
        // Both versions of the first attempt are lost.
        let is_second = times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= 2;
        is_second.then(|| answer(request, UNIT))
    })
    .await;
    assert!(
        ask(place, &Community::default(), Duration::from_secs(2), 2)
            .await
            .is_some()
    );
}

#[tokio::test]
async fn who_wants_another_community_or_answers_nonsense_is_nothing() {
    let check = async |reply: fn(Request<'_>) -> Option<Vec<u8>>| {
        let (place, _serving) = agent(reply).await;
        let asked = ask(place, &Community::default(), SHORT, 1).await;
        assert!(asked.is_none(), "{asked:?}");
    };
    check(|request| (request.1 == b"secret").then(|| answer(request, UNIT))).await;
    check(|_| Some(Vec::new())).await;
    check(|_| Some(vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff])).await;
    check(|_| Some(vec![0x30; 400])).await;
    // Another request's answer, and one that ends in the middle.
    check(|(version, community, _, rest)| Some(answer((version, community, b"\x02\x01\x00", rest), UNIT)))
        .await;
    check(|request| Some(answer(request, UNIT)[..20].to_vec())).await;
}

#[test]
fn a_text_as_large_as_a_datagram_is_cut() {
    let bytes = vec![0xe9; 60_000];
    assert_eq!(text(&bytes), "é".repeat(SHOWN));
}

#[test]
fn a_community_is_bounded_and_never_shown() {
    assert_eq!(Community::new(""), None);
    assert!(Community::new(&"c".repeat(255)).is_some());
    assert_eq!(Community::new(&"c".repeat(256)), None);
    assert_eq!(format!("{:?}", Community::new("secret")), "Some(Community(…))");
}
