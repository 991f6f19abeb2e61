//! A thousand log-ins against one unit, over TLS and over plain TCP: neither end keeps memory or descriptors of them.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![cfg(target_os = "linux")]

use std::fs;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use trunkline_core::Overrides;
use trunkline_protocol::link::{Object, Service};
use trunkline_simulator::{Clock, Listen, Options, Simulator};
use trunkline_tests::computer::{Computer, plain};
use trunkline_tests::simulated::{ADMINISTRATOR, ALONE, site, target};

const LOG_INS: u64 = 1000;
/// After so many everything that is made once is there.
const WARM: u64 = 200;
/// How much more memory may be in use at the end, in kibibytes: allocators keep what they once had.
const ALLOWED: u64 = 8 * 1024;

#[tokio::test]
async fn a_thousand_log_ins_leave_neither_memory_nor_descriptors_behind() {
    let options = Options {
        listen: Listen::OneAddress([127, 0, 0, 1].into()),
        size: Some(20_000),
        iterations: Some(1),
        clock: Clock::stopped(),
        ..Options::default()
    };
    let simulator = Simulator::start(site("Filiale", ALONE), options).await.unwrap();
    let unit = &simulator.units()[0];
    let mut computer = Computer::default();
    computer.in_a_hurry = true;
    let mut warm = None;
    for number in 0..LOG_INS {
        log_in(&computer, &target(unit), number % 2 == 0).await;
        if number + 1 == WARM {
            warm = Some((settled(None).await, resident()));
        }
    }
    assert_eq!(unit.log_in_attempts(), LOG_INS);
    let (descriptors, memory) = warm.unwrap();
    let (descriptors_now, memory_now) = (settled(Some(descriptors)).await, resident());
    println!(
        "after {WARM} log-ins: {descriptors} descriptors, {memory} KiB; after {LOG_INS}: {descriptors_now}, {memory_now} KiB"
    );
    assert!(descriptors_now <= descriptors);
    assert!(memory_now.saturating_sub(memory) <= ALLOWED);
}

async fn log_in(computer: &Computer, target: &str, over_tls: bool) {
    let overrides = if over_tls {
        Overrides::default()
    } else {
        with_consent()
    };
    let cancel = CancellationToken::new();
    let mut session = computer
        .log_in(target, Service::Configuration, &overrides, ADMINISTRATOR, &cancel)
        .await
        .unwrap();
    session.stat(Object::Configuration).await.unwrap();
    session.close().await;
}

/// The unit is pinned by then: plain TCP needs a word.
fn with_consent() -> Overrides {
    Overrides {
        allow_plain: true,
        ..plain()
    }
}

/// Open descriptors, once there are no more than `expected`: the far ends of closed connections go a moment later.
async fn settled(expected: Option<usize>) -> usize {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut least = usize::MAX;
    loop {
        let now = fs::read_dir("/proc/self/fd").unwrap().count();
        let is_still = now >= least;
        least = least.min(now);
        let is_there = expected.map_or(is_still, |expected| now <= expected);
        if is_there || Instant::now() >= deadline {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Memory in use, in kibibytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}
