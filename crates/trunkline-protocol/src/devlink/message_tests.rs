use super::*;
use crate::link::frame;
use crate::link::outcome::tag::ATTEMPTS_LEFT;
use crate::link::test_bytes::hex;

fn payload(text: &str) -> Bytes {
    let mut input = BytesMut::from(&*hex(text));
    let payload = frame::take(&mut input, frame::LIMIT_BEFORE_LOG_IN)
        .unwrap()
        .unwrap();
    assert!(input.is_empty(), "{text} is one frame");
    payload
}

#[test]
fn requests_are_these_bytes_and_are_read_from_them() {
    for (request, bytes) in [
        (
            Request::LogIn { user: "Bâle".into() },
            "490015 00300001 00000007 00000001 42c3a26c6500",
        ),
        (
            Request::Response([0xAB; 20]),
            "490027 00300001 00000007 00000050 00000014 abababababababababababababababababababab",
        ),
        (
            Request::Password(Zeroizing::new([0x61; 32])),
            "490033 00300001 00000007 00000051 00000020
             6161616161616161616161616161616161616161616161616161616161616161",
        ),
        (
            Request::ReadFile("nasystem/who_is".into()),
            "49001d 00300041 00000007 0010 6e6173797374656d2f77686f5f697300",
        ),
    ] {
        assert_eq!(request.encode(7), hex(bytes), "{request:?}");
        assert_eq!(Request::decode(payload(bytes)), Ok((7, request)));
    }
}

#[test]
fn a_user_may_be_followed_by_tuples_and_a_file_name_may_lack_its_nul() {
    let with_tuples = "490018 00300001 00000001 00000001 6100 007e0001 0001 78";
    assert_eq!(
        Request::decode(payload(with_tuples)),
        Ok((1, Request::LogIn { user: "a".into() }))
    );
    let without_nul = "490010 00300041 00000001 0003 612f62";
    assert_eq!(
        Request::decode(payload(without_nul)),
        Ok((1, Request::ReadFile("a/b".into())))
    );
}

#[test]
fn requests_that_are_none_are_refused() {
    let invalid = LinkError::Invalid;
    for (bytes, expect) in [
        (
            "49000f 00300001 00000000 00000001",
            invalid("the request id is 0"),
        ),
        (
            "49000f 00300001 00000001 00000001",
            invalid("a text is too long, or has no end"),
        ),
        (
            "490010 00300001 00000001 00000001 61",
            invalid("a text is too long, or has no end"),
        ),
        (
            "490011 00300001 00000001 00000001 ff00",
            invalid("a text is not UTF-8"),
        ),
        (
            "49000f 00300001 00000001 00000003",
            invalid("the log-in method is unknown"),
        ),
        (
            "49000f 00300001 00000001 00000050",
            LinkError::Truncated("a log-in"),
        ),
        (
            "490014 00300001 00000001 00000050 00000001 61",
            invalid("a part of the log-in has another length than it must have"),
        ),
        (
            "490013 00300001 00000001 00000051 ffffffff",
            invalid("a length is above its limit"),
        ),
        (
            "49000d 00300041 00000001 0001",
            LinkError::Truncated("a file name"),
        ),
        (
            "49000b 00540001 00000001",
            LinkError::Unexpected {
                kind: 0x0054_0001,
                request: 1,
            },
        ),
    ] {
        assert_eq!(Request::decode(payload(bytes)), Err(expect), "{bytes}");
    }
    let long = Request::LogIn {
        user: "x".repeat(256),
    }
    .encode(1);
    assert_eq!(
        Request::decode(long.freeze().slice(3..)),
        Err(invalid("a text is too long, or has no end"))
    );
}

#[test]
fn answers_are_these_bytes_and_are_read_from_them() {
    let mut left = Tuples::default();
    left.push(ATTEMPTS_LEFT, 2_u16.to_be_bytes().to_vec());
    for (answer, bytes) in [
        (
            Answer::Challenge([0x0F; 16]),
            "490023 80300001 00000007 00000002 00000010 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
        ),
        (Answer::PasswordWanted, "49000f 80300001 00000007 00000001"),
        (
            Answer::LoggedIn(Outcome::Done, Tuples::default()),
            "49000f 80300001 00000007 00000000",
        ),
        (
            Answer::LoggedIn(Outcome::AuthenticationFailed, left),
            "490017 80300001 00000007 80000041 00540206 0002 0002",
        ),
        (
            Answer::File("a\r\n".into()),
            "490012 80300041 00000007 00000000 610d0a",
        ),
        (
            Answer::NoFile(Outcome::Other(0x8000_0099), Tuples::default()),
            "49000f 80300041 00000007 80000099",
        ),
        (Answer::Unsolicited, "49000b 10300001 00000007"),
    ] {
        assert_eq!(answer.encode(7), hex(bytes), "{answer:?}");
        assert_eq!(Answer::decode(payload(bytes)), Ok((7, answer)));
    }
}

#[test]
fn nothing_can_be_put_behind_a_name() {
    let request = Request::LogIn {
        user: "a\0\u{7e}".into(),
    };
    assert_eq!(request.encode(1), hex("490011 00300001 00000001 00000001 6100"));
    let request = Request::ReadFile("a\0b".into());
    assert_eq!(request.encode(1), hex("49000f 00300041 00000001 0002 6100"));
}
