//! Turns and what they leave, without a unit.

use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::*;
use crate::DataDir;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn folder() -> (TempDir, DataDir) {
    let folder = TempDir::new().unwrap();
    let data = DataDir::at(folder.path().join("data"));
    data.create().unwrap();
    (folder, data)
}

/// As another process has it.
fn attempts(data: &DataDir, host: &str, port: u16) -> Attempts {
    Attempts::at(&Arc::new(Store::open(data).unwrap()), host, HERE, port)
}

fn failed(attempts_left: Option<u16>) -> Result<()> {
    Err(ErrorKind::AuthenticationFailed { attempts_left }.into())
}

async fn log_in(attempts: Attempts, proof_sent: bool, ended: Result<()>) {
    let mut turn = attempts.turn(&CancellationToken::new()).await.unwrap();
    *turn.proof_sent() = proof_sent;
    turn.ended(&ended).unwrap();
}

#[tokio::test]
async fn what_one_log_in_left_the_next_one_knows_by_name_and_by_address() {
    let (_folder, data) = folder();
    let lost = || Err(ErrorKind::ConnectionLost(String::new()).into());
    let steps: [(&str, bool, Result<()>, Option<u16>); 9] = [
        ("pbx.example.com", true, failed(Some(2)), Some(2)),
        ("127.0.0.1", true, failed(None), Some(1)),
        ("pbx.example.com", true, Ok(()), None),
        ("127.0.0.1", false, lost(), None),
        ("127.0.0.1", true, lost(), Some(2)),
        ("127.0.0.1", true, Err(ErrorKind::Impostor.into()), Some(2)),
        ("127.0.0.1", true, Err(ErrorKind::Cancelled("").into()), Some(1)),
        ("127.0.0.1", false, Err(ErrorKind::Cancelled("").into()), Some(1)),
        ("127.0.0.1", true, failed(None), Some(0)),
    ];
    for (number, (host, proof_sent, ended, left)) in steps.into_iter().enumerate() {
        log_in(attempts(&data, host, 50804), proof_sent, ended).await;
        for host in ["pbx.example.com", "127.0.0.1"] {
            let known = attempts(&data, host, 50804);
            assert_eq!(known.left().unwrap(), left, "step {number}, {host}");
        }
        assert_eq!(attempts(&data, "127.0.0.1", 50812).left().unwrap(), None);
    }
}

#[tokio::test]
async fn a_log_in_that_is_dropped_after_its_proof_counts() {
    let (_folder, data) = folder();
    let mut turn = attempts(&data, "127.0.0.1", 50804)
        .turn(&CancellationToken::new())
        .await
        .unwrap();
    *turn.proof_sent() = true;
    drop(turn);
    let known = attempts(&data, "127.0.0.1", 50804);
    assert_eq!(known.left().unwrap(), Some(2));
    let turn = known.turn(&CancellationToken::new()).await.unwrap();
    assert!(turn.refuse_the_last().is_ok());
    drop(turn);
    assert_eq!(attempts(&data, "127.0.0.1", 50804).left().unwrap(), Some(2));
}

#[tokio::test]
async fn eight_wrong_log_ins_at_once_stop_before_the_last_attempt() {
    let (_folder, data) = folder();
    let (inside, used) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let one = |attempts: Attempts, inside: Arc<AtomicU32>, used: Arc<AtomicU32>| async move {
        let mut turn = attempts.turn(&CancellationToken::new()).await.unwrap();
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
        if let Err(error) = turn.refuse_the_last() {
            inside.fetch_sub(1, Ordering::SeqCst);
            return error.code();
        }
        *turn.proof_sent() = true;
        tokio::task::yield_now().await;
        let count = used.fetch_add(1, Ordering::SeqCst) + 1;
        inside.fetch_sub(1, Ordering::SeqCst);
        let left = u16::try_from(3 - count).unwrap();
        turn.ended(&failed(Some(left))).unwrap();
        "authentication_failed"
    };
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let attempts = attempts(&data, "127.0.0.1", 50804);
        all.spawn(one(attempts, Arc::clone(&inside), Arc::clone(&used)));
    }
    let codes = all.join_all().await;
    assert_eq!(used.load(Ordering::SeqCst), 2);
    let stopped = codes.iter().filter(|code| **code == "last_attempt");
    assert_eq!(stopped.count(), 6, "{codes:?}");
}

#[tokio::test]
async fn units_do_not_wait_for_each_other_and_who_waits_can_be_stopped() {
    let (_folder, data) = folder();
    let cancel = CancellationToken::new();
    let first = attempts(&data, "127.0.0.1", 50804);
    let held = first.turn(&cancel).await.unwrap();
    attempts(&data, "127.0.0.1", 50812).turn(&cancel).await.unwrap();
    let waiting = CancellationToken::new();
    waiting.cancel();
    let stopped = attempts(&data, "127.0.0.1", 50804).turn(&waiting).await;
    assert_eq!(stopped.unwrap_err().code(), "cancelled");
    drop(held);
    attempts(&data, "127.0.0.1", 50804).turn(&waiting).await.unwrap();
}
