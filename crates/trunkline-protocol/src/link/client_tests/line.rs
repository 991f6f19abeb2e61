//! The line itself: frames, request ids, patience, and messages that nobody asked for.

use super::*;

#[test]
fn whois_is_the_published_vector_and_its_answer_is_told() {
    let mut line = Line::new();
    line.client.request_id = 6;
    line.client.whois(line.now);
    line.sends("49000c005400010000000701");
    let events = line.arrives("49001a 80540001 00000007 00000000 00540101 0005 42c3a26c65");
    let whois = Whois {
        name: Some("Bâle".into()),
        ..Whois::default()
    };
    assert_eq!(events, Ok(vec![Event::Whois(whois)]));

    line.client.whois(line.now);
    let events = line.arrives("49000f 80540001 00000008 80000043");
    assert_eq!(events, Ok(vec![Event::Refused(refusal(Outcome::RetryLater))]));
}

#[test]
fn a_test_must_come_back_as_it_was() {
    for (answer, expect) in [
        (
            "490017 802a0001 00000001 00000000 00000004 70696e67",
            Ok(vec![Event::Tested]),
        ),
        (
            "49000f 802a0001 00000001 80000053",
            Ok(vec![Event::Refused(refusal(Outcome::WrongService))]),
        ),
        (
            "490017 802a0001 00000001 00000000 00000004 706f6e67",
            Err(LinkError::Damaged("the test bytes came back changed".into())),
        ),
        (
            "490013 802a0001 00000001 00000000 00000000",
            Err(LinkError::Damaged("the test bytes came back changed".into())),
        ),
    ] {
        let mut line = Line::new();
        line.client.test("ping".into(), line.now);
        line.sends("490013 002a0001 00000001 00000004 70696e67");
        assert_eq!(line.arrives(answer), expect);
    }
}

#[test]
fn a_frame_of_four_megabytes_is_refused_from_its_header_before_and_after_the_log_in() {
    for (mut line, limit) in [(Line::new(), 65_536), (Line::logged_in(), 1_048_576)] {
        line.client.whois(line.now);
        let held = line.input.capacity();
        let announced = 4_194_303;
        assert_eq!(
            line.arrives("49ff7fff"),
            Err(LinkError::FrameTooLarge { announced, limit })
        );
        assert!(
            line.input.capacity() <= held.max(64),
            "nothing was reserved for it"
        );
    }
}

#[test]
fn only_a_log_in_raises_the_limit() {
    // 65,537 bytes: one more than before a log-in.
    let header = "49820001";
    assert!(matches!(
        Line::new().arrives(header),
        Err(LinkError::FrameTooLarge { .. })
    ));
    assert_eq!(Line::logged_in().arrives(header), Ok(vec![]), "the rest may come");

    let mut refused = Line::new();
    refused.challenged();
    refused.prove();
    refused.arrives("49000f 80300001 00000002 80000041").unwrap();
    assert!(matches!(
        refused.arrives(header),
        Err(LinkError::FrameTooLarge { .. })
    ));
}

#[test]
fn what_is_no_frame_ends_the_connection() {
    for (bytes, expect) in [
        ("48", LinkError::NotAFrame(0x48)),
        ("00", LinkError::NotAFrame(0)),
        // The start of a TLS alert, from a port that speaks TLS only.
        ("15030300020228", LinkError::NotAFrame(0x15)),
        ("49000a", LinkError::Truncated("a frame")),
        ("490000", LinkError::Truncated("a frame")),
        ("4980000b", LinkError::Truncated("a frame")),
    ] {
        let mut line = Line::new();
        line.client.whois(line.now);
        assert_eq!(line.arrives(bytes), Err(expect));
    }
}

#[test]
fn an_answer_that_was_not_asked_for_ends_the_connection() {
    let answer = "49000f 80540051 00000001 00000000";
    let unexpected = |request| {
        Err(LinkError::Unexpected {
            kind: 0x8054_0051,
            request,
        })
    };
    assert_eq!(
        Line::new().arrives(answer),
        unexpected(1),
        "nothing was asked at all"
    );
    assert_eq!(
        Line::new().arrives("49000f 80540051 00000000 00000000"),
        unexpected(0)
    );

    let mut line = Line::new();
    line.client.whois(line.now);
    assert_eq!(line.arrives(answer), unexpected(1), "something else was asked");

    let mut line = Line::new();
    line.client.change_password("x".into(), line.now);
    assert_eq!(
        line.arrives("49000f 80540051 00000002 00000000"),
        unexpected(2),
        "of another request"
    );

    let mut line = Line::new();
    line.client.change_password("x".into(), line.now);
    assert_eq!(line.arrives(&answer.repeat(2)), unexpected(1), "answered twice");
    assert_eq!(line.events(), [Event::PasswordChanged], "the first was right");
}

#[test]
fn unsolicited_messages_are_passed_over_at_any_moment() {
    let news = "49000f 10300011 00000000 deadbeef";
    let mut line = Line::new();
    assert_eq!(line.arrives(news), Ok(vec![]), "before anything was asked");
    line.client.whois(line.now);
    let events = line.arrives(&format!("{news} 49000f 80540001 00000001 00000000 {news}"));
    assert_eq!(events, Ok(vec![Event::Whois(Whois::default())]));
}

#[test]
fn request_ids_are_never_zero() {
    let mut line = Line::new();
    line.client.request_id = u32::MAX - 1;
    line.client.whois(line.now);
    line.sends("49000c 00540001 ffffffff 01");
    assert!(line.arrives("49000f 80540001 ffffffff 00000000").is_ok());
    line.client.whois(line.now);
    line.sends("49000c 00540001 00000001 01");
    assert!(line.arrives("49000f 80540001 00000001 00000000").is_ok());
    line.client.request_id = u32::MAX;
    line.client.log_off();
    line.sends("49000b 00540061 00000001");
}

#[test]
fn patience_ends_at_its_moment_and_not_before() {
    let mut line = Line::new();
    let start = line.now;
    assert_eq!(line.client.poll_timeout(), None, "nothing is due");
    assert_eq!(line.client.handle_timeout(start + PATIENCE * 2), Ok(()));

    line.now = start + Duration::from_secs(100);
    line.client.whois(line.now);
    let due = line.now + PATIENCE;
    assert_eq!(line.client.poll_timeout(), Some(due));
    assert_eq!(
        line.client
            .handle_timeout(due.checked_sub(Duration::from_nanos(1)).unwrap()),
        Ok(())
    );
    assert_eq!(line.client.handle_timeout(due), Err(LinkError::Stalled(10)));
}

#[test]
fn any_byte_in_either_direction_renews_patience() {
    let mut line = Line::new();
    line.client.whois(line.now);
    for step in 0..5 {
        line.now += PATIENCE.checked_sub(Duration::from_secs(1)).unwrap();
        if step % 2 == 0 {
            line.client.handle_sent(line.now);
        } else {
            assert_eq!(line.arrives(["49", "00"][step / 2]), Ok(vec![]), "half a header");
        }
        assert_eq!(line.client.poll_timeout(), Some(line.now + PATIENCE));
        assert_eq!(line.client.handle_timeout(line.now), Ok(()));
    }
    let events = line.arrives("0f 80540001 00000001 00000000");
    assert_eq!(events, Ok(vec![Event::Whois(Whois::default())]));
    assert_eq!(line.client.poll_timeout(), None, "the answer is here");

    line.client
        .write(Object::Configuration, WriteMode::Merge, &stat(), line.now);
    line.now += PATIENCE / 2;
    line.client.data(0, "abcdef".into(), line.now);
    assert_eq!(
        line.client.poll_timeout(),
        Some(line.now + PATIENCE),
        "there is more to send"
    );
}

#[test]
fn endless_patience_is_no_panic() {
    let now = start();
    let mut client = Client::new(Duration::MAX, now);
    client.whois(now);
    assert_eq!(client.poll_timeout(), None);
    assert_eq!(client.handle_timeout(now + PATIENCE), Ok(()));
}

#[test]
fn after_log_off_nothing_is_due_and_nothing_may_come() {
    let mut line = Line::logged_in();
    line.client.stat(Object::Configuration, line.now);
    line.sends("49000c 00540071 00000003 01");
    line.client.log_off();
    line.sends("49000b 00540061 00000004");
    assert_eq!(line.client.poll_timeout(), None);
    let late = line.arrives("49000f 80540071 00000003 80000051");
    assert!(matches!(late, Err(LinkError::Unexpected { request: 3, .. })));
}

#[test]
fn a_client_does_not_show_what_it_carries() {
    let mut line = Line::new();
    line.client.change_password("hunter2".into(), line.now);
    line.client.data(0, "LoginCode".into(), line.now);
    let shown = format!("{:?}", line.client);
    assert_eq!(shown, "Client { request_id: 1, waiting: true, .. }");
}
