//! TFTP beside curl, tftp-hpa and atftp, from the same in.tftpd. The method stands in benches/tftp/README.md.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{machine, median, record, release};
use crate::command;

/// Rounds in which every program runs once.
const RUNS: usize = 9;
const BYTES: usize = 32 << 20;
/// A file system in memory, so that no disk has a say.
const MEMORY: &str = "/dev/shm";
const PASSWORD: &str = "password";

/// A program that reads the file, the sizes of blocks that it knows, and how it is called.
type Peer = (&'static str, &'static [u16], fn(&Place, u16) -> Command);

const PEERS: [Peer; 3] = [
    ("curl", &BLOCKS, curl),
    // It knows no options.
    ("tftp-hpa", &[512], tftp_hpa),
    ("atftp", &BLOCKS, atftp),
];
const BLOCKS: [u16; 2] = [512, 1428];

/// Measures, and records it.
pub(super) fn run() -> Result<(), String> {
    let table = table(&release(&["trunkline"])?.join("trunkline"))?;
    let text = format!(
        "`cargo xtask bench tftp`, [method](tftp/README.md). Release profile. {}.\n{table}",
        machine()
    );
    record("TFTP", &text)
}

/// The peers' times by Trunkline's, so that 1 or more means no slower.
fn table(trunkline: &Path) -> Result<String, String> {
    let mut place = Place::new()?;
    let mut text = format!(
        "\n{} MiB over TFTP from one in.tftpd, {RUNS} rounds, medians: the peer's time by Trunkline's, so that 1.00 or more means no slower. \
         Trunkline also hashes the file, and keeps it in its archive.\n\n| block, bytes | {} |\n| ---: | ---: | ---: | ---: |\n",
        BYTES >> 20,
        PEERS.map(|(name, ..)| name).join(" | ")
    );
    for block in BLOCKS {
        let server = Server::new(&place, block)?;
        place.port = server.port;
        let mut own = Vec::new();
        let mut peers = [Vec::new(), Vec::new(), Vec::new()];
        for round in 1..=RUNS {
            own.push(place.seconds(receive(trunkline, &place))?);
            for ((_, blocks, peer), taken) in PEERS.iter().zip(&mut peers) {
                if blocks.contains(&block) {
                    taken.push(place.seconds(peer(&place, block))?);
                }
            }
            let said: Vec<String> = peers
                .iter()
                .map(|taken| taken.last().map_or("–".to_owned(), |s| format!("{s:.2}")))
                .collect();
            let last = own.last().copied().unwrap_or(f64::NAN);
            println!("{block}, {round}: trunkline {last:.2} s; {} s", said.join(", "));
        }
        let ratios = peers.map(|taken| {
            let ratios: Vec<f64> = taken.iter().zip(&own).map(|(peer, own)| peer / own).collect();
            if ratios.is_empty() {
                "–".to_owned()
            } else {
                format!("{:.2}", median(&ratios))
            }
        });
        let _ = writeln!(text, "| {block} | {} |", ratios.join(" | "));
    }
    Ok(text)
}

fn receive(trunkline: &Path, place: &Place) -> Command {
    let mut command = Command::new(trunkline);
    let port = place.port.to_string();
    command.args([
        "receive",
        "127.0.0.1",
        "--method",
        "tftp",
        "--tftp-port",
        &port,
        "--out",
    ]);
    command.arg(place.got());
    command.env("TRUNKLINE_DATA_DIR", place.folder.join("data"));
    command.env("TRUNKLINE_SYSTEM_PASSWORD", PASSWORD);
    command
}

fn curl(place: &Place, block: u16) -> Command {
    let mut command = Command::new("curl");
    let size = block.to_string();
    command.args([
        "--silent",
        "--show-error",
        "--max-time",
        "60",
        "--tftp-blksize",
        &size,
        "--output",
    ]);
    command.arg(place.got());
    command.arg(format!("tftp://127.0.0.1:{}/{}", place.port, remote()));
    command
}

fn tftp_hpa(place: &Place, _: u16) -> Command {
    let mut command = Command::new("tftp");
    let port = place.port.to_string();
    command.args(["127.0.0.1", &port, "-m", "binary", "-c", "get", &remote()]);
    command.arg(place.got());
    command
}

fn atftp(place: &Place, block: u16) -> Command {
    let mut command = Command::new("atftp");
    let (size, port) = (format!("blksize {block}"), place.port.to_string());
    command.args([
        "--option",
        &size,
        "--get",
        "--remote-file",
        &remote(),
        "--local-file",
    ]);
    command.arg(place.got());
    command.args(["127.0.0.1", &port]);
    command
}

fn remote() -> String {
    format!("nasystem/rconfig/{PASSWORD}")
}

/// The files of both ends, in memory, and where they are asked for.
struct Place {
    folder: PathBuf,
    port: u16,
}

impl Place {
    fn new() -> Result<Self, String> {
        let folder = Path::new(MEMORY).join(format!("trunkline-bench-{}", std::process::id()));
        let place = Self { folder, port: 0 };
        let served = place.served();
        let make = || {
            let parent = served.parent().unwrap_or(&place.folder);
            fs::create_dir_all(parent)?;
            for folder in [&place.folder, &place.folder.join("tftp/nasystem"), parent] {
                fs::set_permissions(folder, Permissions::from_mode(0o755))?;
            }
            let content: Vec<u8> = (0_u32..)
                .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
                .take(BYTES)
                .collect();
            fs::write(&served, content)
        };
        make()
            .map_err(|error: std::io::Error| format!("{}: {error}", place.folder.display()))
            .map(|()| place)
    }

    fn served(&self) -> PathBuf {
        self.folder.join("tftp").join(remote())
    }

    fn got(&self) -> PathBuf {
        self.folder.join("got")
    }

    /// How long the program took; that the file is whole is looked at afterwards. What it left is removed.
    fn seconds(&self, mut command: Command) -> Result<f64, String> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let line = command::line(&command);
        let started = Instant::now();
        let status = command.status().map_err(|error| format!("{line}: {error}"))?;
        let seconds = started.elapsed().as_secs_f64();
        let same = fs::read(self.got()).ok() == fs::read(self.served()).ok();
        let _ = fs::remove_file(self.got());
        let _ = fs::remove_dir_all(self.folder.join("data"));
        if status.success() && same {
            Ok(seconds)
        } else {
            Err(format!(
                "{line}: {status}, and the file is {}",
                if same { "whole" } else { "not whole" }
            ))
        }
    }
}

/// in.tftpd, until this goes.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn new(place: &Place, block: u16) -> Result<Self, String> {
        let program =
            command::installed("in.tftpd").ok_or("in.tftpd is not installed (package tftpd-hpa)")?;
        let said = |error: std::io::Error| format!("in.tftpd: {error}");
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(said)?;
        let port = socket.local_addr().map_err(said)?.port();
        drop(socket);
        let mut command = Command::new(program);
        let (address, size) = (format!("127.0.0.1:{port}"), block.to_string());
        command.args(["--listen", "--foreground", "--secure", "--user", "root"]);
        command.args(["--address", &address, "--blocksize", &size]);
        command.arg(place.folder.join("tftp"));
        let child = command.stderr(Stdio::null()).spawn().map_err(said)?;
        let server = Self { child, port };
        let asks = UdpSocket::bind("127.0.0.1:0").map_err(said)?;
        asks.set_read_timeout(Some(Duration::from_millis(50)))
            .map_err(said)?;
        for _ in 0..200 {
            asks.send_to(b"\0\x01nothing\0octet\0", ("127.0.0.1", port))
                .map_err(said)?;
            if asks.recv_from(&mut [0; 100]).is_ok() {
                return Ok(server);
            }
        }
        Err("in.tftpd does not answer; it can be started by root only".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
