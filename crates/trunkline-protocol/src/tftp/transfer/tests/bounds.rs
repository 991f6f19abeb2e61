//! What whoever drives a transfer can rely on.

use super::*;

#[test]
fn a_slow_reader_is_not_flooded() {
    let now = start();
    let mut incoming = Incoming::read(address(SERVER), file(), plain(), now);
    for block in 1..=5_u8 {
        incoming.handle_datagram(
            now,
            address(PEER),
            &[&[0, 3, 0, block][..], &[block; 512]].concat(),
        );
    }
    // Two blocks wait; the third was not acknowledged, and so comes again.
    assert_eq!(incoming.transferred(), 1024);
    assert_eq!(incoming.poll_data(), Some(vec![1; 512]));
    incoming.handle_datagram(now, address(PEER), &[&[0, 3, 0, 3][..], &[3; 512]].concat());
    assert_eq!(incoming.transferred(), 1536);
}

#[test]
fn nothing_times_out_while_the_writer_is_slow() {
    let now = start();
    let mut outgoing = Outgoing::write(address(SERVER), file(), 3, plain(), now);
    assert_eq!(outgoing.wanted(), 0);
    outgoing.handle_datagram(now, address(PEER), b"\0\x04\0\0");
    assert_eq!((outgoing.wanted(), outgoing.poll_timeout()), (3, None));
    assert_eq!(outgoing.push(now, b"abcdef"), 3);
    assert_eq!(
        (outgoing.wanted(), outgoing.poll_timeout()),
        (0, Some(now + Duration::from_secs(1)))
    );
}

#[test]
fn a_unit_answers_requests_within_its_own_bounds() {
    let now = start();
    let asked = Options {
        block_size: Some(8192),
        transfer_size: Some(0),
        timeout: Some(2),
        window_size: Some(64),
        unknown: 1,
    };
    let settings = TransferSettings::default();
    let mut outgoing = Outgoing::answer(address(PEER), request(asked), 7, settings, now);
    let acknowledged = b"\0\x06blksize\x001428\0tsize\x007\0windowsize\x0016\0".to_vec();
    assert_eq!(outgoing.poll_transmit(), Some((address(PEER), acknowledged)));
    assert_eq!(outgoing.wanted(), 0);
    outgoing.handle_datagram(now, address(PEER), b"\0\x04\0\0");
    assert_eq!(outgoing.wanted(), 7);
    // A unit without options, or asked without any, begins at once.
    for (asked, settings) in [(asked, plain()), (Options::default(), settings)] {
        let mut outgoing = Outgoing::answer(address(PEER), request(asked), 0, settings, now);
        assert_eq!(
            outgoing.poll_transmit(),
            Some((address(PEER), b"\0\x03\0\x01".to_vec()))
        );
        let mut incoming = Incoming::answer(address(PEER), request(asked), settings, now);
        assert_eq!(
            incoming.poll_transmit(),
            Some((address(PEER), b"\0\x04\0\0".to_vec()))
        );
    }
    let large = Options {
        transfer_size: Some(u64::MAX),
        ..Options::default()
    };
    let mut incoming = Incoming::answer(address(PEER), request(large), settings, now);
    let told = b"\0\x05\0\x03the file is too large\0".to_vec();
    assert_eq!(incoming.poll_transmit(), Some((address(PEER), told)));
}

#[test]
fn the_system_password_is_never_shown() {
    let now = start();
    let incoming = Incoming::read(address(SERVER), file(), plain(), now);
    let outgoing = Outgoing::write(address(SERVER), file(), 3, plain(), now);
    assert!(!format!("{incoming:?} {outgoing:?}").contains("secret"));
}
