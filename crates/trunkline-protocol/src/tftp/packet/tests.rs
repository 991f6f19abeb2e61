use super::*;

fn request(file: &str, mode: Mode, options: Options) -> Request {
    Request {
        file: FileName::new(file.as_bytes()).unwrap(),
        mode,
        options,
    }
}

/// The bytes read as the packet, and the packet writes the bytes.
#[track_caller]
fn check(bytes: &[u8], expect: &Packet<'_>) {
    assert_eq!(Packet::decode(bytes).as_ref(), Ok(expect));
    assert_eq!(expect.encode(), bytes);
}

/// The bytes read as the packet; they would be written in another way.
#[track_caller]
fn check_read(bytes: &[u8], expect: &Packet<'_>) {
    assert_eq!(Packet::decode(bytes).as_ref(), Ok(expect));
}

#[track_caller]
fn check_bad(bytes: &[u8], expect: PacketError) {
    assert_eq!(Packet::decode(bytes), Err(expect));
}

#[test]
fn requests() {
    let none = Options::default();
    check(
        b"\0\x01nasystem/who_is\0octet\0",
        &Packet::Read(request("nasystem/who_is", Mode::Octet, none)),
    );
    check(
        b"\0\x02a\0netascii\0",
        &Packet::Write(request("a", Mode::Netascii, none)),
    );
    check_read(
        b"\0\x01a\0OcTeT\0",
        &Packet::Read(request("a", Mode::Octet, none)),
    );
    let all = Options {
        block_size: Some(1428),
        transfer_size: Some(0),
        timeout: Some(3),
        window_size: Some(16),
        unknown: 0,
    };
    check(
        b"\0\x01a\0octet\0blksize\x001428\0tsize\x000\0timeout\x003\0windowsize\x0016\0",
        &Packet::Read(request("a", Mode::Octet, all)),
    );
    check_read(
        b"\0\x01a\0octet\0WindowSize\x0016\0TSIZE\x000\0multicast\0\0BlkSize\x001428\0timeout\x003\0",
        &Packet::Read(request("a", Mode::Octet, Options { unknown: 1, ..all })),
    );
}

#[test]
fn bad_requests() {
    check_bad(b"\0\x01", PacketError::Unterminated);
    check_bad(b"\0\x01a", PacketError::Unterminated);
    check_bad(b"\0\x01a\0", PacketError::Unterminated);
    check_bad(b"\0\x01a\0octet", PacketError::Unterminated);
    check_bad(b"\0\x01\0octet\0", PacketError::FileName);
    check_bad(b"\0\x01a\0mail\0", PacketError::Mode);
    check_bad(b"\0\x01a\0\0", PacketError::Mode);
    check_bad(b"\0\x01a\0octet\0blksize\0", PacketError::Unterminated);
    check_bad(b"\0\x01a\0octet\0blksize\x00512", PacketError::Unterminated);
    let long = [b"\0\x01", &b"a".repeat(MAX_FILE_NAME + 1)[..], b"\0octet\0"].concat();
    check_bad(&long, PacketError::FileName);
    let longer = [b"\0\x01a\0octet\0", &b"x\0y\0".repeat(126)[..]].concat();
    check_bad(&longer, PacketError::TooLong);
}

#[test]
fn bad_options() {
    let check = |option: &[u8], name: &'static str| {
        check_bad(&[b"\0\x06", option].concat(), PacketError::Option { name });
        check_bad(
            &[b"\0\x02a\0octet\0", option].concat(),
            PacketError::Option { name },
        );
    };
    for value in ["", "7", "65465", "99999999999999999999", "-8", "+8", "8 ", "x"] {
        check(format!("blksize\0{value}\0").as_bytes(), "blksize");
    }
    check(b"tsize\x0018446744073709551616\0", "tsize");
    check(b"tsize\0\0", "tsize");
    check(b"timeout\x000\0", "timeout");
    check(b"timeout\x00256\0", "timeout");
    check(b"windowsize\x000\0", "windowsize");
    check(b"windowsize\x0065536\0", "windowsize");
    check(b"blksize\x00512\0BLKSIZE\x00512\0", "blksize");
}

#[test]
fn data() {
    check(
        b"\0\x03\0\x01abc",
        &Packet::Data {
            block: 1,
            data: b"abc",
        },
    );
    check(
        b"\0\x03\xff\xff",
        &Packet::Data {
            block: 65_535,
            data: b"",
        },
    );
    check_bad(b"\0\x03\0", PacketError::Truncated);
}

#[test]
fn acknowledgements() {
    check(b"\0\x04\x12\x34", &Packet::Ack { block: 0x1234 });
    check_read(b"\0\x04\0\x01padding", &Packet::Ack { block: 1 });
    check_bad(b"\0\x04\0", PacketError::Truncated);
    check(b"\0\x06", &Packet::OptionAck(Options::default()));
    check(
        b"\0\x06blksize\x0065464\0tsize\x0018446744073709551615\0",
        &Packet::OptionAck(Options {
            block_size: Some(65_464),
            transfer_size: Some(u64::MAX),
            ..Options::default()
        }),
    );
    check_bad(
        &[b"\0\x06", &b"x\0y\0".repeat(128)[..]].concat(),
        PacketError::TooLong,
    );
}

#[test]
fn errors() {
    check(
        b"\0\x05\0\x02Access violation\0",
        &Packet::error(ErrorCode::AccessViolation, "Access violation"),
    );
    check(b"\0\x05\0\x08\0", &Packet::error(ErrorCode::OptionsRefused, ""));
    check(b"\0\x05\x01\0x\0", &Packet::error(ErrorCode::Other(256), "x"));
    check_read(
        b"\0\x05\0\x01no end",
        &Packet::error(ErrorCode::FileNotFound, "no end"),
    );
    check_read(
        b"\0\x05\0\x01Z\xfcrich\0ignored",
        &Packet::error(ErrorCode::FileNotFound, "Zürich"),
    );
    check_read(
        b"\0\x05\0\0\x1b[2J\0",
        &Packet::error(ErrorCode::NotDefined, "\\u{1b}[2J"),
    );
    check_bad(b"\0\x05\0", PacketError::Truncated);
    let long = [b"\0\x05\0\0", &b"x".repeat(5000)[..]].concat();
    check_read(
        &long,
        &Packet::error(ErrorCode::NotDefined, &"x".repeat(MAX_ERROR_TEXT)),
    );
    assert_eq!(
        Packet::error(ErrorCode::NotDefined, &"x\0".repeat(5000))
            .encode()
            .len(),
        4 + MAX_ERROR_TEXT + 1
    );
    for number in 0..=9 {
        assert_eq!(u16::from(ErrorCode::from(number)), number);
    }
}

#[test]
fn what_is_no_packet() {
    check_bad(b"", PacketError::Truncated);
    check_bad(b"\0", PacketError::Truncated);
    check_bad(b"\0\0", PacketError::Opcode(0));
    check_bad(b"\0\x07", PacketError::Opcode(7));
    check_bad(b"GET / HTTP/1.0\r\n", PacketError::Opcode(0x4745));
}

#[test]
fn a_file_name_is_never_shown() {
    let packet = Packet::Read(request(
        "nasystem/rconfig/open-sesame",
        Mode::Octet,
        Options::default(),
    ));
    assert!(!format!("{packet:?}").contains("sesame"));
    assert_eq!(FileName::new(b"a\0b"), Err(PacketError::FileName));
}

#[test]
fn the_longest_request_fits_its_bound() {
    let options = Options {
        block_size: Some(65_464),
        transfer_size: Some(u64::MAX),
        timeout: Some(255),
        window_size: Some(65_535),
        unknown: 0,
    };
    let longest = Packet::Write(request(&"n".repeat(MAX_FILE_NAME), Mode::Netascii, options)).encode();
    assert!(longest.len() <= MAX_REQUEST, "{} bytes", longest.len());
    assert!(Packet::decode(&longest).is_ok());
}
