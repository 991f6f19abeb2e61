use trunkline_protocol::link::{Restart, WriteMode};

use super::*;
use crate::Due;

/// A client that writes a file of so many bytes, and the unit's own port for it.
#[track_caller]
fn writes(peer: &Peer, length: &str) -> (Peer, SocketAddr) {
    let offer = [
        &b"blksize\x001428\0tsize\0"[..],
        length.as_bytes(),
        b"\0windowsize\x0016\0",
    ]
    .concat();
    let client = peer.expects(&[WRITE, &offer].concat());
    (Peer::new(), client)
}

#[tokio::test]
async fn what_is_sent_is_read_back() {
    let (port, unit) = unit(|peer| {
        let (own, client) = writes(&peer, "10");
        own.says(b"\0\x06blksize\x008\0tsize\x0010\0windowsize\x001\0", client);
        own.expects(b"\0\x03\0\x01new-new-");
        own.says(b"\0\x04\0\x01", client);
        own.expects(b"\0\x03\0\x02ne");
        own.says(b"\0\x04\0\x02", client);
        peer.gives_whole(b"new-new-ne");
    });
    let revision = send(&mut session(port, quick()).await, b"old", b"new-new-ne")
        .await
        .unwrap();
    assert!(revision.starts_with("tftp-"), "{revision}");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_unit_that_ignores_or_refuses_options_is_written_without() {
    let (port, unit) = unit(|peer| {
        let (own, client) = writes(&peer, "3");
        own.says(b"\0\x05\0\x08\0", client);
        let client = peer.expects(WRITE);
        let own = Peer::new();
        own.says(b"\0\x04\0\0", client);
        own.expects(b"\0\x03\0\x01new");
        own.says(b"\0\x04\0\x01", client);
        peer.gives_whole(b"new");
    });
    send(&mut session(port, quick()).await, b"old", b"new")
        .await
        .unwrap();
    unit.join().unwrap();
}

#[tokio::test]
async fn what_the_unit_holds_afterwards_decides_how_it_ended() {
    for (holds, code, words) in [
        (
            &b"old"[..],
            "hash_mismatch",
            "does not hold what was sent; it holds revision tftp-",
        ),
        (b"???", "hash_mismatch", "and was not restarted"),
    ] {
        let (port, unit) = unit(move |peer| {
            let (own, client) = writes(&peer, "3");
            own.says(b"\0\x04\0\0", client);
            own.expects(b"\0\x03\0\x01new");
            own.says(b"\0\x04\0\x01", client);
            peer.gives_whole(holds);
        });
        let error = send(&mut session(port, quick()).await, b"old", b"new")
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn after_a_lost_last_answer_the_unit_is_asked() {
    for (holds, expect) in [
        (&b"new"[..], Ok(())),
        (
            b"old",
            Err((
                "connection_lost",
                "nothing was changed, the unit still has what it had",
            )),
        ),
        (b"???", Err(("hash_mismatch", "does not hold what was sent"))),
    ] {
        let (port, unit) = unit(move |peer| {
            let (own, client) = writes(&peer, "3");
            own.says(b"\0\x04\0\0", client);
            for _ in 0..3 {
                own.expects(b"\0\x03\0\x01new");
            }
            own.expects(b"\0\x05\0\0the transfer stopped\0");
            peer.gives_whole(holds);
        });
        let sent = send(&mut session(port, quick()).await, b"old", b"new").await;
        match (sent, expect) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err((code, words))) => {
                assert_eq!(error.code(), code, "{error}");
                assert!(error.to_string().contains(words), "{error}");
            }
            (sent, _) => panic!("{sent:?}"),
        }
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_program_says_what_is_known() {
    // All was acknowledged, and then there was silence.
    let (port, unit) = unit(|peer| {
        let (own, client) = writes(&peer, "3");
        own.says(b"\0\x04\0\0", client);
        own.expects(b"\0\x03\0\x01new");
        own.says(b"\0\x04\0\x01", client);
        for _ in 0..3 {
            peer.hears();
        }
    });
    let error = send(&mut session(port, quick()).await, b"old", b"new")
        .await
        .unwrap_err();
    assert_eq!(error.code(), "outcome_unknown");
    assert!(
        error
            .to_string()
            .contains("it acknowledged all 3 bytes, and could not be read back"),
        "{error}"
    );
    unit.join().unwrap();

    // The end of the file never left: a file of more than two windows.
    let (port, unit) = super::unit(|peer| {
        let (own, client) = writes(&peer, "200000");
        own.says(b"\0\x04\0\0", client);
        own.hears();
    });
    let content: &'static [u8] = vec![b'x'; 200_000].leak();
    let error = send(&mut session(port, quick()).await, b"old", content)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(
        error.to_string().contains("the file did not arrive as a whole"),
        "{error}"
    );
    unit.join().unwrap();
}

#[tokio::test]
async fn a_refused_write_changed_nothing_and_is_not_asked_about() {
    for (answer, code) in [
        (&b"\0\x05\0\x02\0"[..], "authentication_failed"),
        (b"\0\x05\0\x03Disk full\0", "too_large"),
        (b"\0\x05\0\0read only\0", "unit_refused"),
    ] {
        let (port, unit) = unit(move |peer| {
            let (own, client) = writes(&peer, "3");
            own.says(answer, client);
        });
        let error = send(&mut session(port, quick()).await, b"old", b"new")
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        unit.join().unwrap();
    }
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_never_comes_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("office.xml");
    std::fs::write(&path, vec![b'a'; 100_000]).unwrap();
    let outgoing = Outgoing::file(&path).await.unwrap();
    std::fs::write(&path, vec![b'b'; 100_000]).unwrap();
    let (port, unit) = unit(|peer| {
        let (own, client) = writes(&peer, "100000");
        own.says(b"\0\x04\0\0", client);
        let mut bytes = 0;
        loop {
            let (datagram, from) = own.hears();
            match datagram[..] {
                [0, 3, high, low, ..] => {
                    bytes += datagram.len() - 4;
                    own.says(&[0, 4, high, low], from);
                }
                _ => break assert_eq!(datagram, b"\0\x05\0\0the file can not be read\0"),
            }
        }
        assert!(bytes < 100_000, "{bytes}");
    });
    let error = session(port, quick())
        .await
        .send(&held(b"old"), &outgoing, &silent)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "usage", "{error}");
    unit.join().unwrap();
}

#[tokio::test]
async fn a_restart_is_an_empty_file() {
    let (port, unit) = unit(|peer| {
        let offer = b"blksize\x001428\0tsize\x000\0windowsize\x0016\0";
        let client = peer.expects(&[REBOOT, offer].concat());
        let own = Peer::new();
        own.says(b"\0\x04\0\0", client);
        own.expects(b"\0\x03\0\x01");
        own.says(b"\0\x04\0\x01", client);
    });
    let mut session = session(port, quick()).await;
    assert_eq!(session.reboot(Restart::Immediately).await.unwrap(), Some(0));
    unit.join().unwrap();
    for restart in [
        Restart::WhenFree {
            bar_incoming: false,
            bar_outgoing: false,
        },
        Restart::Timed {
            minutes: 0,
            bar_incoming: false,
            bar_outgoing: false,
        },
    ] {
        let error = session.reboot(restart).await.unwrap_err();
        assert_eq!(error.code(), "unsupported");
        assert!(error.to_string().contains("--mode immediate"), "{error}");
        let error = session
            .may_send(Object::Configuration, WriteMode::Restart(restart))
            .unwrap_err();
        assert!(error.to_string().contains("--mode immediate"), "{error}");
    }
    let error = session
        .may_send(Object::Configuration, WriteMode::Merge)
        .unwrap_err();
    assert!(error.to_string().contains("can not merge"), "{error}");
    session
        .may_send(Object::Configuration, WriteMode::Restart(Restart::Immediately))
        .unwrap();
}

#[tokio::test]
async fn a_unit_that_comes_back_with_another_password_is_back() {
    let (port, unit) = unit(|peer| {
        // While it is away it answers nothing; then it is asked for its configuration, twice.
        for _ in 0..2 {
            let client = loop {
                let (request, from) = peer.hears();
                if request.starts_with(READ) {
                    break from;
                }
            };
            Peer::new().says(b"\0\x05\0\x02Access violation\0", client);
        }
    });
    let due = Due::of(Restart::Immediately, Some(0));
    let returned = session(port, quick())
        .await
        .wait_until_back(due, Duration::from_mins(1), &silent)
        .await
        .unwrap();
    assert_eq!((returned.went, returned.revision), (true, None));
    unit.join().unwrap();
}
