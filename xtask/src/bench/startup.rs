//! Start and memory of the window beside an empty Tauri window. The method stands in benches/startup/README.md.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::{machine, median, record, release};
use crate::{command, ui};

const RUNS: usize = 10;
const SITES: usize = 100;
/// A window that is not there by then will not come.
const PATIENCE: Duration = Duration::from_mins(1);
/// Until the processes of the web view have settled.
const SETTLED: Duration = Duration::from_secs(2);

/// What one start took.
struct Start {
    milliseconds: f64,
    mebibytes: f64,
}

/// Measures both programs in turn, and records the medians and their ratio.
pub(super) fn run() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("the memory of a process and its children is read from /proc: this needs Linux".into());
    }
    let programs = build()?;
    let screen = Screen::start()?;
    let folder = tempfile::tempdir().map_err(|error| format!("a temporary folder: {error}"))?;
    prepare(&programs.command_line, folder.path())?;
    let (mut bare, mut trunkline) = (Vec::new(), Vec::new());
    // The first round fills the caches of the file system, and is not counted.
    for round in 0..=RUNS {
        let empty = screen.start_bare(&programs.bare)?;
        let filled = screen.start_trunkline(&programs.window, folder.path())?;
        println!(
            "{round}: empty {:.0} ms {:.0} MiB, Trunkline {:.0} ms {:.0} MiB",
            empty.milliseconds, empty.mebibytes, filled.milliseconds, filled.mebibytes
        );
        if round > 0 {
            bare.push(empty);
            trunkline.push(filled);
        }
    }
    record("Start and memory of the window", &report(&bare, &trunkline))
}

fn report(bare: &[Start], trunkline: &[Start]) -> String {
    let middle = |starts: &[Start], of: fn(&Start) -> f64| median(&starts.iter().map(of).collect::<Vec<_>>());
    let time: fn(&Start) -> f64 = |start| start.milliseconds;
    let memory: fn(&Start) -> f64 = |start| start.mebibytes;
    let row = |what: &str, of, unit: &str, goal: &str| {
        let (empty, filled) = (middle(bare, of), middle(trunkline, of));
        format!(
            "| {what} | {empty:.0} {unit} | {filled:.0} {unit} | {:.2} | {goal} |\n",
            filled / empty
        )
    };
    format!(
        "`cargo xtask bench startup`, [method](startup/README.md). {RUNS} starts of each in turn, medians; release profile; {SITES} saved sites.\n{}.\n\n\
         | | empty Tauri window | Trunkline | ratio | goal |\n| --- | ---: | ---: | ---: | ---: |\n{}{}",
        machine(),
        row("start to the filled list", time, "ms", "1.3"),
        row("memory (Pss, all processes)", memory, "MiB", "1.15"),
    )
}

struct Programs {
    bare: PathBuf,
    window: PathBuf,
    command_line: PathBuf,
}

fn build() -> Result<Programs, String> {
    ui::install()?;
    ui::build()?;
    let programs = ["trunkline-bare-window", "trunkline-desktop", "trunkline"];
    let folder = release(&programs)?;
    let [bare, window, command_line] = programs.map(|name| folder.join(name));
    Ok(Programs {
        bare,
        window,
        command_line,
    })
}

/// A data folder with saved sites. All of them are this machine.
fn prepare(command_line: &Path, data: &Path) -> Result<(), String> {
    let trunkline = |arguments: &[&str]| {
        let mut command = command::program(command_line);
        command
            .env("TRUNKLINE_DATA_DIR", data)
            .arg("--quiet")
            .args(arguments)
            .stdout(Stdio::null());
        command::show(&mut command)
    };
    for number in 1..=SITES {
        let (name, address) = (format!("Branch {number}"), format!("127.0.1.{number}"));
        trunkline(&["sites", "add", &name, &address])?;
    }
    Ok(())
}

/// A screen that nobody sees and a message bus of its own. Both end with this value.
struct Screen {
    programs: Vec<Child>,
    display: String,
    bus: String,
}

impl Screen {
    fn start() -> Result<Self, String> {
        let mut screen = Self {
            programs: Vec::new(),
            display: String::new(),
            bus: String::new(),
        };
        let xvfb = [
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ];
        screen.display = format!(":{}", screen.first_line("Xvfb", &xvfb)?);
        screen.bus = screen.first_line("dbus-daemon", &["--session", "--nofork", "--print-address"])?;
        Ok(screen)
    }

    fn first_line(&mut self, name: &str, arguments: &[&str]) -> Result<String, String> {
        let mut child = command::program(name)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let output = child.stdout.take();
        self.programs.push(child);
        let line = output.and_then(|output| BufReader::new(output).lines().next());
        match line {
            Some(Ok(line)) => Ok(line.trim().to_owned()),
            _ => Err(format!("{name} ended before it was ready")),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = command::program(program);
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        command
    }

    fn start_bare(&self, program: &Path) -> Result<Start, String> {
        let mut command = self.command(program);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        measure(command, |child| {
            let output = child.stdout.take().ok_or("the empty window has no output")?;
            when_said(output, "ready").ok_or_else(|| "the empty window never came".into())
        })
    }

    fn start_trunkline(&self, program: &Path, data: &Path) -> Result<Start, String> {
        let mut command = self.command(program);
        command
            .env("TRUNKLINE_DATA_DIR", data)
            .env("TRUNKLINE_LOG", "debug")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        measure(command, |child| {
            let log = child.stderr.take().ok_or("Trunkline has no log")?;
            when_said(log, "a search begins").ok_or_else(|| "Trunkline's list never filled".into())
        })
    }
}

/// When a program says something for the first time; it is read on to its end, so that it never waits for its reader.
fn when_said(output: impl Read + Send + 'static, what: &'static str) -> Option<Instant> {
    let (heard, said) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.contains(what) {
                heard.send(Instant::now()).ok();
            }
        }
    });
    said.recv_timeout(PATIENCE).ok()
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.programs.iter_mut().for_each(end);
    }
}

fn measure(
    mut command: Command,
    ready: impl FnOnce(&mut Child) -> Result<Instant, String>,
) -> Result<Start, String> {
    let began = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| format!("{}: {error}", command::line(&command)))?;
    let start = ready(&mut child).map(|at| {
        thread::sleep(SETTLED);
        Start {
            milliseconds: (at - began).as_secs_f64() * 1000.0,
            mebibytes: proportional_set_size(child.id()) / 1024.0,
        }
    });
    end(&mut child);
    start
}

/// Its web view's processes end with it.
fn end(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}

/// Of a process and all that it started, in KiB.
fn proportional_set_size(root: u32) -> f64 {
    let mut family = vec![root];
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, parent(id)?)))
        .collect();
    let mut next = 0;
    while let Some(&member) = family.get(next) {
        family.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == member)
                .map(|(id, _)| *id),
        );
        next += 1;
    }
    family.into_iter().filter_map(pss).sum()
}

fn parent(id: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

fn pss(id: u32) -> Option<f64> {
    let memory = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let line = memory.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
