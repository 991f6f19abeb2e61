//! Every message as bytes written by hand from protocol.md 4.2 to 4.4, never by the encoder.

use super::*;
use crate::link::auth::Challenge;
use crate::link::object::Stat;
use crate::link::outcome::Outcome;
use crate::link::test_bytes::{hex, long_form};

#[path = "message_tests/fixtures.rs"]
mod fixtures;

use fixtures::{Shorter, answers, requests, tuples};

const HASH: &str = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const SALT: &str = "000102030405060708090a0b0c0d0e0f";
const UNIT_NONCE: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
const CLIENT_NONCE: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
const PROOF: &str = "e4f12b345f9e5c4d464bb14f184cd33acf36e11ae492eb576212e10b524ca49d";
const UNIT_PROOF: &str = "09c716579703c689b2cf87cf6f86fe709803e3c966d3ab9cabd0a4d63c44978e";

fn array(text: &str) -> [u8; 32] {
    hex(text).as_ref().try_into().unwrap()
}

fn payload(frame: &[u8]) -> Bytes {
    let mut input = BytesMut::from(frame);
    let payload = frame::take(&mut input, frame::LIMIT_BEFORE_LOG_IN)
        .unwrap()
        .unwrap();
    assert!(input.is_empty(), "the length of the fixture is wrong");
    payload
}

#[test]
fn requests_are_the_published_bytes() {
    for (request, fixture, _) in requests() {
        let bytes = hex(&fixture);
        assert_eq!(request.encode(7), bytes, "{request:?}");
        for frame in [bytes.clone(), long_form(&bytes)] {
            let (id, read) = Request::decode(payload(&frame)).unwrap();
            assert_eq!(id, 7);
            // A request that carries a password can not be compared; but each of its fields stands in its bytes.
            assert_eq!(read.encode(7), bytes, "{request:?}");
        }
    }
}

#[test]
fn answers_are_the_published_bytes() {
    for (answer, fixture, _) in answers() {
        let bytes = hex(&fixture);
        assert_eq!(answer.encode(7), bytes, "{answer:?}");
        for frame in [bytes.clone(), long_form(&bytes)] {
            assert_eq!(Answer::decode(payload(&frame)), Ok((7, answer.clone())));
        }
    }
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    let check = |fixture: &str, shorter: Shorter, decodes: fn(Bytes) -> bool| {
        let frame = hex(fixture);
        for cut in 0..frame.len() {
            let mut input = BytesMut::from(&frame[..cut]);
            assert_eq!(frame::take(&mut input, frame::LIMIT_BEFORE_LOG_IN), Ok(None));
            assert_eq!(input, frame[..cut], "what is there stays there");
        }
        let payload = payload(&frame);
        for cut in 0..payload.len() {
            let expect = shorter.allows(cut);
            assert_eq!(
                decodes(payload.slice(..cut)),
                expect,
                "{fixture} cut to {cut} bytes"
            );
        }
    };
    for (_, fixture, shorter) in requests() {
        check(&fixture, shorter, |payload| Request::decode(payload).is_ok());
    }
    for (_, fixture, shorter) in answers() {
        check(&fixture, shorter, |payload| Answer::decode(payload).is_ok());
    }
}

#[test]
fn after_any_failure_garbage_is_ignored_and_understood_tuples_are_kept() {
    let attempts = "00540206 0002 0005";
    for kind in [
        "802a0001", "80540001", "80300001", "80540011", "80540021", "80540023", "80540031", "80540051",
        "80540071",
    ] {
        for garbage in [
            "",
            "ff",
            "0054",
            "00540205",
            "00540205 0004 0000",
            "00540205 ffff 00",
        ] {
            let bytes = hex(&format!("{kind} 00000009 800000aa {attempts} {garbage}"));
            let (id, answer) = Answer::decode(bytes).unwrap();
            assert_eq!(id, 9);
            let (outcome, tuples) = match answer {
                Answer::Test(outcome, _) => (outcome, tuples([(0x0054_0206, "0005")])),
                Answer::Whois(outcome, tuples)
                | Answer::LoggedIn(outcome, tuples)
                | Answer::Write(outcome, tuples)
                | Answer::ChangePassword(outcome, tuples)
                | Answer::Read(Err(Failure(outcome, tuples)))
                | Answer::Commit(Err(Failure(outcome, tuples)))
                | Answer::Reboot(Err(Failure(outcome, tuples)))
                | Answer::Stat(Err(Failure(outcome, tuples))) => (outcome, tuples),
                other => panic!("{other:?}"),
            };
            assert_eq!(outcome, Outcome::Other(0x8000_00AA), "{kind} {garbage}");
            assert_eq!(
                (tuples.u16(0x0054_0206), tuples.get(0x0054_0205)),
                (Some(5), None)
            );
        }
    }
}

#[test]
fn requests_that_nobody_may_send_are_refused() {
    let invalid = LinkError::Invalid;
    let unexpected = |kind| LinkError::Unexpected { kind, request: 7 };
    for (bytes, expect) in [
        ("00540001 00000000 01".into(), invalid("the request id is 0")),
        ("00540061 00000000".into(), invalid("the request id is 0")),
        ("00540099 00000007".into(), unexpected(0x0054_0099)),
        ("80540001 00000007 00000000".into(), unexpected(0x8054_0001)),
        (
            "10540012 00000007 0000000000000000".into(),
            unexpected(0x1054_0012),
        ),
        ("00000000 00000007".into(), unexpected(0)),
        (
            "00300001 00000007 00000001 41646d696e00".into(),
            invalid("the log-in method is unknown"),
        ),
        (
            format!(
                "00300001 00000007 00000053 0020 {CLIENT_NONCE} 001f {}",
                &PROOF[2..]
            ),
            invalid("a proof is not 32 bytes"),
        ),
        (
            format!("00300001 00000007 00000053 0020 {CLIENT_NONCE} 0021 {PROOF} 00"),
            invalid("a proof is not 32 bytes"),
        ),
        (
            format!("00300001 00000007 00000053 0020 {CLIENT_NONCE} 0000"),
            invalid("a proof is not 32 bytes"),
        ),
        (
            format!("00300001 00000007 00000053 ffff {CLIENT_NONCE} 0020 {PROOF}"),
            LinkError::Truncated("a nonce"),
        ),
        ("00540071 00000007 00".into(), invalid("the object is unknown")),
        ("00540071 00000007 04".into(), invalid("the object is unknown")),
        (
            format!("00540011 00000007 09 0000000000000000 {ZEROS}"),
            invalid("the object is unknown"),
        ),
        (
            "00540051 00000007 0002 c328".into(),
            invalid("a text is not UTF-8"),
        ),
        (
            "00540051 00000007 0003 c3bc".into(),
            LinkError::Truncated("a password"),
        ),
        (
            format!("00540021 00000007 01 01 0000 00 0000000000000000 {HASH} 0001 ff"),
            invalid("a text is not UTF-8"),
        ),
        (
            "002a0001 00000007 000003e9".into(),
            invalid("a length is above its limit"),
        ),
        (
            "002a0001 00000007 ffffffff".into(),
            invalid("a length is above its limit"),
        ),
        (
            "002a0001 00000007 000003e8".into(),
            LinkError::Truncated("a test"),
        ),
    ] {
        assert_eq!(Request::decode(hex(&bytes)).err(), Some(expect), "{bytes}");
    }
}

#[test]
fn answers_that_no_unit_sends_are_refused() {
    let invalid = LinkError::Invalid;
    let unexpected = |kind| LinkError::Unexpected { kind, request: 7 };
    for (bytes, expect) in [
        ("80540099 00000007 00000000".into(), unexpected(0x8054_0099)),
        ("80540022 00000007 00000000".into(), unexpected(0x8054_0022)),
        ("80540061 00000007 00000000".into(), unexpected(0x8054_0061)),
        (
            "90540012 00000007 0000000000000000".into(),
            unexpected(0x9054_0012),
        ),
        ("00540001 00000007 01".into(), unexpected(0x0054_0001)),
        ("20540001 00000007".into(), unexpected(0x2054_0001)),
        ("30540001 00000007".into(), unexpected(0x3054_0001)),
        ("70540001 00000007".into(), unexpected(0x7054_0001)),
        (
            "80300001 00000007 00000002 00000010".into(),
            invalid("the unit wants another log-in method"),
        ),
        (
            "802a0001 00000007 00000000 000003e9".into(),
            invalid("a length is above its limit"),
        ),
        (
            format!("10540013 00000007 {}", &HASH[2..]),
            LinkError::Truncated("a hash"),
        ),
        (
            "80540001 00000007 00000000 00540101 ffff 00".into(),
            LinkError::Truncated("a tuple"),
        ),
        (
            format!("80300001 00000007 00000003 0000c350 0011 {SALT}"),
            LinkError::Truncated("a salt"),
        ),
        (
            format!("80540011 00000007 00000000 0000000000000000 {HASH} 0002 c328"),
            invalid("a text is not UTF-8"),
        ),
    ] {
        assert_eq!(Answer::decode(hex(&bytes)), Err(expect), "{bytes}");
    }
}

#[test]
fn what_nobody_asked_for_is_understood_as_that_whatever_it_holds() {
    for bytes in [
        "10300011 00000000",
        "10000000 ffffffff ff",
        "1fffffff 00000007 deadbeef",
        "10540011 00000001",
    ] {
        let (_, answer) = Answer::decode(hex(bytes)).unwrap();
        assert_eq!(answer, Answer::Unsolicited, "{bytes}");
    }
}

#[test]
fn a_result_without_bit_31_is_done() {
    let (_, answer) = Answer::decode(hex("80540051 00000007 00000001")).unwrap();
    assert_eq!(answer, Answer::ChangePassword(Outcome::Done, Tuples::default()));
}

#[test]
fn many_empty_tuples_do_not_multiply_in_memory() {
    let answer = |count: usize, result: &str| {
        let head = hex(&format!("80540001 00000007 {result}"));
        Answer::decode(
            [head.as_ref(), &b"\xEE\xEE\xEE\xEE\0\0".repeat(count)]
                .concat()
                .into(),
        )
    };
    assert!(answer(4096, "00000000").is_ok());
    assert_eq!(
        answer(4097, "00000000"),
        Err(LinkError::Invalid("there are more than 4,096 tuples"))
    );
    let (_, refused) = answer(4097, "80000041").unwrap();
    let kept = (0..4096).map(|_| (0xEEEE_EEEE, Bytes::new())).collect();
    assert_eq!(refused, Answer::Whois(Outcome::AuthenticationFailed, kept));
}

#[test]
fn the_application_name_is_made_harmless() {
    let request = hex("00300001 00000007 00000003 007e0001 0005 41 1b 5b 00 00");
    let Ok((7, Request::RequestChallenge(application))) = Request::decode(request) else {
        panic!("it did not decode");
    };
    assert_eq!(application, "A\\u{1b}[");
}

#[test]
fn no_request_shows_what_it_carries() {
    for (request, _, _) in requests() {
        let shown = format!("{request:?}");
        assert_eq!(shown, format!("Request({:08X})", request.kind()));
    }
}

#[test]
fn the_head_of_a_data_frame_and_its_bytes_are_the_whole_frame() {
    let mut head = data_head(7, 5, 3);
    head.put_slice(b"abc");
    assert_eq!(head, hex("490016 00540022 00000007 0000000000000005 616263"));
    let largest = data_head(1, 0, MAX_DATA);
    assert_eq!(largest, hex("49a00000 00540022 00000001 0000000000000000"));
    assert_eq!(largest.len() + MAX_DATA, frame::LIMIT_AFTER_LOG_IN);
}
