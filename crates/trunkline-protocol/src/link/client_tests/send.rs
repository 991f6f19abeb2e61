//! Sending, restarting and asking what the unit holds.

use super::*;

fn announced(mode: WriteMode, expect: &str) -> Line {
    let mut line = Line::new();
    line.client.write(Object::Configuration, mode, &stat(), line.now);
    line.sends(expect);
    line
}

fn merging() -> Line {
    announced(
        WriteMode::Merge,
        &format!("49003d 00540021 00000001 01 01 0000 00 0000000000000006 {HASH} 0003 723431"),
    )
}

#[test]
fn a_send_and_its_commit_are_the_published_bytes() {
    let mut line = merging();
    assert_eq!(
        line.arrives("49000f 80540021 00000001 00000000"),
        Ok(vec![Event::WriteAccepted])
    );
    line.client.data(0, "abcd".into(), line.now);
    line.sends("490017 00540022 00000001 0000000000000000 61626364");
    line.client.data(4, "ef".into(), line.now);
    line.sends("490015 00540022 00000001 0000000000000004 6566");
    line.client.data(6, Bytes::new(), line.now);
    line.sends("");
    line.client.commit(array(HASH), line.now);
    line.sends(&format!("49002b 00540023 00000002 {HASH}"));
    let committed = |restart_s| Event::Committed {
        revision: "r42".into(),
        restart_s,
    };
    let events = line.arrives("490018 80540023 00000002 00000000 0003 723432 ffffffff");
    assert_eq!(events, Ok(vec![committed(None)]));

    line.client.commit(array(HASH), line.now);
    let events = line.arrives("490018 80540023 00000003 00000000 0003 723432 0000005a");
    assert_eq!(events, Ok(vec![committed(Some(90))]));
}

#[test]
fn data_that_no_frame_holds_goes_out_in_several() {
    let mut line = merging();
    let all = Bytes::from(vec![0x5A; MAX_DATA + 3]);
    line.client.data(0x10, all, line.now);
    let sent: Vec<Bytes> = std::iter::from_fn(|| line.client.poll_transmit()).collect();
    let lengths: Vec<usize> = sent.iter().map(Bytes::len).collect();
    assert_eq!(lengths, [20, MAX_DATA, 19, 3]);
    assert_eq!(sent[0], hex("49a00000 00540022 00000001 0000000000000010"));
    assert_eq!(
        sent[2],
        hex("490016 00540022 00000001 00000000000ffffc"),
        "0x10 + 0xfffec"
    );
}

#[test]
fn modes_stand_in_the_announcement() {
    let when_free = Restart::WhenFree {
        bar_incoming: true,
        bar_outgoing: false,
    };
    let timed = Restart::Timed {
        minutes: 1410,
        bar_incoming: true,
        bar_outgoing: true,
    };
    for (mode, fields) in [
        (WriteMode::Merge, "01 0000 00"),
        (WriteMode::Restart(Restart::Immediately), "02 0000 00"),
        (WriteMode::Restart(when_free), "03 0000 01"),
        (WriteMode::Restart(timed), "04 0582 03"),
    ] {
        announced(
            mode,
            &format!("49003d 00540021 00000001 01 {fields} 0000000000000006 {HASH} 0003 723431"),
        );
    }
}

#[test]
fn every_refusal_of_a_send_is_told_with_what_the_unit_said() {
    let conflict = Refusal {
        revision: Some("r42".into()),
        ..refusal(Outcome::Conflict)
    };
    let too_large = Refusal {
        largest_object: Some(0x20_0000),
        ..refusal(Outcome::TooLarge)
    };
    for (body, length, expect) in [
        ("80000062 00540301 0003 723432", "18", conflict),
        ("80000063 00540302 0008 0000000000200000", "1d", too_large),
        ("80000051", "0f", refusal(Outcome::NoRight)),
        ("80000064", "0f", refusal(Outcome::NeedsReboot)),
        ("80000065", "0f", refusal(Outcome::HashMismatch)),
        ("80000066", "0f", refusal(Outcome::InvalidDocument)),
        ("ffffffff", "0f", refusal(Outcome::Other(u32::MAX))),
    ] {
        let mut line = merging();
        let events = line.arrives(&format!("4900{length} 80540021 00000001 {body}"));
        assert_eq!(events, Ok(vec![Event::Refused(expect.clone())]));

        line.client.commit(array(HASH), line.now);
        let events = line.arrives(&format!("4900{length} 80540023 00000002 {body}"));
        assert_eq!(events, Ok(vec![Event::Refused(expect)]));
    }
}

#[test]
fn a_commit_is_only_answered_by_its_own_answer() {
    for answer in [
        "49000f 80540021 00000002 00000000",
        "490018 80540023 00000001 00000000 0003 723432 ffffffff",
        "490018 80540023 00000003 00000000 0003 723432 ffffffff",
        "490018 80540023 00000000 00000000 0003 723432 ffffffff",
    ] {
        let mut line = merging();
        line.arrives("49000f 80540021 00000001 00000000").unwrap();
        line.client.commit(array(HASH), line.now);
        let events = line.arrives(answer);
        assert!(matches!(events, Err(LinkError::Unexpected { .. })), "{events:?}");
        assert_eq!(line.events(), [], "nothing is taken for a commit");
    }
}

#[test]
fn a_restart_is_asked_for_and_told() {
    let mut line = Line::new();
    let timed = Restart::Timed {
        minutes: 5,
        bar_incoming: false,
        bar_outgoing: true,
    };
    line.client.reboot(timed, line.now);
    line.sends("49000f 00540031 00000001 04 0005 02");
    let events = line.arrives("490013 80540031 00000001 00000000 0000003c");
    assert_eq!(events, Ok(vec![Event::Rebooting { restart_s: Some(60) }]));

    line.client.reboot(Restart::Immediately, line.now);
    line.sends("49000f 00540031 00000002 02 0000 00");
    let events = line.arrives("49000f 80540031 00000002 80000051");
    assert_eq!(events, Ok(vec![Event::Refused(refusal(Outcome::NoRight))]));
}

#[test]
fn what_the_unit_holds_can_be_asked() {
    let mut line = Line::new();
    line.client.stat(Object::SecuritySettings, line.now);
    line.sends("49000c 00540071 00000001 02");
    let events = line.arrives(&format!(
        "49003c 80540071 00000001 00000000 0000000000000006 {HASH} 0003 723431"
    ));
    assert_eq!(events, Ok(vec![Event::Stat(stat())]));

    line.client.stat(Object::SecuritySettings, line.now);
    let events = line.arrives("49000f 80540071 00000002 80000053");
    assert_eq!(events, Ok(vec![Event::Refused(refusal(Outcome::WrongService))]));
}
