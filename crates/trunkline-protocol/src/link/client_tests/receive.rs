//! Receiving: whole, torn, resumed, and everything that a broken or hostile unit may send instead.

use super::*;

/// `abcdef` in two parts, as answers to request 1.
fn whole() -> String {
    format!(
        "49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431 \
         490017 10540012 00000001 0000000000000000 61626364 \
         490015 10540012 00000001 0000000000000004 6566 \
         49002b 10540013 00000001 {HASH}"
    )
}

fn reading() -> Line {
    let mut line = Line::new();
    line.client.read(Object::Configuration, Inbound::new(), line.now);
    line.sends(&format!("490034 00540011 00000001 01 0000000000000000 {ZEROS}"));
    line
}

/// A line on which the announcement and `abcd` arrived.
fn four_received() -> Line {
    let mut line = reading();
    let events = line.arrives(&format!(
        "49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431 \
         490017 10540012 00000001 0000000000000000 61626364"
    ));
    assert_eq!(
        events,
        Ok(vec![Event::ReadStarted(stat()), Event::Data("abcd".into())])
    );
    line
}

fn all_events() -> Vec<Event> {
    vec![
        Event::ReadStarted(stat()),
        Event::Data("abcd".into()),
        Event::Data("ef".into()),
        Event::ReadDone,
    ]
}

fn damage(result: &Result<Vec<Event>, LinkError>) -> &str {
    match result {
        Err(LinkError::Damaged(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_object_is_the_same_wherever_its_bytes_are_torn() {
    let bytes = hex(&whole());
    for cut in 0..=bytes.len() {
        let mut line = reading();
        let events = line.arrives_in_pieces([bytes.slice(..cut), bytes.slice(cut..)]);
        assert_eq!(events, Ok(all_events()), "cut at {cut}");
    }
    let mut line = reading();
    let single = (0..bytes.len()).map(|at| bytes.slice(at..=at));
    assert_eq!(line.arrives_in_pieces(single), Ok(all_events()));
    assert!(line.client.take_inbound().is_none(), "nothing is left to resume");
}

#[test]
fn the_long_form_is_as_good_as_the_short_one() {
    let frames = [
        format!("49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431"),
        "490017 10540012 00000001 0000000000000000 61626364".into(),
        "490015 10540012 00000001 0000000000000004 6566".into(),
        format!("49002b 10540013 00000001 {HASH}"),
    ];
    let mut line = reading();
    let events = line.arrives_in_pieces(frames.iter().map(|frame| long_form(&hex(frame))));
    assert_eq!(events, Ok(all_events()));
}

#[test]
fn an_empty_object_has_no_data() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let mut line = reading();
    let events = line.arrives(&format!(
        "490039 80540011 00000001 00000000 0000000000000000 {empty} 0000 49002b 10540013 00000001 {empty}"
    ));
    let stat = Stat {
        length: 0,
        sha256: array(empty),
        revision: String::new(),
    };
    assert_eq!(events, Ok(vec![Event::ReadStarted(stat), Event::ReadDone]));
}

#[test]
fn after_a_cut_the_rest_is_received_on_a_new_connection() {
    let mut cut = four_received();
    // A frame that has no byte of the object yet is lost with the connection.
    assert_eq!(cut.arrives("490015 10540012 0000"), Ok(vec![]));
    let inbound = cut.client.take_inbound().unwrap();
    assert_eq!(inbound.received(), 4);

    let mut line = Line::new();
    line.client.read(Object::Configuration, inbound, line.now);
    line.sends(&format!("490034 00540011 00000001 01 0000000000000004 {HASH}"));
    let events = line.arrives(&format!(
        "49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431 \
         490015 10540012 00000001 0000000000000004 6566 49002b 10540013 00000001 {HASH}"
    ));
    assert_eq!(
        events,
        Ok(vec![
            Event::ReadStarted(stat()),
            Event::Data("ef".into()),
            Event::ReadDone
        ])
    );
}

#[test]
fn a_torn_data_frame_counts_as_far_as_it_arrived_and_the_rest_is_asked_for_at_the_very_byte() {
    let frames = [
        "490015 10540012 00000001 0000000000000004 65",
        // The same in the long form.
        "49800016 10540012 00000001 0000000000000004 65",
    ];
    for torn in frames {
        let mut cut = four_received();
        assert_eq!(cut.arrives(torn), Ok(vec![]), "not before the cut");
        cut.client.handle_cut(&mut cut.input);
        assert_eq!(cut.events(), [Event::Data("e".into())], "{torn}");
        cut.client.handle_cut(&mut cut.input);
        assert_eq!(cut.events(), [], "once");
        let inbound = cut.client.take_inbound().unwrap();
        assert_eq!(inbound.received(), 5);

        let mut line = Line::new();
        line.client.read(Object::Configuration, inbound, line.now);
        line.sends(&format!("490034 00540011 00000001 01 0000000000000005 {HASH}"));
        let events = line.arrives(&format!(
            "49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431 \
             490014 10540012 00000001 0000000000000005 66 49002b 10540013 00000001 {HASH}"
        ));
        assert_eq!(
            events,
            Ok(vec![
                Event::ReadStarted(stat()),
                Event::Data("f".into()),
                Event::ReadDone
            ])
        );
    }
}

#[test]
fn a_torn_frame_that_does_not_go_on_with_the_object_counts_for_nothing() {
    for (torn, why) in [
        ("", "nothing"),
        ("49", "no header"),
        ("4900", "half a header"),
        ("480015 10540012 00000001 0000000000000004 65", "no frame"),
        ("490015 10540012 00000001 00000000000000", "no byte of the object"),
        (
            "490015 10540012 00000001 0000000000000004",
            "no byte of the object",
        ),
        ("490015 10540012 00000001 0000000000000003 65", "sent twice"),
        ("490015 10540012 00000001 0000000000000005 65", "a gap"),
        (
            "490016 10540012 00000001 0000000000000004 65",
            "the whole frame would be more than was announced",
        ),
        ("490015 10540012 00000002 0000000000000004 65", "another request"),
        ("490015 10540013 00000001 0000000000000004 65", "the end"),
        ("490015 10540014 00000001 0000000000000004 65", "something else"),
        (
            "49820001 10540012 00000001 0000000000000004 65",
            "a frame that is too large",
        ),
    ] {
        let mut line = four_received();
        let arrived = line.arrives(torn);
        line.client.handle_cut(&mut line.input);
        assert_eq!(line.events(), [], "{why}");
        if arrived.is_ok() {
            let inbound = line.client.take_inbound().unwrap();
            assert_eq!(inbound.received(), 4, "{why}");
        }
    }
    let mut line = reading();
    assert_eq!(line.arrives("49003c 80540011 00000001 0000"), Ok(vec![]));
    line.client.handle_cut(&mut line.input);
    assert_eq!(line.events(), [], "half an announcement");
    assert_eq!(line.client.take_inbound().unwrap().received(), 0);
}

#[test]
fn wherever_a_receive_is_cut_what_arrived_is_a_prefix_and_all_of_it_counts() {
    let bytes = hex(&whole());
    // The data of the two frames: offsets on the wire, and what is there before it.
    let counted = |cut: usize| {
        let first = cut.saturating_sub(0x3C + 19).min(4);
        first + cut.saturating_sub(0x3C + 0x17 + 19).min(2)
    };
    for cut in 0..bytes.len() {
        let mut line = reading();
        let mut events = line.arrives_in_pieces([bytes.slice(..cut)]).unwrap();
        line.client.handle_cut(&mut line.input);
        events.extend(line.events());
        let data: Vec<u8> = events
            .into_iter()
            .filter_map(|event| match event {
                Event::Data(bytes) => Some(bytes),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(data, b"abcdef"[..counted(cut)], "cut at {cut}");
        let inbound = line.client.take_inbound().unwrap();
        assert_eq!(inbound.received(), data.len() as u64, "cut at {cut}");
    }
}

#[test]
fn a_cut_before_the_announcement_or_before_the_end_can_be_resumed_too() {
    let mut line = reading();
    let inbound = line.client.take_inbound().unwrap();
    assert_eq!((inbound.received(), inbound.resumed()), (0, [0; 32]));

    let mut line = four_received();
    line.arrives("490015 10540012 00000001 0000000000000004 6566")
        .unwrap();
    let inbound = line.client.take_inbound().unwrap();
    let mut line = Line::new();
    line.client.read(Object::Configuration, inbound, line.now);
    line.sends(&format!("490034 00540011 00000001 01 0000000000000006 {HASH}"));
    let events = line.arrives(&format!(
        "49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431 49002b 10540013 00000001 {HASH}"
    ));
    assert_eq!(events, Ok(vec![Event::ReadStarted(stat()), Event::ReadDone]));
}

#[test]
fn another_object_is_never_appended_to_the_first() {
    let resumed = || {
        let mut line = Line::new();
        let inbound = four_received().client.take_inbound().unwrap();
        line.client.read(Object::Configuration, inbound, line.now);
        line
    };
    let mut refused = resumed();
    let events = refused.arrives("490018 80540011 00000001 80000061 00540301 0003 723432");
    let changed = Refusal {
        revision: Some("r42".into()),
        ..refusal(Outcome::ObjectChanged)
    };
    assert_eq!(events, Ok(vec![Event::Refused(changed)]));
    assert!(
        refused.client.take_inbound().is_none(),
        "it is of no use any more"
    );

    for (length, hash) in [("06", OTHER_HASH), ("07", HASH)] {
        let mut line = resumed();
        let events = line.arrives(&format!(
            "49003c 80540011 00000001 00000000 00000000000000{length} {hash} 0003 723432"
        ));
        assert_eq!(events, Err(LinkError::ObjectChanged));
        assert_eq!(line.events(), []);
        let first = line.client.take_inbound().unwrap();
        assert_eq!(
            first.announced(),
            Some(&stat()),
            "what was received stays what it was"
        );
    }
    // A unit that starts again at 0 instead of where it was asked to.
    let mut line = resumed();
    let events = line.arrives(&whole());
    assert!(damage(&events).starts_with("a part was sent twice"));
}

#[test]
fn gaps_repeats_overruns_early_ends_and_wrong_hashes_are_damage() {
    for (bytes, expect) in [
        (
            "490015 10540012 00000001 0000000000000005 6566".into(),
            "a part is missing: at 5, where 4 of 6",
        ),
        (
            "490015 10540012 00000001 0000000000000000 6162".into(),
            "a part was sent twice: at 0, where 4 of 6",
        ),
        (
            "490015 10540012 00000001 ffffffffffffffff 6566".into(),
            "a part is missing",
        ),
        (
            "490016 10540012 00000001 0000000000000004 656667".into(),
            "more than was announced: at 4",
        ),
        (
            format!("49002b 10540013 00000001 {HASH}"),
            "it ended after 4 of 6 bytes",
        ),
        (
            format!("490015 10540012 00000001 0000000000000004 6567 49002b 10540013 00000001 {HASH}"),
            "its SHA-256 is not the one that was announced",
        ),
        (
            format!("490015 10540012 00000001 0000000000000004 6566 49002b 10540013 00000001 {OTHER_HASH}"),
            "its SHA-256 is not the one that was announced",
        ),
        (
            "490013 10540012 00000001 0000000000000004".repeat(65),
            "data without an end",
        ),
    ] {
        let mut line = four_received();
        let events = line.arrives(&bytes);
        assert!(damage(&events).starts_with(expect), "{events:?}");
        assert!(!line.events().contains(&Event::ReadDone));
    }
}

#[test]
fn too_large_an_object_is_refused_from_its_announcement() {
    for (length, announced, limit) in [
        ("0000000040000001", 0x4000_0001, MAX_OBJECT),
        ("ffffffffffffffff", u64::MAX, MAX_OBJECT),
        ("0000000000000006", 6, 5),
    ] {
        let mut line = Line::new();
        line.client = Client::new(PATIENCE, line.now).with_object_limit(limit);
        line.client.read(Object::Configuration, Inbound::new(), line.now);
        let events = line.arrives(&format!("490039 80540011 00000001 00000000 {length} {HASH} 0000"));
        assert_eq!(events, Err(LinkError::ObjectTooLarge { announced, limit }));
    }
    let mut line = Line::new();
    line.client = Client::new(PATIENCE, line.now).with_object_limit(u64::MAX);
    line.client.read(Object::Configuration, Inbound::new(), line.now);
    let events = line.arrives(&format!(
        "490039 80540011 00000001 00000000 0000000040000001 {HASH} 0000"
    ));
    assert!(events.is_err(), "1 GiB stands, whatever a caller asks for");
}

#[test]
fn parts_out_of_turn_end_the_connection() {
    let data = "490015 10540012 00000001 0000000000000004 6566";
    let end = format!("49002b 10540013 00000001 {HASH}");
    let announcement = format!("49003c 80540011 00000001 00000000 0000000000000006 {HASH} 0003 723431");
    let unexpected = |kind, request| Err(LinkError::Unexpected { kind, request });

    assert_eq!(reading().arrives(data), unexpected(0x1054_0012, 1), "data first");
    assert_eq!(
        reading().arrives(&end),
        unexpected(0x1054_0013, 1),
        "the end first"
    );
    assert_eq!(
        four_received().arrives(&announcement),
        unexpected(0x8054_0011, 1),
        "announced twice"
    );
    for (after, kind) in [(data, 0x1054_0012), (&end, 0x1054_0013)] {
        let mut line = reading();
        assert_eq!(line.arrives(&whole()), Ok(all_events()));
        assert_eq!(line.arrives(after), unexpected(kind, 1), "after the end");
    }
    let other = data.replace("00000001 ", "00000002 ");
    assert_eq!(
        four_received().arrives(&other),
        unexpected(0x1054_0012, 2),
        "of another request"
    );
}

#[test]
fn what_arrived_before_the_damage_is_still_handed_over() {
    let mut line = reading();
    let bytes = whole().replace(
        "10540012 00000001 0000000000000004",
        "10540012 00000001 0000000000000003",
    );
    assert!(line.arrives(&bytes).is_err());
    assert_eq!(
        line.events(),
        [Event::ReadStarted(stat()), Event::Data("abcd".into())]
    );
}

#[test]
fn every_refusal_of_a_read_is_told_and_the_connection_stands() {
    for (result, outcome) in [
        ("80000045", Outcome::PasswordChangeRequired),
        ("80000051", Outcome::NoRight),
        ("80000052", Outcome::TlsRequired),
        ("80000053", Outcome::WrongService),
        ("deadbeef", Outcome::Other(0xDEAD_BEEF)),
    ] {
        let mut line = reading();
        let events = line.arrives(&format!("490012 80540011 00000001 {result} 005403"));
        assert_eq!(events, Ok(vec![Event::Refused(refusal(outcome))]));
        line.client.read(Object::AuditTrail, Inbound::new(), line.now);
        line.sends(&format!("490034 00540011 00000002 03 0000000000000000 {ZEROS}"));
        assert_eq!(
            line.arrives("49000f 80540011 00000002 80000051").unwrap().len(),
            1
        );
    }
}
