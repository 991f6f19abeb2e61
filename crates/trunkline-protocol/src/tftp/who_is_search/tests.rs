use super::*;
use crate::tftp::virtual_time::start;

const OCTET: &[u8] = b"\0\x01nasystem/who_is\0octet\0";
const NETASCII: &[u8] = b"\0\x01nasystem/who_is\0netascii\0";
const WHO_IS_3: &[u8] = b"\0\x01nasystem/who_is3\0octet\0";
const EVERYBODY: &str = "255.255.255.255:69";

/// A search in virtual time. What it sends and reports is kept as short text.
struct Bench {
    search: WhoIsSearch,
    begin: Instant,
    now: Instant,
}

impl Bench {
    fn new(destinations: &[Destination]) -> Self {
        Self::with(
            destinations,
            SearchSettings {
                timeout: Duration::from_secs(1),
                ..SearchSettings::default()
            },
        )
    }

    fn with(destinations: &[Destination], settings: SearchSettings) -> Self {
        let now = start();
        Self {
            search: WhoIsSearch::new(destinations.to_vec(), settings, now),
            begin: now,
            now,
        }
    }

    /// Lets milliseconds pass, and does everything that becomes due on the way.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(due) = self.search.poll_timeout().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.search.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn receive(&mut self, from: &str, datagram: &[u8]) {
        self.search.handle_datagram(self.now, address(from), datagram);
    }

    fn sent(&mut self) -> Vec<(String, Vec<u8>)> {
        std::iter::from_fn(|| self.search.poll_transmit())
            .map(|(to, bytes)| (to.to_string(), bytes))
            .collect()
    }

    #[track_caller]
    fn check_sent(&mut self, expect: &[(&str, &[u8])]) {
        let expect: Vec<_> = expect
            .iter()
            .map(|&(to, bytes)| (to.to_owned(), bytes.to_vec()))
            .collect();
        assert_eq!(self.sent(), expect);
    }

    fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.search.poll_event())
            .map(|event| match event {
                SearchEvent::Found {
                    from,
                    answer,
                    round_trip,
                } => {
                    format!(
                        "{from} is {} after {} ms",
                        answer.name.unwrap_or_default(),
                        round_trip.as_millis()
                    )
                }
                SearchEvent::Unidentified { from, reason } => format!("{from}: {reason}"),
                SearchEvent::Finished => "finished".to_owned(),
            })
            .collect()
    }

    #[track_caller]
    fn check_events(&mut self, expect: &[&str]) {
        assert_eq!(self.events(), expect);
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn unicast(text: &str) -> Destination {
    Destination::Unicast(address(text))
}

fn broadcast(text: &str) -> Destination {
    Destination::Broadcast(address(text))
}

fn named(name: &str) -> Vec<u8> {
    data(1, format!("NAME \"{name}\"").as_bytes())
}

fn data(block: u16, body: &[u8]) -> Vec<u8> {
    Packet::Data { block, data: body }.encode()
}

fn ack(block: u8) -> [u8; 4] {
    [0, 4, 0, block]
}

const UNKNOWN: &[u8] = b"\0\x05\0\x05unknown transfer\0";
const REFUSED: &[u8] = b"\0\x05\0\x01no such file\0";
const REFUSAL: &str = "TFTP answers there, but refuses to say who it is (error 1: no such file)";

#[test]
fn one_broadcast_brings_many_answers_each_a_transfer_of_its_own() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.check_sent(&[(EVERYBODY, OCTET)]);
    bench.pass(20);
    bench.receive("10.0.0.1:1024", &named("one"));
    bench.pass(10);
    bench.receive("10.0.0.2:1024", &named("two"));
    bench.check_sent(&[("10.0.0.1:1024", &ack(1)), ("10.0.0.2:1024", &ack(1))]);
    bench.check_events(&[
        "10.0.0.1:1024 is one after 20 ms",
        "10.0.0.2:1024 is two after 30 ms",
    ]);
    bench.pass(969);
    bench.check_sent(&[]);
    bench.pass(1);
    bench.check_sent(&[(EVERYBODY, OCTET)]);
    // The second request makes the first unit answer again, from another port; and brings a third.
    bench.pass(5);
    bench.receive("10.0.0.1:1025", &named("one"));
    bench.receive("10.0.0.3:1024", &named("three"));
    bench.check_sent(&[("10.0.0.1:1025", &ack(1)), ("10.0.0.3:1024", &ack(1))]);
    bench.check_events(&["10.0.0.3:1024 is three after 5 ms"]);
    bench.pass(994);
    bench.check_events(&[]);
    bench.pass(1);
    bench.check_events(&["finished"]);
    assert_eq!(bench.search.poll_timeout(), None);
    bench.receive("10.0.0.4:1024", &named("late"));
    bench.check_events(&[]);
    bench.check_sent(&[]);
}

#[test]
fn unicast_requests_are_paced_and_end_with_their_answer() {
    let hosts = [
        unicast("10.0.0.1:69"),
        unicast("10.0.0.2:6900"),
        unicast("10.0.0.1:69"),
    ];
    let settings = SearchSettings {
        timeout: Duration::from_secs(1),
        pace: Duration::from_millis(10),
        ..SearchSettings::default()
    };
    let mut bench = Bench::with(&hosts, settings);
    bench.check_sent(&[("10.0.0.1:69", OCTET)]);
    bench.pass(10);
    bench.check_sent(&[("10.0.0.2:6900", OCTET)]);
    bench.receive("10.0.0.1:2000", &named("one"));
    bench.check_sent(&[("10.0.0.1:2000", &ack(1))]);
    bench.pass(1000);
    bench.check_sent(&[("10.0.0.2:6900", OCTET)]);
    bench.check_events(&["10.0.0.1:2000 is one after 10 ms"]);
    bench.pass(30);
    bench.receive("10.0.0.2:2000", &named("two"));
    bench.check_events(&["10.0.0.2:2000 is two after 30 ms", "finished"]);
    bench.check_sent(&[("10.0.0.2:2000", &ack(1))]);
}

#[test]
fn nobody_there_ends_after_every_attempt() {
    let settings = SearchSettings {
        attempts: 3,
        timeout: Duration::from_millis(200),
        ..SearchSettings::default()
    };
    let mut bench = Bench::with(&[unicast("10.0.0.1:69")], settings);
    bench.pass(599);
    assert_eq!(bench.sent().len(), 3);
    bench.check_events(&[]);
    bench.pass(1);
    bench.check_events(&["finished"]);
    bench.check_sent(&[]);
    Bench::new(&[]).check_events(&["finished"]);
    let none = SearchSettings {
        attempts: 0,
        ..SearchSettings::default()
    };
    Bench::with(&[unicast("10.0.0.1:69")], none).check_sent(&[("10.0.0.1:69", OCTET)]);
}

#[test]
fn a_unicast_search_hears_only_whom_it_asked() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    bench.sent();
    bench.receive("10.0.0.9:1024", &named("stranger"));
    bench.receive("10.0.0.9:1025", REFUSED);
    bench.receive("10.0.0.9:1026", b"noise");
    bench.check_sent(&[("10.0.0.9:1024", UNKNOWN)]);
    bench.check_events(&[]);
    bench.receive("[::ffff:10.0.0.1]:1024", &named("one"));
    bench.check_events(&["[::ffff:10.0.0.1]:1024 is one after 0 ms", "finished"]);
}

#[test]
fn units_that_share_an_address_are_all_heard() {
    let mut bench = Bench::new(&[unicast("127.0.0.1:6901"), unicast("127.0.0.1:6902")]);
    bench.pass(1);
    bench.receive("127.0.0.1:1024", &named("one"));
    bench.receive("127.0.0.1:1025", &named("one"));
    bench.receive("127.0.0.1:1026", &named("two"));
    bench.check_events(&[
        "127.0.0.1:1024 is one after 0 ms",
        "127.0.0.1:1026 is two after 0 ms",
        "finished",
    ]);
}

#[test]
fn a_long_answer_goes_on_block_by_block() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    bench.sent();
    let mut body = b"NAME \"long".to_vec();
    body.resize(1100, b'g');
    body.push(b'"');
    bench.pass(7);
    bench.receive("10.0.0.1:1024", &data(1, &body[..512]));
    bench.receive("10.0.0.1:1024", &data(1, &body[..512]));
    bench.receive("10.0.0.1:1024", &data(3, b"from the future"));
    bench.pass(100);
    // Another port of the same unit is another transfer, and does not disturb this one.
    bench.receive("10.0.0.1:1025", &data(2, &body[512..1024]));
    bench.receive("10.0.0.1:1024", &data(2, &body[512..1024]));
    bench.receive("10.0.0.1:1024", &data(1, &body[..512]));
    bench.receive("10.0.0.1:1024", &data(3, &body[1024..]));
    let port = "10.0.0.1:1024";
    let sent = bench.sent();
    let expect: [(&str, &[u8]); 6] = [
        (port, &ack(1)),
        (port, &ack(1)),
        ("10.0.0.1:1025", UNKNOWN),
        (port, &ack(2)),
        (port, &ack(1)),
        (port, &ack(3)),
    ];
    assert_eq!(sent, expect.map(|(to, bytes)| (to.to_owned(), bytes.to_vec())));
    let name = format!("long{}", "g".repeat(1090));
    bench.check_events(&[&format!("{port} is {name} after 7 ms"), "finished"]);
}

#[test]
fn an_answer_that_ends_on_a_full_block_waits_for_the_empty_one() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    let mut body = b"NAME \"n\"".to_vec();
    body.resize(512, b' ');
    bench.receive("10.0.0.1:1024", &data(1, &body));
    bench.check_events(&[]);
    bench.receive("10.0.0.1:1024", &data(2, b""));
    bench.check_events(&["10.0.0.1:1024 is n after 0 ms", "finished"]);
}

#[test]
fn an_answer_beyond_its_bound_is_refused() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.sent();
    for block in 1..=9 {
        bench.receive("10.0.0.1:1024", &data(block, &[b'x'; 512]));
    }
    bench.check_events(&[
        "10.0.0.1:1024: TFTP answers there, but with more than 4096 bytes, which no unit does",
    ]);
    let sent = bench.sent();
    assert_eq!(sent.len(), 9);
    assert_eq!(sent[8].1, b"\0\x05\0\0answer too long\0");
    bench.receive("10.0.0.1:1024", &data(10, b"more"));
    bench.check_sent(&[("10.0.0.1:1024", UNKNOWN)]);
    bench.receive("10.0.0.2:1024", &data(1, &[b'x'; 513]));
    bench.check_sent(&[("10.0.0.2:1024", b"\0\x05\0\0block too long\0")]);
    bench.check_events(&["10.0.0.2:1024: something answers there, but not with TFTP"]);
}

#[test]
fn a_stalled_answer_is_acknowledged_again_and_then_given_up() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    bench.sent();
    bench.receive("10.0.0.1:1024", &data(1, &[b'x'; 512]));
    bench.check_sent(&[("10.0.0.1:1024", &ack(1))]);
    bench.pass(1000);
    bench.check_sent(&[("10.0.0.1:69", OCTET), ("10.0.0.1:1024", &ack(1))]);
    bench.pass(1000);
    bench.check_sent(&[("10.0.0.1:1024", b"\0\x05\0\0the transfer stopped\0")]);
    bench.check_events(&["10.0.0.1:1024: the answer stopped after 512 bytes", "finished"]);
}

#[test]
fn a_refusal_leads_to_the_other_forms_of_the_question() {
    // From fresh ports and, as some servers do, all from one port.
    for ports in [["1024", "1025", "1026"], ["69", "69", "69"]] {
        let from = ports.map(|port| format!("10.0.0.1:{port}"));
        let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
        bench.check_sent(&[("10.0.0.1:69", OCTET)]);
        bench.receive(&from[0], REFUSED);
        bench.check_sent(&[("10.0.0.1:69", NETASCII)]);
        bench.pass(600);
        bench.receive(&from[1], REFUSED);
        bench.check_sent(&[("10.0.0.1:69", WHO_IS_3)]);
        bench.pass(8);
        bench.receive(&from[2], &named("third"));
        bench.check_sent(&[(&from[2], &ack(1))]);
        bench.check_events(&[&format!("{} is third after 8 ms", from[2]), "finished"]);
    }
}

#[test]
fn after_a_broadcast_the_other_forms_go_to_the_responder_alone() {
    let mut bench = Bench::new(&[broadcast("255.255.255.255:6900")]);
    bench.sent();
    bench.receive("10.0.0.1:1024", REFUSED);
    bench.check_sent(&[("10.0.0.1:6900", NETASCII)]);
    bench.receive("10.0.0.1:1025", &data(1, b"NAME \"a\r\0b\"\r\n"));
    bench.check_sent(&[("10.0.0.1:1025", &ack(1))]);
    bench.check_events(&["10.0.0.1:1025 is a\\u{d}b after 0 ms"]);
}

#[test]
fn whoever_refuses_everything_is_reported_once_at_the_end() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.sent();
    for port in 1024..1027 {
        bench.receive(&format!("10.0.0.1:{port}"), REFUSED);
    }
    bench.check_sent(&[("10.0.0.1:69", NETASCII), ("10.0.0.1:69", WHO_IS_3)]);
    bench.check_events(&[]);
    bench.pass(999);
    bench.check_events(&[]);
    bench.pass(1);
    bench.check_events(&[&format!("10.0.0.1:1026: {REFUSAL}")]);
    bench.receive("10.0.0.1:1027", REFUSED);
    bench.pass(1000);
    bench.check_events(&["finished"]);
}

#[test]
fn an_unanswered_other_form_is_asked_again_and_then_given_up() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    bench.sent();
    bench.pass(500);
    bench.receive("10.0.0.1:1024", REFUSED);
    bench.pass(1999);
    bench.check_sent(&[("10.0.0.1:69", NETASCII), ("10.0.0.1:69", NETASCII)]);
    bench.check_events(&[]);
    bench.pass(1);
    bench.check_events(&[&format!("10.0.0.1:1024: {REFUSAL}"), "finished"]);
}

#[test]
fn a_refusal_in_the_middle_of_an_answer_ends_that_answer() {
    let mut bench = Bench::new(&[unicast("10.0.0.1:69")]);
    bench.receive("10.0.0.1:1024", &data(1, &[b'x'; 512]));
    bench.sent();
    bench.receive("10.0.0.1:1024", REFUSED);
    bench.check_sent(&[("10.0.0.1:69", NETASCII)]);
    bench.receive("10.0.0.1:1025", &named("one"));
    bench.check_events(&["10.0.0.1:1025 is one after 0 ms", "finished"]);
}

#[test]
fn what_is_no_unit_is_reported_once() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.sent();
    bench.receive("10.0.0.1:1024", b"HTTP/1.0 400");
    bench.receive("10.0.0.1:1024", &ack(0));
    bench.receive("10.0.0.2:1024", &data(1, b"hello"));
    bench.receive("10.0.0.3:1024", b"\0\x06blksize\x00512\0");
    // Somebody else's search is not an answer.
    bench.receive("10.0.0.4:1024", OCTET);
    bench.check_sent(&[("10.0.0.2:1024", &ack(1))]);
    let events = bench.events();
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(
        events[0],
        "10.0.0.1:1024: something answers there, but not with TFTP"
    );
    assert!(events[1].starts_with("10.0.0.2:1024: TFTP answers there, but not as a unit does:"));
    assert_eq!(
        events[2],
        "10.0.0.3:1024: something answers there, but not with TFTP"
    );
    // It may still turn out to be one.
    bench.receive("10.0.0.2:1025", &named("two"));
    bench.check_events(&["10.0.0.2:1025 is two after 0 ms"]);
}

#[test]
fn only_so_many_peers_are_heard() {
    let settings = SearchSettings {
        max_peers: 2,
        ..SearchSettings::default()
    };
    let mut bench = Bench::with(&[broadcast(EVERYBODY)], settings);
    bench.sent();
    for host in 1..=5 {
        bench.receive(&format!("10.0.0.{host}:1024"), &named("n"));
        bench.receive(&format!("10.0.1.{host}:1024"), REFUSED);
    }
    bench.check_sent(&[
        ("10.0.0.1:1024", &ack(1)),
        ("10.0.1.1:69", NETASCII),
        ("10.0.0.2:1024", &ack(1)),
    ]);
    bench.check_events(&["10.0.0.1:1024 is n after 0 ms"]);
}

#[test]
fn only_so_many_long_answers_are_held_at_a_time() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.sent();
    for host in 0..2000 {
        bench.receive(
            &format!("10.0.{}.{}:1024", host / 250, host % 250 + 1),
            &data(1, &[b'x'; 512]),
        );
    }
    assert_eq!(bench.sent().len(), 1024);
    // A short answer needs no room.
    bench.receive("10.1.0.1:1024", &named("short"));
    bench.check_events(&["10.1.0.1:1024 is short after 0 ms"]);
}

#[test]
fn many_destinations_go_out_in_bounded_bursts() {
    let hosts: Vec<_> = (1..=200)
        .map(|host| unicast(&format!("10.0.0.{host}:69")))
        .collect();
    let settings = SearchSettings {
        pace: Duration::ZERO,
        ..SearchSettings::default()
    };
    let mut bench = Bench::with(&hosts, settings);
    assert_eq!(bench.sent().len(), MAX_BURST);
    assert_eq!(bench.search.poll_timeout(), Some(bench.begin));
    bench.pass(0);
    assert_eq!(bench.sent().len(), 200 - MAX_BURST);
    bench.pass(3000);
    assert_eq!(bench.sent().len(), 200);
    bench.check_events(&["finished"]);
}

#[test]
fn a_search_can_be_ended_early() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY)]);
    bench.receive("10.0.0.1:1024", REFUSED);
    bench.search.finish();
    bench.search.finish();
    bench.check_events(&[&format!("10.0.0.1:1024: {REFUSAL}"), "finished"]);
    assert!(bench.search.is_finished());
    assert_eq!(bench.search.poll_timeout(), None);
}

/// No datagram whatever may make a search panic, or keep it from ending.
#[test]
fn noise_never_hurts() {
    let mut bench = Bench::new(&[broadcast(EVERYBODY), unicast("10.0.0.7:69")]);
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for _ in 0..20_000 {
        let from = format!("10.0.0.{}:{}", next() % 20, 1024 + next() % 4);
        let [opcode, block] = [next() % 8, next() % 4].map(|number| u8::try_from(number).unwrap());
        let length = if next() % 2 == 0 {
            512
        } else {
            usize::try_from(next() % 600).unwrap()
        };
        let mut datagram = vec![0, opcode, 0, block];
        datagram.resize(4 + length, b'"');
        bench.receive(
            &from,
            &datagram[..datagram.len().min(usize::try_from(next() % 1200).unwrap())],
        );
        bench.pass(next() % 3);
    }
    bench.pass(600_000);
    assert_eq!(bench.events().last().map(String::as_str), Some("finished"));
}
