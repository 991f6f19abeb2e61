//! A receive and a send that are cut at every message boundary and at random bytes, torn, delayed, doubled and lied to in
//! every length field: afterwards the unit holds exactly the old or exactly the new configuration, and the program says
//! which. What `Bench` holds true of both ends, each case adds to.
//!
//! `TRUNKLINE_TEST_SEED=N` chooses other random bytes.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use trunkline_tests::lies::fields;
use trunkline_tests::matrix::{Bench, Outcome};
use trunkline_tests::random::Random;
use trunkline_tests::relay::{Heard, Mischief, Plan, SIDES, Side, frames};

/// Cuts at random bytes, for each operation and each direction.
const RANDOM_CUTS: usize = 200;
/// Clients, units and relays at work at the same time: most of the time one waits for what does not come.
const BENCHES: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Receive,
    Send,
}

/// One case: what is done, what goes wrong, and what must come of it beside what always must.
#[derive(Debug, Clone)]
struct Case {
    job: Job,
    plan: Plan,
    expect: Expect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// It works.
    Ok,
    /// It works or it does not, and says which.
    Known,
    /// The connection is lost for good.
    Lost,
    /// It works, and the second connection goes on with this byte of the configuration.
    ResumesAt(u64),
}

/// A bench on which each job was done once without a fault, and what passed the relay meanwhile.
async fn honest() -> (Bench, [(Job, Heard); 2]) {
    let mut bench = Bench::new().await;
    let received = bench.receive(Plan::HONEST, &"without a fault").await;
    let sent = bench.send(Plan::HONEST, &"without a fault").await;
    for outcome in [&received, &sent] {
        assert_eq!((outcome.code(), outcome.heard.len()), ("ok", 1));
    }
    let heard = |outcome: &Outcome| outcome.heard[0].clone();
    let both = [(Job::Receive, heard(&received)), (Job::Send, heard(&sent))];
    (bench, both)
}

/// Runs the cases on several benches; answers how often each code came.
async fn run(cases: Vec<Case>) -> BTreeMap<(Job, &'static str), usize> {
    let all = cases.len();
    let cases = Arc::new(Mutex::new(cases.into_iter()));
    let mut benches = tokio::task::JoinSet::new();
    for _ in 0..BENCHES {
        let cases = Arc::clone(&cases);
        benches.spawn(async move {
            let (mut bench, mut codes) = (Bench::new().await, Vec::new());
            loop {
                let Some(case) = cases.lock().unwrap().next() else {
                    return codes;
                };
                codes.push((case.job, check(&mut bench, &case).await));
            }
        });
    }
    let mut count = BTreeMap::new();
    while let Some(codes) = benches.join_next().await {
        for code in codes.unwrap() {
            *count.entry(code).or_default() += 1;
        }
    }
    println!("{all} cases: {count:?}");
    assert_eq!(count.values().sum::<usize>(), all);
    count
}

async fn check(bench: &mut Bench, case: &Case) -> &'static str {
    let outcome = match case.job {
        Job::Receive => bench.receive(case.plan.clone(), case).await,
        Job::Send => bench.send(case.plan.clone(), case).await,
    };
    let (code, result) = (outcome.code(), &outcome.result);
    match case.expect {
        Expect::Ok | Expect::ResumesAt(_) => assert_eq!(code, "ok", "{case:?}: {result:?}"),
        Expect::Known => assert_ne!(code, "outcome_unknown", "{case:?}: {result:?}"),
        Expect::Lost => assert_eq!(code, "connection_lost", "{case:?}: {result:?}"),
    }
    if let Expect::ResumesAt(byte) = case.expect {
        assert_eq!(read_from(&outcome.heard[1]), Some(byte), "{case:?}");
    }
    assert!(outcome.heard.len() <= 3, "{case:?}: three connections in all");
    code
}

/// From which byte a connection's first read asks: the literal bytes of the request.
fn read_from(heard: &Heard) -> Option<u64> {
    let asks = |frame: &&&[u8]| frame[3..7] == [0x00, 0x54, 0x00, 0x11];
    let frames = frames(&heard.to_unit);
    let read = frames.iter().find(asks)?;
    Some(u64::from_be_bytes(read[12..20].try_into().unwrap()))
}

/// Where each frame of a side ends.
fn ends(heard: &Heard, side: Side) -> Vec<usize> {
    let mut at = 0;
    let lengths = frames(heard.side(side)).into_iter().map(<[u8]>::len);
    lengths
        .map(|length| {
            at += length;
            at
        })
        .collect()
}

/// How many bytes of the configuration are among the first `after` that the unit sends in a receive.
fn of_the_object(heard: &Heard, after: usize) -> u64 {
    let (mut at, mut bytes) = (0, 0);
    for frame in frames(&heard.to_client) {
        let header = if frame[1] & 0x80 == 0 { 3 } else { 4 };
        if frame[header..header + 4] == [0x10, 0x54, 0x00, 0x12] {
            let begin = at + header + 16;
            bytes += after.saturating_sub(begin).min(frame.len() - header - 16);
        }
        at += frame.len();
    }
    bytes as u64
}

/// A cut of the first connection, or of each. A log-in is never tried again by itself; what comes after it is.
fn cut(job: Job, heard: &Heard, side: Side, after: usize, abrupt: bool, always: bool) -> Case {
    let log_in_ends = ends(heard, side)[1];
    let is_logged_in = match side {
        Side::ToUnit => after > log_in_ends,
        Side::ToClient => after >= log_in_ends,
    };
    let mischief = Mischief::Cut { side, after, abrupt };
    // The unit has the whole log-in: whether its answer is faster than the cut is up to the machine.
    let is_a_race = side == Side::ToUnit && after == log_in_ends;
    let expect = match (is_logged_in, always) {
        _ if is_a_race => Expect::Known,
        (false, _) => Expect::Lost,
        (true, true) => Expect::Known,
        (true, false) if job == Job::Receive && side == Side::ToClient && !abrupt => {
            Expect::ResumesAt(of_the_object(heard, after))
        }
        (true, false) => Expect::Ok,
    };
    let plan = if always {
        Plan::always(mischief)
    } else {
        Plan::once(mischief)
    };
    Case { job, plan, expect }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_at_every_message_boundary() {
    let (_bench, jobs) = honest().await;
    let mut cases = Vec::new();
    for (job, heard) in &jobs {
        for side in SIDES {
            let mut ends = ends(heard, side);
            // The last one is no cut any more; of the client that is the good-bye, to which nothing is said.
            ends.pop();
            for after in [0].into_iter().chain(ends) {
                for (abrupt, always) in [(false, false), (true, false), (false, true), (true, true)] {
                    cases.push(cut(*job, heard, side, after, abrupt, always));
                }
            }
        }
    }
    let codes = run(cases).await;
    for job in [Job::Receive, Job::Send] {
        for code in ["ok", "connection_lost"] {
            assert!(codes.contains_key(&(job, code)), "{job:?} {code}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_at_random_bytes() {
    let (_bench, jobs) = honest().await;
    let mut random = Random::of_test();
    let mut cases = Vec::new();
    for (job, heard) in &jobs {
        for side in SIDES {
            let ends = ends(heard, side);
            let before_the_last = ends[ends.len() - 2];
            for number in 0..RANDOM_CUTS {
                let after = 1 + random.below(before_the_last);
                let after = after.min(before_the_last - 1);
                cases.push(cut(*job, heard, side, after, number % 4 == 1, number % 2 == 0));
            }
        }
    }
    assert_eq!(cases.len(), 4 * RANDOM_CUTS);
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_in_every_length_and_every_offset() {
    let (_bench, jobs) = honest().await;
    let mut cases = Vec::new();
    let mut names = BTreeMap::new();
    for (job, heard) in &jobs {
        for field in fields(heard) {
            for (value, lie) in field.lies() {
                *names.entry(field.name).or_insert(0) += 1;
                println!(
                    "{job:?} {:?} frame {} {}: {} for {value}",
                    field.side, field.frame, field.name, field.value
                );
                for plan in [Plan::once(lie.clone()), Plan::always(lie.clone())] {
                    cases.push(Case {
                        job: *job,
                        plan,
                        expect: Expect::Known,
                    });
                }
            }
        }
    }
    let expected = [
        "length of a tuple",
        "length of the base revision",
        "length of the client nonce",
        "length of the frame",
        "length of the new object",
        "length of the new revision",
        "length of the object",
        "length of the proof",
        "length of the revision",
        "length of the salt",
        "length of the unit nonce",
        "offset of the data",
        "offset of the read",
    ];
    assert_eq!(names.keys().copied().collect::<Vec<_>>(), expected);
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_doubled() {
    let (_bench, jobs) = honest().await;
    let mut cases = Vec::new();
    for (job, heard) in &jobs {
        for side in SIDES {
            for frame in 0..frames(heard.side(side)).len() {
                for plan in [Plan::once, Plan::always] {
                    cases.push(Case {
                        job: *job,
                        plan: plan(Mischief::Doubled { side, frame }),
                        expect: Expect::Known,
                    });
                }
            }
        }
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_and_torn_bytes_do_no_harm() {
    let kinds = [
        Mischief::Late(Duration::from_millis(20)),
        Mischief::Torn(1),
        Mischief::Torn(7),
        Mischief::Torn(1447),
    ];
    let mut cases = Vec::new();
    for job in [Job::Receive, Job::Send] {
        for mischief in kinds.clone() {
            cases.push(Case {
                job,
                plan: Plan::always(mischief),
                expect: Expect::Ok,
            });
        }
    }
    run(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_where_the_unit_can_not_be_asked_after_a_commit_the_outcome_is_unknown() {
    let (mut bench, [_, (_, heard)]) = honest().await;
    let (frames, ends) = (frames(&heard.to_unit), ends(&heard, Side::ToUnit));
    let end_of = |kind: [u8; 4]| {
        let number = frames.iter().position(|frame| frame[3..7] == kind);
        ends[number.unwrap()]
    };
    let (write, commit) = (end_of([0x00, 0x54, 0x00, 0x21]), end_of([0x00, 0x54, 0x00, 0x23]));
    let gone_after = |after| Plan {
        first: Mischief::Cut {
            side: Side::ToUnit,
            after,
            abrupt: false,
        },
        later: Mischief::Refused,
    };
    for (name, cut) in [
        (
            "the commit never arrived whole, and the client can not know",
            commit - 1,
        ),
        ("the commit arrived", commit),
    ] {
        let outcome = bench.send(gone_after(cut), &name).await;
        assert_eq!(outcome.code(), "outcome_unknown", "{name}");
        assert_eq!(outcome.heard.len(), 3, "{name}: it asked as often as it may");
        assert!(cut == commit || !outcome.is_new, "{name}");
        if cut == commit {
            bench.until_new(&outcome).await;
        }
    }
    let outcome = bench.send(gone_after(write - 1), &"before the data").await;
    assert_eq!(
        outcome.code(),
        "connection_lost",
        "without a commit nothing changed"
    );
    let said = outcome.result.unwrap_err().to_string();
    assert!(said.contains("the unit still has what it had"), "{said}");
}
