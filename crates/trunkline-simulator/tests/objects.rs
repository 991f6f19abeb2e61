//! Receiving and sending objects in literal bytes.

mod common;

use common::{MERGE, Raw, Write, ZEROS, sha256, to_hex, unit};
use trunkline_simulator::{Simulator, Unit};

async fn logged_in(keys: &str) -> (Simulator, Unit, Raw) {
    let (simulator, unit) = unit(keys).await;
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    (simulator, unit, raw)
}

fn text(unit: &Unit) -> String {
    String::from_utf8_lossy(&unit.configuration().unwrap_or_default()).into_owned()
}

/// The configuration with its first user's full name changed.
fn changed(unit: &Unit) -> Vec<u8> {
    let text = text(unit);
    assert!(text.contains("<FullName>Ada Meier</FullName>"));
    text.replacen(
        "<FullName>Ada Meier</FullName>",
        "<FullName>Ada Lovelace</FullName>",
        1,
    )
    .into_bytes()
}

#[tokio::test]
async fn a_configuration_arrives_whole() {
    for (keys, length) in [("size = 13", 13), ("", 20_000), ("size = 3000000", 3_000_000)] {
        let (_simulator, unit, mut raw) = logged_in(keys).await;
        let object = raw.read(1, 0, ZEROS).await;
        let bytes = object.bytes();
        assert_eq!(
            (object.length, bytes.len(), object.revision.as_str()),
            (length, bytes.len(), "r418")
        );
        assert_eq!(bytes, unit.configuration().unwrap());
        assert!(object.continues_from(0));
        assert_eq!(
            (object.sha256.clone(), object.end),
            (sha256(&bytes), Some(sha256(&bytes)))
        );
        let stat = raw.ask("00540071 00000003 01").await;
        assert_eq!(
            stat,
            format!(
                "805400710000000300000000{length:016x}{}000472343138",
                object.sha256
            )
        );
    }
}

#[tokio::test]
async fn a_read_goes_on_where_it_was_cut_unless_the_object_changed() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    let whole = unit.configuration().unwrap();
    let rest = raw.read(1, 7000, &sha256(&whole)).await;
    assert_eq!((rest.length, rest.bytes()), (20_000, whole[7000..].to_vec()));
    assert!(rest.continues_from(7000));
    assert_eq!(rest.end, Some(sha256(&whole)));
    let nothing = raw.read(1, 20_000, &sha256(&whole)).await;
    assert!(nothing.parts.is_empty() && nothing.end.is_some());

    let changed = "805400110000000880000061";
    let ask = |offset: u64, hash: String| format!("00540011 00000008 01 {offset:016x} {hash}");
    assert_eq!(raw.ask(&ask(7000, ZEROS.into())).await, changed);
    assert_eq!(raw.ask(&ask(20_001, sha256(&whole))).await, changed);
    assert_eq!(unit.change_configuration(&b"<data/>"[..]), "r419");
    assert_eq!(raw.ask(&ask(7000, sha256(&whole))).await, changed);
}

#[tokio::test]
async fn a_merge_changes_content_and_revision() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    let new = changed(&unit);
    let head = Write {
        base: "r418",
        ..MERGE
    };
    assert_eq!(raw.write(&head, &new).await, "00000000000472343139ffffffff");
    assert_eq!(
        (unit.revision(), unit.configuration().unwrap().to_vec()),
        ("r419".into(), new.clone())
    );
    assert_eq!(unit.sha256().unwrap().to_vec(), common::hex(&sha256(&new)));
    let object = raw.read(1, 0, ZEROS).await;
    assert_eq!((object.bytes(), object.revision.as_str()), (new.clone(), "r419"));
    // Based on what is no more: a conflict, with the revision there is.
    assert_eq!(raw.write(&head, &new).await, "8000006200540301000472343139");
    assert_eq!(
        raw.write(&MERGE, &new).await,
        "00000000000472343230ffffffff",
        "whatever is there"
    );
}

#[tokio::test]
async fn a_change_behind_the_back_of_a_write_is_a_conflict_at_its_commit() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    let new = changed(&unit);
    assert_eq!(
        raw.announce(
            &Write {
                base: "r418",
                ..MERGE
            },
            &new
        )
        .await,
        "00000000"
    );
    raw.send(&format!("00540022 0000000b 0000000000000000 {}", to_hex(&new)))
        .await;
    unit.change_configuration(&b"<data></data>"[..]);
    let answer = raw.ask(&format!("00540023 0000000c {}", sha256(&new))).await;
    assert_eq!(answer, "805400230000000c8000006200540301000472343139");
    assert_eq!(unit.configuration().unwrap(), "<data></data>");
}

#[tokio::test]
async fn what_is_damaged_is_not_stored() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    let before = unit.configuration().unwrap();
    let good = sha256(b"<data>12</data>");
    let commit = format!("00540023 0000000c {good}");
    let mismatch = "805400230000000c80000065";
    // <data>12</data> in two parts: 0 and 7 bytes in, or otherwise.
    let (first, second) = ("3c646174613e31", "323c2f646174613e");
    for (parts, committed) in [
        (vec![(0, first)], &good),                          // too short
        (vec![(0, first), (8, second)], &good),             // a gap
        (vec![(0, first), (0, first)], &good),              // a repetition
        (vec![(7, second), (0, first)], &good),             // the wrong way round
        (vec![(0, first), (7, second), (15, "20")], &good), // too long
        (vec![(0, first), (7, "333c2f646174613e")], &good), // other bytes
        (vec![(0, first), (7, second)], &ZEROS.to_owned()), // another hash at the commit
    ] {
        assert_eq!(raw.announce(&MERGE, b"<data>12</data>").await, "00000000");
        for (offset, bytes) in &parts {
            raw.send(&format!("00540022 0000000b {offset:016x} {bytes}"))
                .await;
        }
        assert_eq!(
            raw.ask(&commit.replace(&good, committed)).await,
            mismatch,
            "{parts:?}"
        );
    }
    assert_eq!(raw.ask(&commit).await, mismatch, "nothing was announced");
    for not_a_document in [
        "<data>",
        "<security></security>",
        "no document",
        "<data>&x;</data>",
        "",
    ] {
        assert_eq!(
            raw.write(&MERGE, not_a_document.as_bytes()).await,
            "80000066",
            "{not_a_document}"
        );
    }
    assert_eq!(
        (unit.configuration().unwrap(), unit.revision()),
        (before, "r418".into())
    );
    assert_eq!(
        raw.write(&MERGE, b"<data>12</data>").await,
        "00000000000472343139ffffffff"
    );
}

#[tokio::test]
async fn a_connection_that_is_lost_leaves_the_unit_as_it_was() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    let new = changed(&unit);
    assert_eq!(raw.announce(&MERGE, &new).await, "00000000");
    raw.send(&format!("00540022 0000000b 0000000000000000 {}", to_hex(&new)))
        .await;
    drop(raw);
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    assert!(raw.ask("00540071 00000003 01").await.ends_with("000472343138"));
    let commit = format!("00540023 0000000c {}", sha256(&new));
    assert_eq!(
        raw.ask(&commit).await,
        "805400230000000c80000065",
        "the new connection has sent nothing"
    );
}

#[tokio::test]
async fn what_is_too_large_is_refused_from_its_head() {
    let (_simulator, _unit, mut raw) = logged_in("max_size = 50000").await;
    let refused = "800000630054030200080000 00000000c350".replace(' ', "");
    assert_eq!(raw.announce(&MERGE, &vec![b' '; 50_001]).await, refused);
    assert_eq!(raw.announce(&MERGE, &vec![b' '; 50_000]).await, "00000000");
}

#[tokio::test]
async fn a_merge_that_needs_a_restart_is_refused() {
    let (_simulator, unit, mut raw) = logged_in("merge_needs_reboot = ['System/LANs', 'Line']").await;
    let text = String::from_utf8(unit.configuration().unwrap().to_vec()).unwrap();
    let lan = text.replacen(
        "<IPAddress>127.0.0.1</IPAddress>",
        "<IPAddress>127.0.0.9</IPAddress>",
        1,
    );
    let line = text.replacen("<Channels>8</Channels>", "<Channels>9</Channels>", 1);
    for needs in [&lan, &line] {
        assert_ne!(needs, &text);
        assert_eq!(raw.write(&MERGE, needs.as_bytes()).await, "80000064");
    }
    assert_eq!(unit.revision(), "r418");
    let name = text
        .replacen("<Name>Zürich, Filiale 2</Name>", "<Name>Basel</Name>", 1)
        .replacen("<Etag>", "<Etag>9", 20);
    assert_eq!(
        raw.write(&MERGE, name.as_bytes()).await,
        "00000000000472343139ffffffff"
    );
}

#[tokio::test]
async fn a_unit_that_is_read_only_refuses_to_be_written() {
    for (keys, outcome, state) in [
        ("state = 'read_only'", "80000051", "00540109000101"),
        (
            "state = 'read_only'\nrefuse_writes = 'retry_later'",
            "80000043",
            "00540109000101",
        ),
        ("refuse_writes = 'no_right'", "80000051", "00540109000100"),
    ] {
        let (_simulator, _unit, mut raw) = logged_in(keys).await;
        assert_eq!(raw.announce(&MERGE, b"<data/>").await, outcome);
        assert_eq!(raw.read(1, 0, ZEROS).await.length, 20_000);
        assert!(raw.ask("00540001 00000007 01").await.contains(state));
    }
}

#[tokio::test]
async fn rights_are_kept_apart() {
    let (_simulator, unit) = unit("").await;
    let mut auditor = Raw::configuration(&unit).await;
    auditor.log_in("Auditor").await;
    assert_eq!(auditor.read(1, 0, ZEROS).await.length, 20_000);
    assert_eq!(auditor.announce(&MERGE, b"<data/>").await, "80000051");
    assert_eq!(
        auditor.ask("00540031 00000003 02 0000 00").await,
        "805400310000000380000051"
    );

    let mut merger = Raw::configuration(&unit).await;
    merger.log_in("Merger").await;
    let read = format!("00540011 00000008 01 0000000000000000 {ZEROS}");
    assert_eq!(merger.ask(&read).await, "805400110000000880000051");
    assert!(
        merger
            .ask("00540071 00000003 01")
            .await
            .starts_with("805400710000000300000000"),
        "stat tells how a send ended"
    );
    for (mode, outcome) in [
        (1, "00000000"),
        (2, "80000051"),
        (3, "80000051"),
        (4, "80000051"),
        (9, "80000051"),
    ] {
        assert_eq!(
            merger.announce(&Write { mode, ..MERGE }, b"<data/>").await,
            outcome,
            "mode {mode}"
        );
    }
    assert_eq!(
        merger.ask("00540071 00000003 03").await,
        "805400710000000380000051"
    );
}

#[tokio::test]
async fn objects_stand_on_their_service() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    assert_eq!(raw.ask("00540071 00000003 02").await, "805400710000000380000053");
    assert_eq!(
        raw.announce(&Write { object: 2, ..MERGE }, b"<security/>").await,
        "80000053"
    );
    assert_eq!(
        raw.announce(&Write { object: 3, ..MERGE }, b"<audit/>").await,
        "80000051",
        "it can only be read"
    );
    let mut security = Raw::security(&unit).await;
    security.log_in("Administrator").await;
    assert_eq!(
        security.ask("00540071 00000003 01").await,
        "805400710000000380000053"
    );
    assert_eq!(security.announce(&MERGE, b"<data/>").await, "80000053");
    assert_eq!(
        security.ask("00540031 00000003 02 0000 00").await,
        "805400310000000380000053"
    );
    raw.send("00540071 00000003 09").await;
    assert!(raw.is_closed().await, "there is no object 9");
}

#[tokio::test]
async fn the_audit_trail_grows() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    raw.read(1, 0, ZEROS).await;
    raw.write(&MERGE, b"<data/>").await;
    let trail = String::from_utf8(raw.read(3, 0, ZEROS).await.bytes()).unwrap();
    let actions: Vec<&str> = trail
        .split("Action=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "log-in",
            "read object 1 from 0",
            "wrote object 1, now r419, Merge"
        ]
    );
    assert!(trail.contains("User=\"Administrator\" Source=\"127.0.0.1\""));
    assert!(unit.audit_trail().len() > trail.len(), "that was read, too");
}

#[tokio::test]
async fn security_settings_take_new_passwords_over_tls_and_keep_none() {
    let (_simulator, unit) = unit("").await;
    let mut plain = Raw::security(&unit).await;
    plain.log_in("Administrator").await;
    let settings = String::from_utf8(plain.read(2, 0, ZEROS).await.bytes()).unwrap();
    assert!(settings.starts_with("<security>") && settings.contains("<Name>Merger</Name>"));
    assert!(!settings.contains(common::PASSWORD));
    let set = "<PasswordSet>true</PasswordSet>";
    let at = settings.find("<Name>Merger</Name>").unwrap();
    let with_password = format!(
        "{}{}",
        &settings[..at],
        settings[at..].replacen(set, &format!("{set}<NewPassword>neu &amp; gut</NewPassword>"), 1)
    );
    let head = Write {
        object: 2,
        base: "r1",
        ..MERGE
    };
    assert_eq!(plain.write(&head, with_password.as_bytes()).await, "80000052");

    let mut tls = Raw::security_tls(&unit).await;
    tls.log_in("Administrator").await;
    assert_eq!(
        tls.write(&head, with_password.as_bytes()).await,
        "0000000000027232ffffffff"
    );
    assert_eq!(
        String::from_utf8(tls.read(2, 0, ZEROS).await.bytes()).unwrap(),
        settings
    );
    assert!(
        Raw::security(&unit)
            .await
            .try_log_in("Merger", "neu & gut")
            .await
            .starts_with("00000000")
    );
    assert!(
        Raw::security(&unit)
            .await
            .try_log_in("Merger", common::PASSWORD)
            .await
            .starts_with("80000041")
    );
}
