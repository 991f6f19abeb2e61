//! TFTP as others speak it: the program against real servers, and real clients against a virtual unit. What is not installed
//! is skipped, and that is said.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::fs::{self, Permissions};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cli_support::{Computer, Outcome, Site, end};
use tempfile::TempDir;

const SYSTEM_PASSWORD: &str = "pass-Word-42";
/// More than 65,536 blocks of 512 bytes.
const LARGE: usize = 34 << 20;

/// The program of this name; where there is none, says so.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// A file whose every stretch of bytes differs from its neighbours.
fn content(length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes())
        .take(length)
        .collect()
}

/// Somebody else's server with the files of an old system: what is written to it can be read.
struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// `None`, with the reason on standard error, where it can not run here.
    fn new(name: &str, content: &[u8], more: &[&str]) -> Option<Self> {
        let program = installed(name)?;
        if name == "in.tftpd" && !is_tftp_hpa(&program) {
            eprintln!("skipped: {name} is another server than that of tftpd-hpa");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: {name} can be started by root only");
            return None;
        }
        let folder = TempDir::new().unwrap();
        let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        open(folder.path(), 0o777);
        for action in ["", "rconfig", "wconfig", "reboot"] {
            let path = folder.path().join("nasystem").join(action);
            fs::create_dir(&path).unwrap();
            open(&path, 0o777);
        }
        let read = folder.path().join("nasystem/rconfig").join(SYSTEM_PASSWORD);
        fs::write(&read, content).unwrap();
        open(&read, 0o666);
        let write = folder.path().join("nasystem/wconfig").join(SYSTEM_PASSWORD);
        fs::hard_link(&read, write).unwrap();
        let reboot = folder.path().join("nasystem/reboot").join(SYSTEM_PASSWORD);
        fs::write(&reboot, "not yet").unwrap();
        open(&reboot, 0o666);
        // Somebody may take the port meanwhile; then another one is tried.
        for _ in 0..20 {
            let port = UdpSocket::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let mut command = Command::new(&program);
            if name == "in.tftpd" {
                let address = format!("127.0.0.1:{port}");
                command.args([
                    "--listen",
                    "--foreground",
                    "--secure",
                    "--create",
                    "--user",
                    "root",
                ]);
                command.args(["--address", &address]);
            } else {
                let port = port.to_string();
                command.args(["--daemon", "--no-fork", "--user", "root.root", "--bind-address"]);
                command.args(["127.0.0.1", "--port", &port, "--logfile", "/dev/null"]);
            }
            let command = command.args(more).arg(folder.path());
            let mut child = command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if answers(&mut child, port) {
                return Some(Self { child, folder, port });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("{name} does not answer");
    }

    fn file(&self, action: &str) -> PathBuf {
        self.folder
            .path()
            .join("nasystem")
            .join(action)
            .join(SYSTEM_PASSWORD)
    }

    /// Runs a command of the program on it.
    fn run(&self, computer: &Computer, arguments: &[&str]) -> Outcome {
        let port = self.port.to_string();
        let mut command = computer.command(arguments);
        command.args(["--method", "tftp", "--tftp-port", &port]);
        command.env("TRUNKLINE_SYSTEM_PASSWORD", SYSTEM_PASSWORD);
        end(command.spawn().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Other packages have a server of that name too.
fn is_tftp_hpa(program: &Path) -> bool {
    let said = Command::new(program).arg("--version").output().unwrap();
    [said.stdout, said.stderr]
        .iter()
        .any(|text| String::from_utf8_lossy(text).contains("tftp-hpa"))
}

/// Whether the server answers before it ends.
fn answers(child: &mut Child, port: u16) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until && child.try_wait().unwrap().is_none() {
        let request = b"\0\x01nasystem/nothing\0octet\0";
        let _ = socket.send_to(request, ("127.0.0.1", port));
        if socket.recv_from(&mut [0; 100]).is_ok() {
            return true;
        }
    }
    false
}

/// Receives, sends and restarts.
fn whole_job(server: &Server, content: &[u8]) {
    let computer = Computer::new();
    server
        .run(&computer, &["receive", "127.0.0.1", "--out", "a.bin"])
        .exits(0);
    assert!(fs::read(computer.file("a.bin")).unwrap() == content);
    let mut new: Vec<u8> = content.iter().rev().copied().collect();
    if new.is_empty() {
        new.push(b'!');
    }
    fs::write(computer.file("a.bin"), &new).unwrap();
    server
        .run(&computer, &["send", "127.0.0.1", "a.bin", "--mode", "immediate"])
        .exits(0)
        .says("the unit restarts now");
    assert!(fs::read(server.file("rconfig")).unwrap() == new);
    assert_eq!(fs::read(server.file("reboot")).unwrap(), b"");
    let wrong = ["receive", "127.0.0.1", "--out", "b.bin"];
    fs::remove_file(server.file("rconfig")).unwrap();
    server.run(&computer, &wrong).exits(4);
    assert!(!computer.file("b.bin").exists());
}

#[test]
fn the_program_works_with_tftpd_hpa() {
    // A whole number of blocks ends with an empty one.
    for length in [100_000, 10 * 1428, 0] {
        let content = content(length);
        let Some(server) = Server::new("in.tftpd", &content, &[]) else {
            return;
        };
        whole_job(&server, &content);
    }
}

#[test]
fn the_program_works_with_tftpd_hpa_without_options() {
    let content = content(LARGE);
    let refused = ["--refuse", "blksize", "--refuse", "tsize"];
    let Some(server) = Server::new("in.tftpd", &content, &refused) else {
        return;
    };
    whole_job(&server, &content);
}

#[test]
fn the_program_works_with_atftpd() {
    for (length, more) in [
        (100_000, &[][..]),
        (LARGE, &[]),
        (5 * 512, &["--no-blksize", "--no-tsize", "--no-windowsize"]),
    ] {
        let content = content(length);
        let Some(server) = Server::new("atftpd", &content, more) else {
            return;
        };
        whole_job(&server, &content);
    }
}

/// A virtual unit that holds this, reached by others.
struct Unit {
    site: Site,
    computer: Computer,
}

impl Unit {
    fn new(more: &str) -> Self {
        let computer = Computer::new();
        let keys = format!("version = '2.1.36'\ntftp = {{ password = '{SYSTEM_PASSWORD}'{more} }}\n");
        Self {
            site: Site::one(&computer, &keys),
            computer,
        }
    }

    fn port(&self) -> String {
        self.site.units[0].port("tftp")
    }

    /// What the unit holds, as the program receives it.
    fn held(&self) -> Vec<u8> {
        let port = self.port();
        let arguments = [
            "receive",
            "127.0.0.1",
            "--out",
            "held",
            "--method",
            "tftp",
            "--tftp-port",
            &port,
        ];
        let mut command = self.computer.command(&arguments);
        command.env("TRUNKLINE_SYSTEM_PASSWORD", SYSTEM_PASSWORD);
        end(command.spawn().unwrap()).exits(0);
        fs::read(self.computer.file("held")).unwrap()
    }

    /// Reads with one program, writes with it, and finds what it wrote; `words` says how it is called.
    fn is_read_and_written_by(&self, name: &str, words: impl Fn(Way, &str) -> Vec<String>) {
        let Some(program) = installed(name) else { return };
        let run = |way: Way, file: &str| {
            let mut command = Command::new(&program);
            command.args(words(way, file)).current_dir(self.computer.folder());
            end(command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap())
        };
        let before = self.held();
        run(Way::Read, "got").exits(0);
        assert!(fs::read(self.computer.file("got")).unwrap() == before, "{name}");
        let new = content(300_000);
        fs::write(self.computer.file("new"), &new).unwrap();
        run(Way::Write, "new").exits(0);
        assert!(self.held() == new, "{name}");
    }
}

#[derive(Clone, Copy)]
enum Way {
    Read,
    Write,
}

impl Way {
    fn remote(self) -> String {
        let action = match self {
            Self::Read => "rconfig",
            Self::Write => "wconfig",
        };
        format!("nasystem/{action}/{SYSTEM_PASSWORD}")
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn curl_works_with_a_virtual_unit() {
    for more in ["", ", options = 'ignored'"] {
        let unit = Unit::new(more);
        unit.is_read_and_written_by("curl", |way, file| {
            let url = format!("tftp://127.0.0.1:{}/{}", unit.port(), way.remote());
            let option = match way {
                Way::Read => "--output",
                Way::Write => "--upload-file",
            };
            let size = ["--tftp-blksize", "1428"];
            words(
                &[
                    &["--silent", "--show-error", "--max-time", "60", option, file],
                    &size[..],
                    &[&url],
                ]
                .concat(),
            )
        });
    }
}

#[test]
fn tftp_hpa_works_with_a_virtual_unit() {
    let unit = Unit::new("");
    unit.is_read_and_written_by("tftp", |way, file| {
        let (port, remote) = (unit.port(), way.remote());
        let (action, one, other) = match way {
            Way::Read => ("get", remote.as_str(), file),
            Way::Write => ("put", file, remote.as_str()),
        };
        words(&["127.0.0.1", &port, "-m", "binary", "-c", action, one, other])
    });
}

#[test]
fn atftp_works_with_a_virtual_unit() {
    for options in [&[][..], &["--option", "blksize 1428", "--option", "windowsize 8"]] {
        let unit = Unit::new("");
        unit.is_read_and_written_by("atftp", |way, file| {
            let (port, remote) = (unit.port(), way.remote());
            let action = match way {
                Way::Read => "--get",
                Way::Write => "--put",
            };
            let rest = [
                action,
                "--remote-file",
                &remote,
                "--local-file",
                file,
                "127.0.0.1",
                &port,
            ];
            words(&[options, &rest].concat())
        });
    }
}
