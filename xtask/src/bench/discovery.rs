//! Discovery beside nmap, masscan and fping, in network namespaces. The method stands in benches/discovery/README.md.

mod networks;

use std::fmt::Write as _;
use std::process::Command;
use std::time::Instant;
use std::{fs, thread};

use super::{machine, median, record, release};
use crate::command;
use networks::{LAN, Loss, Networks, OUTSIDE, TIMEOUT_MS};

/// Rounds in which every program runs once.
const RUNS: usize = 10;

/// The networks of the comparison with the units in each.
const SIZES: [(&str, usize); 4] = [
    ("10.50.0.0/16", 200),
    ("10.50.0.0/20", 60),
    ("10.50.4.0/22", 50),
    ("10.50.7.0/24", 5),
];

/// A search over a line that loses packets, and how many units may be missed in one run and in all of them.
struct Lossy {
    network: &'static str,
    more: &'static [&'static str],
    runs: usize,
    units: usize,
    in_one: usize,
    in_all: usize,
}

const LOSSY: [Lossy; 3] = [
    Lossy {
        network: "10.50.4.0/22",
        more: &[],
        runs: 20,
        units: 50,
        in_one: 1,
        in_all: 1,
    },
    Lossy {
        network: "10.50.0.0/16",
        more: &[],
        runs: 5,
        units: 200,
        in_one: 5,
        in_all: usize::MAX,
    },
    Lossy {
        network: "10.50.0.0/16",
        more: &["--attempts", "3"],
        runs: 5,
        units: 200,
        in_one: 1,
        in_all: usize::MAX,
    },
];

/// Seconds until the program is there, and until it is gone.
const START: f64 = 0.1;

/// Megabytes that a search may take at its peak.
const MEMORY: f64 = 150.0;

/// What one run of a program took.
struct Taken {
    seconds: f64,
    mebibytes: f64,
    found: usize,
    unidentified: usize,
}

/// What was to be reached, as lines of a table.
#[derive(Default)]
struct Goals(String);

impl Goals {
    fn add(&mut self, goal: &str, measured: &str, is_met: bool) {
        let met = if is_met { "yes" } else { "**no**" };
        let _ = writeln!(self.0, "| {goal} | {measured} | {met} |");
    }
}

/// Measures everything, and records it. The parts in which times count come first.
pub(super) fn run() -> Result<(), String> {
    let trunkline = release(&["trunkline"])?.join("trunkline");
    let networks = Networks::new(&trunkline)?;
    println!("{} units answer", SIZES[0].1);
    let mut text = format!(
        "`cargo xtask bench discovery`, [method](discovery/README.md). {RUNS} rounds, medians; release profile, as an ordinary user.\n{}; {} \
         descriptors at most. {}.\n",
        machine(),
        descriptors(),
        versions()
    );
    let mut goals = Goals::default();
    let sizes = sizes(&networks, &mut goals)?;
    let one_lan = one_lan(&networks, &mut goals)?;
    let beside_peers = beside_peers(&networks, &mut goals)?;
    let with_loss = with_loss(&networks, &mut goals)?;
    let _ = write!(
        text,
        "\n| goal | measured | met |\n| --- | --- | --- |\n{}",
        goals.0
    );
    text.extend([beside_peers, sizes, one_lan, with_loss]);
    record("Discovery", &text)
}

/// All programs on the whole /16, one after the other in each round.
fn beside_peers(networks: &Networks, goals: &mut Goals) -> Result<String, String> {
    let (network, units) = SIZES[0];
    let nmap = format!("nmap -sS -Pn -n -p50802 -T5 --max-retries 0 --min-rate 20000 -oG - {network}");
    let masscan = format!("masscan -p50802 --rate 20000 --wait 2 -oL - {network}");
    let mut taken: [Vec<Taken>; 4] = Default::default();
    for round in 1..=RUNS {
        let this = [
            networks.trunkline(OUTSIDE, &["--no-udp", "--search", network])?,
            networks.peer(&nmap, "50802/open/tcp")?,
            networks.peer(&masscan, "open tcp 50802")?,
            fping(networks, network)?,
        ];
        let said: Vec<String> = this
            .iter()
            .map(|t| format!("{:.2} s {} found", t.seconds, t.found))
            .collect();
        println!("{round}: trunkline, nmap, masscan, fping: {}", said.join(", "));
        for (all, one) in taken.iter_mut().zip(this) {
            all.push(one);
        }
    }
    let mut text = format!(
        "\n{network}: {units} units that answer, {} addresses that answer nothing.\n\n\
         | | says | s | ratio to fping, median (worst) | peak MiB | fewest of {units} found |\n| --- | --- | ---: | ---: | ---: | ---: |\n",
        65_536 - units
    );
    let seconds = |taken: &[Taken]| taken.iter().map(|t| t.seconds).collect::<Vec<_>>();
    let fping = seconds(&taken[3]);
    let names = [
        ("**trunkline discover**", "name, version"),
        ("nmap", "open"),
        ("masscan", "open"),
        ("fping", "alive"),
    ];
    for ((name, says), taken) in names.into_iter().zip(&taken) {
        let ratios: Vec<f64> = seconds(taken)
            .iter()
            .zip(&fping)
            .map(|(own, peer)| own / peer)
            .collect();
        let peak = taken.iter().map(|t| t.mebibytes).fold(0.0, f64::max);
        let fewest = taken.iter().map(|t| t.found).min().unwrap_or(0);
        let worst = ratios.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "| {name} | {says} | {:.2} | {:.2} ({worst:.2}) | {peak:.0} | {fewest} |",
            median(&seconds(taken)),
            median(&ratios)
        );
        if says == names[0].1 {
            let ratio = median(&ratios);
            goals.add(
                &format!("{network}: no longer than fping, median of {RUNS} ratios"),
                &format!("{ratio:.2}"),
                ratio <= 1.0,
            );
            goals.add(
                &format!("{network}: all {units} units identified, each time"),
                &format!("{fewest} at least"),
                fewest == units,
            );
            goals.add(
                &format!("{network}: at most {MEMORY:.0} MB"),
                &format!("{:.0} MB", peak * 1.048_576),
                peak * 1.048_576 <= MEMORY,
            );
        }
    }
    Ok(text)
}

/// Smaller networks, beside fping.
fn sizes(networks: &Networks, goals: &mut Goals) -> Result<String, String> {
    let mut text = format!(
        "\nSmaller networks; the timeout is {TIMEOUT_MS} ms.\n\n\
         | network | units | trunkline s | fping s | ratio | fewest found | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (network, units) in &SIZES[1..] {
        let (mut own, mut peer) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            own.push(networks.trunkline(OUTSIDE, &["--no-udp", "--search", network])?);
            peer.push(fping(networks, network)?.seconds);
        }
        let seconds: Vec<f64> = own.iter().map(|t| t.seconds).collect();
        let ratios: Vec<f64> = seconds.iter().zip(&peer).map(|(own, peer)| own / peer).collect();
        let line = format!(
            "| {network} | {units} | {:.2} | {:.2} | {:.2} | {} | {:.0} |",
            median(&seconds),
            median(&peer),
            median(&ratios),
            own.iter().map(|t| t.found).min().unwrap_or(0),
            own.iter().map(|t| t.mebibytes).fold(0.0, f64::max),
        );
        println!("{line}");
        let _ = writeln!(text, "{line}");
        let fewest = own.iter().map(|t| t.found).min().unwrap_or(0);
        goals.add(
            &format!("{network}: all {units} units identified, each time"),
            &format!("{fewest} at least"),
            fewest == *units,
        );
        if network.ends_with("/24") {
            // The start of the program, and the questions one after the other, are not the wait.
            let (took, timeout) = (median(&seconds), f64::from(TIMEOUT_MS) / 1000.0);
            goals.add(
                &format!("{network}: over within one timeout, {timeout:.2} s, and the start of the program"),
                &format!("{took:.2} s"),
                took < timeout + START,
            );
        }
    }
    Ok(text)
}

fn fping(networks: &Networks, network: &str) -> Result<Taken, String> {
    networks.peer(&format!("fping -g -a -q -r 0 -i 0.05 -t 300 {network}"), "10.50.")
}

/// Units that all answer one broadcast at once.
fn one_lan(networks: &Networks, goals: &mut Goals) -> Result<String, String> {
    let mut taken = Vec::new();
    for _ in 0..RUNS {
        taken.push(networks.trunkline(LAN, &["--no-tcp", "--broadcast", "10.53.3.255"])?);
    }
    let line = format!(
        "\nOne LAN, {} units that answer one broadcast at once: {:.2} s, fewest found {}, peak {:.0} MiB.\n",
        networks::LAN_UNITS,
        median(&taken.iter().map(|t| t.seconds).collect::<Vec<_>>()),
        taken.iter().map(|t| t.found).min().unwrap_or(0),
        taken.iter().map(|t| t.mebibytes).fold(0.0, f64::max),
    );
    print!("{line}");
    let fewest = taken.iter().map(|t| t.found).min().unwrap_or(0);
    goals.add(
        &format!("one LAN: all {} units that answer at once", networks::LAN_UNITS),
        &format!("{fewest} at least"),
        fewest == networks::LAN_UNITS,
    );
    Ok(line)
}

/// Searches over a line that loses 5 % of the packets, each way.
fn with_loss(networks: &Networks, goals: &mut Goals) -> Result<String, String> {
    let _loss = Loss::begin(networks)?;
    let mut text = String::from(
        "\n5 % of the packets are lost in each direction.\n\n\
         | search | runs | units | missed in each run | open, without an answer | s |\n| --- | ---: | ---: | --- | ---: | ---: |\n",
    );
    for search in LOSSY {
        let Lossy {
            network,
            more,
            runs,
            units,
            in_one,
            in_all,
        } = search;
        let mut taken = Vec::new();
        for _ in 0..runs {
            let arguments = [&["--no-udp", "--search", network], more].concat();
            taken.push(networks.trunkline(OUTSIDE, &arguments)?);
        }
        let missed: Vec<usize> = taken.iter().map(|t| units.saturating_sub(t.found)).collect();
        let most = missed.iter().copied().max().unwrap_or(0);
        let all: usize = missed.iter().sum();
        let allowed = if in_all == usize::MAX {
            format!("at most {in_one} of {units} missed in any run")
        } else {
            format!("at most {in_all} missed in {runs} runs")
        };
        goals.add(
            &format!("5 % loss, {network} {}: {allowed}", more.join(" ")).replace(" :", ":"),
            &format!("{most} at most, {all} in all"),
            most <= in_one && all <= in_all,
        );
        let missed: Vec<String> = missed.iter().map(ToString::to_string).collect();
        let line = format!(
            "| {network} {} | {runs} | {units} | {} | {} | {:.2} |",
            more.join(" "),
            missed.join(" "),
            taken.iter().map(|t| t.unidentified).sum::<usize>(),
            median(&taken.iter().map(|t| t.seconds).collect::<Vec<_>>())
        );
        println!("{line}");
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}

/// The hard limit of this process, which an ordinary user may go up to.
fn descriptors() -> String {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(4))
        .unwrap_or("an unknown number of")
        .to_owned()
}

fn versions() -> String {
    let first = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let line = text
            .lines()
            .find(|line| line.to_lowercase().contains("version"))?;
        Some(line.split(" (").next()?.trim().to_owned())
    };
    let said =
        [("nmap", "--version"), ("masscan", "--version"), ("fping", "-v")].map(|(program, argument)| {
            first(program, argument).unwrap_or_else(|| format!("{program} of unknown version"))
        });
    said.join("; ")
}

/// Runs a command to its end; how long it took, its peak memory by GNU time, and what it printed.
fn measure(folder: &std::path::Path, words: &[&str]) -> Result<(f64, f64, String), String> {
    let peak = folder.join("peak");
    let mut command = command::program("time");
    command.args(["-f", "%M", "-o"]).arg(&peak).args(words);
    let began = Instant::now();
    let output = command
        .output()
        .map_err(|error| format!("`time` can not be run ({error}); it is a package of its own"))?;
    let seconds = began.elapsed().as_secs_f64();
    let kibibytes = fs::read_to_string(&peak)
        .ok()
        .and_then(|text| text.lines().last()?.trim().parse::<f64>().ok())
        .ok_or_else(|| format!("`time` says nothing of {}", words.join(" ")))?;
    // What the one before left behind must not burden the next.
    thread::sleep(std::time::Duration::from_millis(300));
    Ok((
        seconds,
        kibibytes / 1024.0,
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}
