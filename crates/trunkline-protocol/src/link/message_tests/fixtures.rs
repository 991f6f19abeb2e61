//! Each message with its bytes, by hand, and where it may be cut.

use super::*;

/// Which beginnings of a payload are messages too, by their length; all others must be refused.
#[derive(Clone, Copy)]
pub(super) enum Shorter {
    Never,
    At(&'static [usize]),
    From(usize),
}

impl Shorter {
    pub(super) fn allows(self, length: usize) -> bool {
        match self {
            Self::Never => false,
            Self::At(lengths) => lengths.contains(&length),
            Self::From(least) => length >= least,
        }
    }
}

fn stat() -> Stat {
    Stat {
        length: 0x1234,
        sha256: array(HASH),
        revision: "r41".into(),
    }
}

fn write(object: Object, (mode, minutes, flags): (u8, u16, u8), length: u64, base: &str) -> Request {
    Request::Write(Write {
        object,
        mode,
        minutes,
        flags,
        length,
        sha256: array(HASH),
        base_revision: base.into(),
    })
}

/// All with request id 7.
pub(super) fn requests() -> Vec<(Request, String, Shorter)> {
    use Shorter::{At, From, Never};
    let read = |object, offset, resumed| Request::Read {
        object,
        offset,
        resumed: array(resumed),
    };
    vec![
        (
            Request::Test("ping".into()),
            "490013 002a0001 00000007 00000004 70696e67".into(),
            Never,
        ),
        (Request::Whois, "49000c005400010000000701".into(), Never),
        (
            Request::RequestChallenge("Trunkline".into()),
            "49001f 00300001 00000007 00000003 007e0001 000a 5472756e6b6c696e6500".into(),
            At(&[12]),
        ),
        (
            Request::Prove {
                client_nonce: hex(CLIENT_NONCE),
                proof: array(PROOF),
            },
            format!("490053 00300001 00000007 00000053 0020 {CLIENT_NONCE} 0020 {PROOF}"),
            Never,
        ),
        (
            read(Object::Configuration, 0, ZEROS),
            format!("490034 00540011 00000007 01 0000000000000000 {ZEROS}"),
            Never,
        ),
        (
            read(Object::AuditTrail, 0x1_0000_0001, HASH),
            format!("490034 00540011 00000007 03 0000000100000001 {HASH}"),
            Never,
        ),
        (
            write(Object::Configuration, (4, 1410, 3), 0x1234, "r41"),
            format!("49003d 00540021 00000007 01 04 0582 03 0000000000001234 {HASH} 0003 723431"),
            Never,
        ),
        (
            write(Object::SecuritySettings, (1, 0, 0), 0, ""),
            format!("49003a 00540021 00000007 02 01 0000 00 0000000000000000 {HASH} 0000"),
            Never,
        ),
        (
            Request::Data {
                offset: 5,
                bytes: "abc".into(),
            },
            "490016 00540022 00000007 0000000000000005 616263".into(),
            From(16),
        ),
        (
            Request::Commit { sha256: array(HASH) },
            format!("49002b 00540023 00000007 {HASH}"),
            Never,
        ),
        (
            Request::Reboot {
                mode: 3,
                minutes: 0x0102,
                flags: 1,
            },
            "49000f 00540031 00000007 03 0102 01".into(),
            Never,
        ),
        (
            Request::ChangePassword("Grüße-42".into()),
            "490017 00540051 00000007 000a 4772c3bcc39f652d3432".into(),
            Never,
        ),
        (Request::LogOff, "49000b 00540061 00000007".into(), Never),
        (
            Request::Stat(Object::SecuritySettings),
            "49000c 00540071 00000007 02".into(),
            Never,
        ),
    ]
}

pub(super) fn tuples<const N: usize>(list: [(u32, &str); N]) -> Tuples {
    list.into_iter().map(|(tag, value)| (tag, hex(value))).collect()
}

/// All with request id 7.
pub(super) fn answers() -> Vec<(Answer, String, Shorter)> {
    let mut all = head_answers();
    all.extend(transfer_answers());
    all
}

fn head_answers() -> Vec<(Answer, String, Shorter)> {
    use Shorter::{At, From, Never};
    vec![
        (
            Answer::Test(Outcome::Done, "ping".into()),
            "490017 802a0001 00000007 00000000 00000004 70696e67".into(),
            Never,
        ),
        (
            Answer::Test(Outcome::RetryLater, Bytes::new()),
            "49000f 802a0001 00000007 80000043".into(),
            Never,
        ),
        (
            Answer::Whois(
                Outcome::Done,
                tuples([
                    (0x0054_0101, "42c3a26c65"),
                    (0xDEAD_BEEF, "78"),
                    (0x0054_0106, "c674"),
                ]),
            ),
            "490029 80540001 00000007 00000000 00540101 0005 42c3a26c65 deadbeef 0001 78 00540106 0002 c674"
                .into(),
            At(&[12, 23, 30]),
        ),
        (
            Answer::Challenge(Challenge {
                iterations: 50_000,
                salt: hex(SALT),
                unit_nonce: hex(UNIT_NONCE),
            }),
            format!("490047 80300001 00000007 00000003 0000c350 0010 {SALT} 0020 {UNIT_NONCE}"),
            Never,
        ),
        (
            Answer::LoggedIn(
                Outcome::Done,
                tuples([
                    (0x0054_0201, UNIT_PROOF),
                    (0x0054_0202, "000001ff"),
                    (0x0054_0203, "001e"),
                ]),
            ),
            format!(
                "490047 80300001 00000007 00000000 00540201 0020 {UNIT_PROOF} \
                 00540202 0004 000001ff 00540203 0002 001e"
            ),
            At(&[12, 50, 60]),
        ),
        (
            Answer::LoggedIn(
                Outcome::PasswordChangeRequired,
                tuples([(0x0054_0201, UNIT_PROOF)]),
            ),
            format!("490035 80300001 00000007 80000045 00540201 0020 {UNIT_PROOF}"),
            From(12),
        ),
        (
            Answer::LoggedIn(Outcome::AuthenticationFailed, tuples([(0x0054_0206, "0002")])),
            "490017 80300001 00000007 80000041 00540206 0002 0002".into(),
            From(12),
        ),
        (
            Answer::ChangePassword(Outcome::Done, Tuples::default()),
            "49000f 80540051 00000007 00000000".into(),
            Never,
        ),
        (
            Answer::ChangePassword(Outcome::TlsRequired, Tuples::default()),
            "49000f 80540051 00000007 80000052".into(),
            Never,
        ),
        (
            Answer::Reboot(Ok(Some(90))),
            "490013 80540031 00000007 00000000 0000005a".into(),
            Never,
        ),
        (
            Answer::Reboot(Ok(None)),
            "490013 80540031 00000007 00000000 ffffffff".into(),
            Never,
        ),
        (
            Answer::Reboot(Err(Failure(Outcome::NoRight, Tuples::default()))),
            "49000f 80540031 00000007 80000051".into(),
            Never,
        ),
    ]
}

fn transfer_answers() -> Vec<(Answer, String, Shorter)> {
    use Shorter::{From, Never};
    let revision = || tuples([(0x0054_0301, "723431")]);
    vec![
        (
            Answer::Read(Ok(stat())),
            format!("49003c 80540011 00000007 00000000 0000000000001234 {HASH} 0003 723431"),
            Never,
        ),
        (
            Answer::Read(Err(Failure(Outcome::ObjectChanged, revision()))),
            "490018 80540011 00000007 80000061 00540301 0003 723431".into(),
            From(12),
        ),
        (
            Answer::Data {
                offset: 5,
                bytes: "abc".into(),
            },
            "490016 10540012 00000007 0000000000000005 616263".into(),
            From(16),
        ),
        (
            Answer::End { sha256: array(HASH) },
            format!("49002b 10540013 00000007 {HASH}"),
            Never,
        ),
        (
            Answer::Write(Outcome::Done, Tuples::default()),
            "49000f 80540021 00000007 00000000".into(),
            Never,
        ),
        (
            Answer::Write(Outcome::TooLarge, tuples([(0x0054_0302, "0000000000200000")])),
            "49001d 80540021 00000007 80000063 00540302 0008 0000000000200000".into(),
            From(12),
        ),
        (
            Answer::Commit(Ok(("r42".into(), None))),
            "490018 80540023 00000007 00000000 0003 723432 ffffffff".into(),
            Never,
        ),
        (
            Answer::Commit(Ok(("r42".into(), Some(0)))),
            "490018 80540023 00000007 00000000 0003 723432 00000000".into(),
            Never,
        ),
        (
            Answer::Commit(Err(Failure(Outcome::Conflict, revision()))),
            "490018 80540023 00000007 80000062 00540301 0003 723431".into(),
            From(12),
        ),
        (
            Answer::Stat(Ok(stat())),
            format!("49003c 80540071 00000007 00000000 0000000000001234 {HASH} 0003 723431"),
            Never,
        ),
        (
            Answer::Stat(Err(Failure(Outcome::Other(0x8000_1234), Tuples::default()))),
            "49000f 80540071 00000007 80001234".into(),
            Never,
        ),
    ]
}
