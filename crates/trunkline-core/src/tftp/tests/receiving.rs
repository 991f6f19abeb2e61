use super::*;

#[tokio::test]
async fn a_file_arrives_with_the_options_that_both_agree_on() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.says(b"\0\x06blksize\x008\0tsize\x0020\0windowsize\x002\0", client);
        own.expects(b"\0\x04\0\0");
        own.says(b"\0\x03\0\x01abcdefgh", client);
        own.says(b"\0\x03\0\x02ijklmnop", client);
        own.expects(b"\0\x04\0\x02");
        own.gives(3, b"qrst", client);
        // Its answer was lost, as far as the unit knows.
        own.says(b"\0\x03\0\x03qrst", client);
        own.expects(b"\0\x04\0\x03");
    });
    let received = receive(&mut session(port, TransferSettings::default()).await)
        .await
        .unwrap();
    assert_eq!(received.destination, b"abcdefghijklmnopqrst");
    assert_eq!(received.stat.length, 20);
    // The beginning of `printf abcdefghijklmnopqrst | sha256sum`.
    assert_eq!(received.stat.revision, "tftp-dd65eea0329dcb94");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_unit_that_ignores_options_gives_blocks_of_512_bytes() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.gives(1, &[b'x'; 512], client);
        own.gives(2, b"", client);
    });
    let received = receive(&mut session(port, TransferSettings::default()).await)
        .await
        .unwrap();
    assert_eq!(received.destination, [b'x'; 512]);
    unit.join().unwrap();
}

#[tokio::test]
async fn a_unit_that_refuses_options_is_asked_again_without() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        Peer::new().says(b"\0\x05\0\x08no options\0", client);
        let client = peer.expects(READ);
        Peer::new().gives(1, b"plain", client);
    });
    let received = receive(&mut session(port, TransferSettings::default()).await)
        .await
        .unwrap();
    assert_eq!(received.destination, b"plain");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_wrong_transfer_id_is_told_so_and_disturbs_nothing() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let (own, other) = (Peer::new(), Peer::new());
        own.gives(1, &[b'a'; 512], client);
        other.says(b"\0\x03\0\x02false", client);
        other.expects(b"\0\x05\0\x05unknown transfer\0");
        other.says(b"\0\x05\0\x02Access violation\0", client);
        own.gives(2, b"true", client);
    });
    let received = receive(&mut session(port, TransferSettings::default()).await)
        .await
        .unwrap();
    assert_eq!(received.destination[510..], *b"aatrue");
    unit.join().unwrap();
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    for (answer, code, words) in [
        (
            &b"\0\x05\0\x02Access violation\0"[..],
            "authentication_failed",
            "receiving: wrong system password",
        ),
        (
            b"\0\x05\0\x01File not found\0",
            "unit_refused",
            "receiving: the unit refused (TFTP error 1: File not found)",
        ),
        (
            b"\0\x05\0\0",
            "unit_refused",
            "receiving: the unit refused (TFTP error 0)",
        ),
        (
            b"\0\x06blksize\x009000\0",
            "protocol_error",
            "receiving: the unit broke the protocol: the unit answered with TFTP options that it was not offered",
        ),
        (
            b"\0\x06tsize\x001073741825\0",
            "protocol_error",
            "receiving: the unit broke the protocol: the file is longer than the 1073741824 bytes that are accepted",
        ),
    ] {
        let (port, unit) = unit(move |peer| {
            let client = peer.expects(&[READ, OFFER].concat());
            Peer::new().says(answer, client);
        });
        let settings = TransferSettings {
            limit: 1 << 30,
            ..TransferSettings::default()
        };
        let error = receive(&mut session(port, settings).await).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(error.to_string(), format!("127.0.0.1:{port}: {words}"));
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn a_stall_ends_in_an_error_that_says_how_far_it_got() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.says(b"\0\x06tsize\x002000\0", client);
        own.expects(b"\0\x04\0\0");
        own.gives(1, &[b'a'; 512], client);
        // Repetitions, and a word of farewell.
        own.expects(b"\0\x04\0\x01");
        own.expects(b"\0\x05\0\0the transfer stopped\0");
    });
    let error = receive(&mut session(port, quick()).await).await.unwrap_err();
    let words = format!(
        "127.0.0.1:{port}: receiving: the connection was lost: the transfer stopped after 512 bytes of 2000"
    );
    assert_eq!((error.code(), error.to_string()), ("connection_lost", words));
    unit.join().unwrap();
}

#[tokio::test]
async fn silence_is_asked_as_often_as_the_settings_say() {
    let (port, unit) = unit(|peer| {
        for _ in 0..3 {
            peer.expects(&[READ, OFFER].concat());
        }
    });
    let error = receive(&mut session(port, quick()).await).await.unwrap_err();
    assert_eq!(error.code(), "not_reachable");
    assert!(
        error
            .to_string()
            .ends_with("no answer to the TFTP request, asked 3 times"),
        "{error}"
    );
    assert!(error.hint().contains("UDP 69"), "{}", error.hint());
    unit.join().unwrap();
}

#[tokio::test]
async fn a_length_that_was_not_announced_is_damage() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.says(b"\0\x06tsize\x0010\0", client);
        own.expects(b"\0\x04\0\0");
        own.says(b"\0\x03\0\x01short", client);
        own.expects(b"\0\x05\0\0the length is not the one announced\0");
    });
    let error = receive(&mut session(port, quick()).await).await.unwrap_err();
    assert_eq!(error.code(), "damaged_data");
    unit.join().unwrap();
}

#[tokio::test]
async fn whoever_stops_it_tells_the_unit() {
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let (port, unit) = unit(move |peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.gives(1, &[b'a'; 512], client);
        stop.cancel();
        own.expects(b"\0\x05\0\0stopped\0");
    });
    let error = receive(&mut session_with(port, TransferSettings::default(), cancel).await)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "cancelled");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_password_is_tried_without_receiving_everything() {
    let (port, unit) = unit(|peer| {
        let client = peer.expects(&[READ, OFFER].concat());
        let own = Peer::new();
        own.says(b"\0\x06tsize\x002000000\0", client);
        // Whether it acknowledges the options before it lets go does not matter.
        while own.hears().0 != b"\0\x05\0\0stopped\0" {}
        let client = peer.expects(&[READ, OFFER].concat());
        Peer::new().says(b"\0\x05\0\x02\0", client);
    });
    let session = session(port, TransferSettings::default()).await;
    session.try_password(&silent).await.unwrap();
    let error = session.try_password(&silent).await.unwrap_err();
    assert_eq!(error.code(), "authentication_failed");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_text_file_is_asked_for_without_any_password() {
    let (port, unit) = unit(|peer| {
        let client = peer
            .expects(b"\0\x01nasystem/user_list8\0octet\0blksize\x001428\0tsize\x000\0windowsize\x0016\0");
        Peer::new().gives(1, b"a,201\r\n", client);
        let client = peer.hears().1;
        Peer::new().says(b"\0\x05\0\x02Access violation\0", client);
    });
    let access = access(port, TransferSettings::default());
    let file = "nasystem/user_list8".parse().unwrap();
    let read = async || crate::tftp::read_text_file(&access, &file, CancellationToken::new(), &silent).await;
    assert_eq!(read().await.unwrap(), b"a,201\r\n");
    // Nobody gave a password, so none is wrong.
    assert_eq!(read().await.unwrap_err().code(), "unit_refused");
    unit.join().unwrap();
}

#[tokio::test]
async fn only_the_configuration_is_there() {
    let mut session = session(9, quick()).await;
    for object in [Object::SecuritySettings, Object::AuditTrail] {
        let error = session
            .receive(object, Vec::new(), Step::Receive, &silent)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "unsupported");
        assert!(
            error.to_string().contains("systems before 3.2 have no"),
            "{error}"
        );
    }
}
