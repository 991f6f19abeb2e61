//! The client against a unit that is a script of literal bytes, in virtual time.

use super::*;
use crate::devlink::LICENCE_MISSING;
use crate::link::test_bytes::{hex, long_form, start};

const PATIENCE: Duration = Duration::from_secs(10);
const LOG_IN: &str = "49001d 00300001 00000001 00000001 41646d696e6973747261746f7200";
const CHALLENGE: &str = "490023 80300001 00000001 00000002 00000010 000102030405060708090a0b0c0d0e0f";
const RESPONSE: &str = "490027 00300001 00000002 00000050 00000014 95da7be40b80cb244b9238cb0703065464b9c763";
const PASSWORD_WANTED: &str = "49000f 80300001 00000001 00000001";
const PASSWORD: &str = "490033 00300001 00000002 00000051 00000020
    4772c3bcc39f652d343200000000000000000000000000000000000000000000";
const DONE: &str = "49000f 80300001 00000002 00000000";
const READ: &str = "490021 00300041 00000003 0014 6e6173797374656d2f757365725f6c6973743800";

/// A client, what arrived for it, and a clock that stands still until a test moves it.
struct Line {
    client: Client,
    input: BytesMut,
    now: Instant,
}

impl Line {
    fn new(may_send_password: bool) -> Self {
        let now = start();
        Self {
            client: Client::new(PATIENCE, may_send_password, now),
            input: BytesMut::new(),
            now,
        }
    }

    fn logging_in(may_send_password: bool) -> Self {
        let mut line = Self::new(may_send_password);
        line.client
            .log_in("Administrator", "Grüße-42".into(), line.now)
            .unwrap();
        line.sends(LOG_IN);
        line
    }

    fn logged_in() -> Self {
        let mut line = Self::logging_in(false);
        assert_eq!(line.arrives(CHALLENGE), Ok(vec![]));
        line.sends(RESPONSE);
        assert_eq!(line.arrives(DONE), Ok(vec![Event::LoggedIn(System::default())]));
        line
    }

    fn reading() -> Self {
        let mut line = Self::logged_in();
        line.client
            .read_file(&"nasystem/user_list8".parse().unwrap(), line.now);
        line.sends(READ);
        line
    }

    #[track_caller]
    fn sends(&mut self, expect: &str) {
        let sent = self.client.poll_transmit().unwrap_or_default();
        assert_eq!(sent, hex(expect), "{sent:02x?}");
        assert_eq!(self.client.poll_transmit(), None);
    }

    fn arrives(&mut self, bytes: &str) -> Result<Vec<Event>, DevLinkError> {
        self.input.extend_from_slice(&hex(bytes));
        let handled = self.client.handle_bytes(&mut self.input, self.now);
        let events: Vec<_> = std::iter::from_fn(|| self.client.poll_event()).collect();
        handled.map(|()| events)
    }
}

fn refusal(outcome: Outcome) -> Event {
    Event::Refused(Refusal::new(outcome, &Tuples::default()))
}

#[test]
fn a_hashed_log_in_and_a_file_are_the_published_bytes() {
    let mut line = Line::logging_in(false);
    assert_eq!(line.arrives(CHALLENGE), Ok(vec![]));
    line.sends(RESPONSE);
    let system = System {
        type_and_version: Some("IP 500 V2 11.1".into()),
        variant: Some("A".into()),
    };
    let done =
        "49002c 80300001 00000002 00000000 007d0001 0010 4950203530302056320031312e310000 007d0002 0001 41";
    assert_eq!(line.arrives(done), Ok(vec![Event::LoggedIn(system)]));
    line.client
        .read_file(&"nasystem/user_list8".parse().unwrap(), line.now);
    line.sends(READ);
    assert_eq!(
        line.arrives("490013 80300041 00000003 00000000 41620d0a"),
        Ok(vec![Event::File("Ab\r\n".into())])
    );
}

#[test]
fn the_password_itself_is_sent_where_it_may_be_and_withheld_elsewhere() {
    let mut line = Line::logging_in(true);
    assert_eq!(line.arrives(PASSWORD_WANTED), Ok(vec![]));
    line.sends(PASSWORD);
    assert_eq!(line.arrives(DONE), Ok(vec![Event::LoggedIn(System::default())]));

    let mut line = Line::logging_in(false);
    assert_eq!(line.arrives(PASSWORD_WANTED), Err(DevLinkError::PasswordWithheld));
    assert_eq!(line.client.poll_transmit(), None);
}

#[test]
fn what_the_unit_refuses_is_told_at_every_step() {
    let check = |mut line: Line, bytes: &str, expect: Event| {
        assert_eq!(line.arrives(bytes), Ok(vec![expect]), "{bytes}");
        assert_eq!(line.client.poll_timeout(), None, "nothing is waited for");
    };
    check(
        Line::logging_in(false),
        "49000f 80300001 00000001 80000044",
        refusal(Outcome::Other(LICENCE_MISSING)),
    );
    check(
        Line::logging_in(false),
        "49000f 80300001 00000001 80000042",
        refusal(Outcome::Locked),
    );
    let mut answered = Line::logging_in(false);
    answered.arrives(CHALLENGE).unwrap();
    answered.sends(RESPONSE);
    let mut wrong = Refusal::new(Outcome::AuthenticationFailed, &Tuples::default());
    wrong.attempts_left = Some(2);
    check(
        answered,
        "490017 80300001 00000002 80000041 00540206 0002 0002",
        Event::Refused(wrong),
    );
    check(
        Line::reading(),
        "49000f 80300041 00000003 80000099",
        refusal(Outcome::Other(0x8000_0099)),
    );
}

#[test]
fn a_torn_answer_in_the_long_form_among_events_is_the_same() {
    let mut line = Line::reading();
    let event = hex("490011 10300011 000000ff 000000 414243");
    let answer = long_form(&hex("490011 80300041 00000003 00000000 4142"));
    let mut seen = Vec::new();
    for byte in [event.as_ref(), &answer, &event].concat() {
        line.input.extend_from_slice(&[byte]);
        line.client.handle_bytes(&mut line.input, line.now).unwrap();
        seen.extend(std::iter::from_fn(|| line.client.poll_event()));
    }
    assert_eq!(seen, [Event::File("AB".into())]);
}

#[test]
fn what_does_not_belong_ends_the_connection_for_good() {
    let invalid = |what| DevLinkError::Link(LinkError::Invalid(what));
    let unexpected = |kind, request| DevLinkError::Link(LinkError::Unexpected { kind, request });
    let check = |mut line: Line, bytes: &str, expect: DevLinkError| {
        assert_eq!(line.arrives(bytes), Err(expect.clone()), "{bytes}");
        assert_eq!(line.client.poll_timeout(), None);
        assert_eq!(line.arrives(DONE), Err(expect), "it stays over");
        line.client
            .read_file(&"nasystem/who_is".parse().unwrap(), line.now);
        assert_eq!(line.client.poll_transmit(), None);
    };
    let stranger = || Line::logging_in(true);
    // Let in without a challenge, a file instead of a challenge, another request's answer, a request as an answer.
    check(
        stranger(),
        "49000f 80300001 00000001 00000000",
        unexpected(0x8030_0001, 1),
    );
    check(
        stranger(),
        "49000f 80300041 00000001 00000000",
        unexpected(0x8030_0041, 1),
    );
    check(
        stranger(),
        "49000f 80300001 00000009 80000041",
        unexpected(0x8030_0001, 9),
    );
    check(
        stranger(),
        "49000f 00300001 00000001 00000001",
        unexpected(0x0030_0001, 1),
    );
    check(
        stranger(),
        "49000f 80300001 00000001 00000003",
        invalid("the log-in asks for something unknown"),
    );
    check(
        stranger(),
        "490022 80300001 00000001 00000002 0000000f 000102030405060708090a0b0c0d0e",
        invalid("a part of the log-in has another length than it must have"),
    );
    check(
        stranger(),
        "490013 80300001 00000001 00000002 00000011",
        invalid("a length is above its limit"),
    );
    check(
        stranger(),
        "490013 80300001 00000001 00000002 00000010",
        LinkError::Truncated("a log-in").into(),
    );
    check(stranger(), "48", LinkError::NotAFrame(0x48).into());
    // A second challenge after the first was answered.
    let mut answered = stranger();
    answered.arrives(CHALLENGE).unwrap();
    answered.sends(RESPONSE);
    check(
        answered,
        "49000f 80300001 00000002 00000001",
        unexpected(0x8030_0001, 2),
    );
    check(
        Line::reading(),
        "49000f 80300041 00000003 00000001",
        invalid("the result of a file is unknown"),
    );
}

#[test]
fn frames_are_bounded_before_and_after_the_log_in() {
    for (mut line, limit) in [(Line::logging_in(false), 65_536), (Line::reading(), 1_048_576)] {
        let held = line.input.capacity();
        let announced = 4_194_303;
        let expect = LinkError::FrameTooLarge { announced, limit };
        assert_eq!(line.arrives("49ff7fff"), Err(expect.into()));
        assert!(
            line.input.capacity() <= held.max(64),
            "nothing is set aside for it"
        );
    }
}

#[test]
fn a_unit_that_only_talks_of_other_things_is_left() {
    let mut line = Line::reading();
    for _ in 0..MOST_UNSOLICITED {
        assert_eq!(line.arrives("49000b 10300011 00000000"), Ok(vec![]));
    }
    let expect = LinkError::Unexpected {
        kind: 0x1030_0011,
        request: 0,
    };
    assert_eq!(line.arrives("49000b 10300011 00000000"), Err(expect.into()));
}

#[test]
fn silence_ends_after_the_patience_and_bytes_prolong_it() {
    let mut line = Line::reading();
    line.now += Duration::from_millis(9_999);
    assert_eq!(line.client.handle_timeout(line.now), Ok(()));
    assert_eq!(line.arrives("4900"), Ok(vec![]));
    assert_eq!(line.client.poll_timeout(), Some(line.now + PATIENCE));
    line.now += PATIENCE;
    let stalled = DevLinkError::Link(LinkError::Stalled(10));
    assert_eq!(line.client.handle_timeout(line.now), Err(stalled.clone()));
    assert_eq!(line.arrives("0b"), Err(stalled));
}

#[test]
fn user_names_that_can_not_be_sent_are_not() {
    let mut line = Line::new(false);
    let long = "x".repeat(256);
    for name in ["a\0b", &long] {
        assert_eq!(
            line.client.log_in(name, "p".into(), line.now),
            Err(DevLinkError::UserName)
        );
        assert_eq!(line.client.poll_transmit(), None);
    }
    line.client.log_in("", "".into(), line.now).unwrap();
    line.sends("490010 00300001 00000001 00000001 00");
}

#[test]
fn no_debug_output_holds_a_secret() {
    let line = Line::logging_in(true);
    let shown = format!(
        "{:?} {:?}",
        line.client,
        Request::Password(auth::padded(&"Grüße-42".into()))
    );
    assert!(!shown.contains("Gr"), "{shown}");
}
