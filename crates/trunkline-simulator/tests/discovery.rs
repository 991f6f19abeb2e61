//! Discovery, over TCP and UDP, in literal bytes.

mod common;

use common::{Raw, hex, options, soon, to_hex, unit, unit_with};
use tokio::net::UdpSocket;
use trunkline_simulator::{Options, Simulator, Site};

/// The request of protocol.md section 9.
const WHOIS: &str = "49000c005400010000000701";
const KEYS: &str =
    "mac = '00:E0:07:05:91:8F'\nlan1 = '192.0.2.7'\nedition = 'Preferred'\nnetwork = 'Alpine SCN'";
/// RRQ nasystem/who_is octet.
const WHO_IS: &[u8] = b"\x00\x01nasystem/who_is\0octet\0";
const WHO_IS_TEXT: &[u8] = b"\x00\x03\x00\x01MAC \"00E00705918F\", TYPE \"IP 500 V2\", P3 \"0\", P4 \"1\", \
    VERSION \"11.1.2.3 build 23\", NAME \"Z\xfcrich, Filiale 2\"";

/// One tuple in hexadecimal digits.
fn tuple(tag: &str, value: &[u8]) -> String {
    format!("{tag}{:04x}{}", value.len(), to_hex(value))
}

#[tokio::test]
async fn whois_says_who_the_unit_is_on_every_port() {
    let (_simulator, unit) = unit(KEYS).await;
    let base = unit.ports().base.unwrap();
    let tuples = [
        tuple("00540101", "Zürich, Filiale 2".as_bytes()),
        tuple("00540102", b"IP 500 V2"),
        tuple("00540103", b"11.1.2.3 build 23"),
        tuple("00540104", &hex("00e00705918f")),
        tuple("00540105", &[192, 0, 2, 7]),
        tuple("00540106", &base.to_be_bytes()),
        tuple("00540107", &[0, 0, 0, 0x4F]),
        tuple("00540108", b"Preferred"),
        tuple("00540109", &[0]),
        tuple("0054010a", b"Alpine SCN"),
    ];
    for mut raw in [
        Raw::discovery(&unit).await,
        Raw::security(&unit).await,
        Raw::configuration_tls(&unit).await,
    ] {
        raw.send_bytes(&hex(WHOIS)).await;
        let answer = raw.receive().await;
        assert!(answer.starts_with("805400010000000700000000"), "{answer}");
        for tuple in &tuples {
            assert!(answer.contains(tuple), "{tuple} in {answer}");
        }
        assert_eq!(
            answer.len(),
            24 + tuples.iter().map(String::len).sum::<usize>(),
            "and nothing else"
        );
    }
    assert_eq!((unit.connections(), unit.log_in_attempts()), (3, 0));
}

#[tokio::test]
async fn a_torn_request_in_the_long_form_is_a_request() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::discovery(&unit).await;
    for byte in hex("4980000d005400010000000701") {
        raw.send_bytes(&[byte]).await;
    }
    assert!(raw.receive().await.starts_with("805400010000000700000000"));
}

#[tokio::test]
async fn discovery_echoes_tests_and_refuses_everything_else() {
    let (_simulator, unit) = unit("").await;
    let mut raw = Raw::discovery(&unit).await;
    let answer = raw.ask("002a0001 00000001 00000003 616263").await;
    assert_eq!(answer, "802a0001000000010000000000000003616263");
    assert_eq!(raw.ask("00540071 00000002 01").await, "805400710000000280000053");
    assert_eq!(
        raw.ask("00300001 00000003 00000003").await,
        "803000010000000380000053"
    );
    raw.send("00540061 00000004").await;
    assert!(raw.is_closed().await);
}

#[tokio::test]
async fn what_is_no_request_closes_the_connection() {
    let (_simulator, unit) = unit("").await;
    for bytes in [
        "48000c005400010000000701",       // not a frame
        "49000c005400010000000001",       // request id 0
        "49000c0054ffff0000000701",       // no such request
        "49000b0054000100000007",         // no version
        "49820001",                       // 65,537 bytes, before a log-in
        "49000f002a000100000001000003e9", // a test that announces 1,001 bytes
    ] {
        for mut raw in [Raw::discovery(&unit).await, Raw::configuration(&unit).await] {
            raw.send_bytes(&hex(bytes)).await;
            assert!(raw.is_closed().await, "{bytes}");
        }
    }
}

#[tokio::test]
async fn who_is_is_answered_from_a_fresh_port_until_it_is_acknowledged() {
    let (_simulator, unit) = unit(KEYS).await;
    let tftp = unit.ports().tftp.unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(WHO_IS, (unit.address(), tftp)).await.unwrap();
    let mut buffer = [0; 600];
    let (length, transfer) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    assert_eq!(&buffer[..length], WHO_IS_TEXT);
    assert_ne!(transfer.port(), tftp);
    let (length, again) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    assert_eq!(
        (&buffer[..length], again),
        (WHO_IS_TEXT, transfer),
        "not acknowledged, so it comes again"
    );

    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(b"\x00\x04\x00\x01", transfer).await.unwrap();
    let (length, _) = soon(stranger.recv_from(&mut buffer)).await.unwrap();
    assert_eq!(&buffer[..length], b"\x00\x05\x00\x05Unknown transfer ID\0");

    socket.send_to(b"\x00\x04\x00\x01", transfer).await.unwrap();
    // The next request's first answer comes from another port: the first transfer is over, and says no more.
    loop {
        socket
            .send_to(b"\x00\x01nasystem/who_is3\0NETASCII\0", (unit.address(), tftp))
            .await
            .unwrap();
        let (length, other) = soon(socket.recv_from(&mut buffer)).await.unwrap();
        assert_eq!(&buffer[..length], WHO_IS_TEXT);
        if other != transfer {
            break;
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_is_answered_more_than_five_times() {
    let (_simulator, unit) = unit("").await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket
        .send_to(WHO_IS, (unit.address(), unit.ports().tftp.unwrap()))
        .await
        .unwrap();
    let mut buffer = [0; 600];
    let (_, transfer) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    for _ in 1..5 {
        assert_eq!(soon(socket.recv_from(&mut buffer)).await.unwrap().1, transfer);
    }
    // A transfer that is over has no port any more; until then it tells a stranger that it is not his.
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.connect(transfer).await.unwrap();
    let is_there = async || {
        let mut buffer = [0; 600];
        let asked = stranger.send(b"\x00\x04\x00\x01").await;
        // What was asked at the very end is never answered, and is asked again.
        let answered = tokio::time::timeout(options().retransmit, stranger.recv(&mut buffer)).await;
        asked.is_ok() && !matches!(answered, Ok(Err(_)))
    };
    soon(async { while is_there().await {} }).await;
    assert!(socket.try_recv(&mut buffer).is_err(), "a sixth time");
}

#[tokio::test]
async fn other_files_are_not_found() {
    let (_simulator, unit) = unit("").await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = (unit.address(), unit.ports().tftp.unwrap());
    socket.send_to(b"\x00\x01", to).await.unwrap();
    socket
        .send_to(b"\x00\x01nasystem/other\0octet\0", to)
        .await
        .unwrap();
    let mut buffer = [0; 600];
    let (length, from) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    assert_eq!(&buffer[..length], b"\x00\x05\x00\x01File not found\0");
    assert_ne!(from.port(), to.1);
}

#[tokio::test]
async fn a_broadcast_is_answered_by_every_unit_that_answers_udp() {
    let text =
        "[[unit]]\nname = 'A'\n[[unit]]\nname = 'B'\nudp = false\n[[unit]]\nname = 'C'\nversion = '2.1.36'\n";
    let options = Options {
        broadcasts: Some("127.0.0.1:0".parse().unwrap()),
        ..options()
    };
    let simulator = Simulator::start(Site::from_toml(text).unwrap(), options)
        .await
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket
        .send_to(WHO_IS, simulator.broadcasts().unwrap())
        .await
        .unwrap();
    let mut buffer = [0; 600];
    let mut answers = std::collections::BTreeSet::new();
    while answers.len() < 2 {
        let (length, from) = soon(socket.recv_from(&mut buffer)).await.unwrap();
        socket.send_to(b"\x00\x04\x00\x01", from).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        answers.insert(text.rsplit("NAME ").next().unwrap().to_owned());
    }
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), ["\"A\"", "\"C\""]);
    simulator.shutdown().await;
}

#[tokio::test]
async fn one_broadcast_is_answered_by_hundreds_of_units() {
    const UNITS: usize = 300;
    // Systems before 3.2 listen on one port only.
    let units: Vec<String> = (0..UNITS)
        .map(|number| format!("[[unit]]\nname = 'Unit {number}'\nversion = '2.1.36'\n"))
        .collect();
    let units = units.concat();
    let options = Options {
        broadcasts: Some("127.0.0.1:0".parse().unwrap()),
        ..options()
    };
    let simulator = Simulator::start(Site::from_toml(&units).unwrap(), options)
        .await
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = simulator.broadcasts().unwrap();
    socket.send_to(WHO_IS, to).await.unwrap();
    let mut buffer = [0; 600];
    let mut names = std::collections::BTreeSet::new();
    while names.len() < UNITS {
        let (length, from) = soon(socket.recv_from(&mut buffer)).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        names.insert(text.rsplit("NAME ").next().unwrap().to_owned());
        socket.send_to(b"\x00\x04\x00\x01", from).await.unwrap();
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_announcement_is_for_people_and_scripts() {
    let (simulator, unit) = unit("tls = false").await;
    let ports = unit.ports();
    let [discovery, base, security, tftp, devlink3] = [
        ports.discovery,
        ports.base,
        ports.security,
        ports.tftp,
        ports.devlink3,
    ]
    .map(Option::unwrap);
    assert_eq!(
        simulator.announcement(),
        format!(
            "unit 127.0.0.1 discovery {discovery} base {base} security {security} tftp {tftp} \
             devlink3 {devlink3} name \"Zürich, Filiale 2\"\ncriteria 127.0.0.1:{discovery}\nready\n"
        )
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_an_address_each_unit_gets_its_own() {
    let options = Options {
        listen: trunkline_simulator::Listen::OwnLoopback,
        ..options()
    };
    let simulator = match Simulator::start(Site::generated(2), options).await {
        Ok(simulator) => simulator,
        // Somebody on this machine simulates units already, as anybody may.
        Err(error) => {
            return assert!(
                error.to_string().contains("can not listen on 127.60.0."),
                "{error}"
            );
        }
    };
    assert_eq!(simulator.criteria(), "127.60.0.1;127.60.0.2");
    let second = simulator.unit("Branch 0002").unwrap();
    assert_eq!(
        (second.ports().base, second.ports().security_tls),
        (Some(50_804), Some(50_813))
    );
    let mut raw = Raw::discovery(second).await;
    raw.send_bytes(&hex(WHOIS)).await;
    assert!(raw.receive().await.contains(&to_hex(b"Branch 0002")));
    simulator.shutdown().await;
}

#[tokio::test]
async fn five_hundred_units_start_and_answer() {
    let simulator = Simulator::start(Site::generated(500), options()).await.unwrap();
    assert_eq!(simulator.criteria().split(';').count(), 500);
    for unit in [&simulator.units()[0], &simulator.units()[499]] {
        let mut raw = Raw::discovery(unit).await;
        raw.send_bytes(&hex(WHOIS)).await;
        assert!(raw.receive().await.contains(&to_hex(unit.name().as_bytes())));
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn shut_down_means_that_nothing_listens() {
    let (simulator, unit) = unit_with("", options()).await;
    let mut raw = Raw::discovery(&unit).await;
    simulator.shutdown().await;
    assert!(raw.is_closed().await);
    let again = tokio::net::TcpStream::connect(unit.discovery().unwrap()).await;
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}
