//! A large object takes no more memory than a small one: the peak of a process that receives, and of one that sends.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_core::{Overrides, Session};
use trunkline_protocol::link::{Object, Service, WriteMode};
use trunkline_tests::computer::{Computer, order, plain};
use trunkline_tests::foreign::{Foreign, Mood, PASSWORD, USER};

/// What makes this program, started once more, do the client's part: the work, the transport, the target and a folder.
const JOB: &str = "TRUNKLINE_TEST_MEMORY_JOB";
const MIB: usize = 1024 * 1024;
/// How much more the large object may take, in kibibytes.
const ALLOWED: u64 = 8 * 1024;

#[test]
fn a_64_mb_object_takes_at_most_8_mb_more_than_a_2_mb_one() {
    const NAME: &str = "a_64_mb_object_takes_at_most_8_mb_more_than_a_2_mb_one";
    if let Ok(job) = std::env::var(JOB) {
        return client(&job);
    }
    for work in ["receive", "send"] {
        for transport in ["plain", "tls"] {
            let [small, large] = [2, 64].map(|mib| {
                let folder = TempDir::new().unwrap();
                let object = object(mib * MIB);
                let unit = Foreign::start(&object, Mood::Honest);
                let mut new = object.clone();
                new.reverse();
                fs::write(folder.path().join("new"), &new).unwrap();
                let place = folder.path().display();
                let done = Command::new(std::env::current_exe().unwrap())
                    .args(["--exact", NAME, "--nocapture"])
                    .env(JOB, format!("{work}\n{transport}\n{}\n{place}", unit.target()))
                    .output()
                    .unwrap();
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                let (expect, holds) = if work == "send" {
                    (&object, &new)
                } else {
                    (&object, &object)
                };
                assert!(
                    unit.unit().configuration == *holds,
                    "the unit holds what it should"
                );
                assert!(
                    fs::read(folder.path().join("copy")).unwrap() == *expect,
                    "the copy is whole"
                );
                fs::read_to_string(folder.path().join("peak"))
                    .unwrap()
                    .parse::<u64>()
                    .unwrap()
            });
            let more = large.saturating_sub(small);
            println!(
                "{work} over {transport}: peak {small} KiB with 2 MiB, {large} KiB with 64 MiB, {more} KiB more"
            );
            assert!(more <= ALLOWED, "{work} over {transport}: {more} KiB more");
        }
    }
}

/// Bytes that no compression or padding could confuse with anything else.
fn object(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes
}

fn client(job: &str) {
    let [work, transport, target, folder] = job.split('\n').collect::<Vec<_>>().try_into().unwrap();
    let folder = Path::new(folder);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut computer = Computer::default();
        computer.patience = Duration::from_mins(1);
        let overrides = if transport == "plain" {
            plain()
        } else {
            Overrides::default()
        };
        let cancel = CancellationToken::new();
        let mut session = computer
            .log_in(
                target,
                Service::Configuration,
                &overrides,
                (USER, PASSWORD),
                &cancel,
            )
            .await
            .unwrap();
        let copy = folder.join("copy");
        if work == "receive" {
            computer
                .receive(&mut session, target, Object::Configuration, &copy)
                .await
                .unwrap();
        } else {
            send(&computer, &mut session, target, folder, &copy).await;
        }
        session.close().await;
    });
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    fs::write(folder.join("peak"), peak.trim().trim_end_matches(" kB")).unwrap();
}

/// Sends, and gives the copy that was taken first back as a file without reading it.
async fn send(computer: &Computer, session: &mut Session, target: &str, folder: &Path, copy: &Path) {
    let sent = computer
        .send(session, target, &folder.join("new"), &order(WriteMode::Merge))
        .await
        .unwrap();
    let kept = computer.local.archive.object_path(&sent.backup_sha256.unwrap());
    fs::copy(kept, copy).unwrap();
}
