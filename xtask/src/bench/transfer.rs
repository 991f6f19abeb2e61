//! Receiving beside socat, curl and openssl, over plain TCP and over TLS. The method stands in benches/transfer/README.md.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use super::{machine, median, record, release};
use crate::command;
use crate::demo::site::Site;

/// The object, in bytes.
const SIZE: u64 = 256 << 20;
/// Rounds in which every program runs once; one more before them fills the caches and is not counted.
const RUNS: usize = 5;
/// A server that does not listen by then will not.
const PATIENCE: Duration = Duration::from_secs(30);
const PASSWORD: &str = "bench";
const UNIT: &str = "Bench";

/// Measures everything, and records it.
pub(super) fn run() -> Result<(), String> {
    let trunkline = release(&["trunkline"])?.join("trunkline");
    // On tmpfs, so that no disk is measured.
    let folder = tempfile::Builder::new()
        .prefix("trunkline-transfer-")
        .tempdir_in("/dev/shm")
        .map_err(|error| format!("/dev/shm: {error}"))?;
    let bench = Bench::start(&trunkline, folder.path())?;
    let text = format!(
        "`cargo xtask bench transfer`, [method](transfer/README.md). {} MB; {RUNS} rounds, every program once in each, medians; release \
         profile; files on tmpfs.\n{}. {}.\n{}{}",
        SIZE >> 20,
        machine(),
        versions(),
        bench.table(
            "Plain TCP",
            ("Trunkline, `--tls off`", "off"),
            &[("socat into tee and sha256sum", Bench::socat)],
        )?,
        bench.table(
            "TLS",
            ("Trunkline, `--tls none`", "none"),
            &[
                ("curl https into tee and sha256sum", Bench::curl),
                ("openssl s_client into tee and sha256sum", Bench::s_client),
            ],
        )?,
    );
    record("Receiving", &text)
}

fn versions() -> String {
    let first = |program: &str, argument: &str, line: usize| {
        let said = command::output(command::program(program).arg(argument)).unwrap_or_default();
        said.lines().nth(line).unwrap_or_default().trim().to_owned()
    };
    let word = |text: &str, words: usize| text.split_whitespace().take(words).collect::<Vec<_>>().join(" ");
    format!(
        "{}, {}, {}, {}",
        word(&first("socat", "-V", 1), 3),
        word(&first("curl", "--version", 0), 2),
        word(&first("openssl", "version", 0), 2),
        first("sha256sum", "--version", 0)
    )
}

/// How long one peer takes.
type Peer = (&'static str, fn(&Bench) -> Result<f64, String>);

/// A virtual unit, and the same bytes from the peers' servers.
struct Bench {
    trunkline: PathBuf,
    folder: PathBuf,
    site: Site,
    sha256: String,
    plain: Server,
    tls: Server,
}

impl Bench {
    fn start(trunkline: &Path, folder: &Path) -> Result<Self, String> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
        };
        write(
            "site.toml",
            &format!(
                "[[user]]\nname = 'Administrator'\npassword = '{PASSWORD}'\nrights = ['all']\n\
                 [[unit]]\nname = '{UNIT}'\nsize = {SIZE}\niterations = 50000\n"
            ),
        )?;
        let site = Site::start(trunkline, &folder.join("site.toml"))?;
        let mut bench = Self {
            trunkline: trunkline.to_owned(),
            folder: folder.to_owned(),
            site,
            sha256: String::new(),
            plain: Server::none(),
            tls: Server::none(),
        };
        // The unit's own bytes are what the peers' servers give out.
        bench.receive("off")?;
        fs::rename(bench.out(), folder.join("object")).map_err(|error| error.to_string())?;
        let hash = command::output(command::program("sha256sum").arg(folder.join("object")))?;
        bench.sha256 = first_word(&hash);
        let key = [
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ];
        command::output(
            command::program("openssl")
                .args(key)
                .args([
                    "-subj",
                    "/CN=bench",
                    "-days",
                    "2",
                    "-keyout",
                    "key.pem",
                    "-out",
                    "certificate.pem",
                ])
                .current_dir(folder),
        )?;
        bench.plain = Server::start(|port| {
            let mut socat = command::program("socat");
            // From right to left, so that each connection opens the file anew.
            socat
                .args(["-U", "-b", "131072"])
                .arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork,nodelay"))
                .arg("FILE:object,rdonly");
            socat.current_dir(folder);
            socat
        })?;
        bench.tls = Server::start(|port| {
            let mut openssl = command::program("openssl");
            let files = ["-cert", "certificate.pem", "-key", "key.pem"];
            openssl
                .args(["s_server", "-quiet", "-WWW", "-accept"])
                .arg(format!("127.0.0.1:{port}"))
                .args(files)
                .current_dir(folder)
                .stdout(Stdio::null());
            openssl
        })?;
        Ok(bench)
    }

    /// Trunkline and its peers in turn, as a table of medians.
    fn table(&self, heading: &str, ours: (&str, &str), peers: &[Peer]) -> Result<String, String> {
        let mut seconds = vec![Vec::new(); peers.len() + 1];
        for round in 0..=RUNS {
            let mut took = vec![self.receive(ours.1)?];
            self.verify(&self.out())?;
            for (_, peer) in peers {
                took.push(peer(self)?);
            }
            println!("{heading}, round {round}: {took:.2?} s");
            if round > 0 {
                seconds.iter_mut().zip(took).for_each(|(all, one)| all.push(one));
            }
        }
        let names = std::iter::once(ours.0).chain(peers.iter().map(|(name, _)| *name));
        let middle: Vec<f64> = seconds.iter().map(|all| median(all)).collect();
        let mut text = format!(
            "\n| {heading} | seconds | Trunkline's throughput to it | goal |\n| --- | ---: | ---: | ---: |\n"
        );
        for (at, name) in names.enumerate() {
            let ratio = middle[at] / middle[0];
            let goal = if at == 0 { "" } else { "0.9" };
            writeln!(text, "| {name} | {:.2} | {ratio:.2} | {goal} |", middle[at])
                .map_err(|error| error.to_string())?;
        }
        Ok(text)
    }

    fn out(&self) -> PathBuf {
        self.folder.join("received")
    }

    /// As a person does it, from the start of the program to its end: log-in, archive, file, hash.
    fn receive(&self, tls: &str) -> Result<f64, String> {
        // Every run finds an archive that does not have it yet.
        fs::remove_dir_all(self.folder.join("data")).ok();
        let unit = self.site.unit(UNIT)?.target();
        let mut command = command::program(&self.trunkline);
        command
            .args(["--quiet", "receive", &unit, "--user", "Administrator", "--out"])
            .arg(self.out())
            .args(["--method", "service", "--tls", tls]);
        command
            .env("TRUNKLINE_DATA_DIR", self.folder.join("data"))
            .env("TRUNKLINE_PASSWORD", PASSWORD)
            .stdout(Stdio::null());
        timed(&mut command)
    }

    fn socat(&self) -> Result<f64, String> {
        self.through_tee(&format!("socat -u -b 131072 TCP:127.0.0.1:{} -", self.plain.port))
    }

    fn curl(&self) -> Result<f64, String> {
        self.through_tee(&format!("curl -s -k https://127.0.0.1:{}/object", self.tls.port))
    }

    /// Its output begins with the head of the answer, which is taken off before the bytes are counted and kept.
    fn s_client(&self) -> Result<f64, String> {
        self.through_tee(&format!(
            "printf 'GET /object HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet -connect 127.0.0.1:{} 2>/dev/null \
             | {{ sed -u '/^\\r$/q' > /dev/null; cat; }}",
            self.tls.port
        ))
    }

    fn through_tee(&self, client: &str) -> Result<f64, String> {
        let (copy, sum) = (self.folder.join("copy"), self.folder.join("sum"));
        let line = format!(
            "{client} | tee '{}' | sha256sum > '{}'",
            copy.display(),
            sum.display()
        );
        let seconds = timed(command::program("sh").args(["-c", &line]))?;
        let found = fs::read_to_string(&sum).map_err(|error| error.to_string())?;
        if first_word(&found) == self.sha256 {
            Ok(seconds)
        } else {
            Err(format!("{client}: other bytes came than were sent"))
        }
    }

    fn verify(&self, file: &Path) -> Result<(), String> {
        let hash = command::output(command::program("sha256sum").arg(file))?;
        if first_word(&hash) == self.sha256 {
            Ok(())
        } else {
            Err(format!("{}: these are other bytes", file.display()))
        }
    }
}

fn timed(command: &mut Command) -> Result<f64, String> {
    let start = Instant::now();
    command::show(command)?;
    Ok(start.elapsed().as_secs_f64())
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// A peer's server. It ends with this value.
struct Server {
    child: Option<Child>,
    port: u16,
}

impl Server {
    fn none() -> Self {
        Self { child: None, port: 0 }
    }

    /// Starts it at a port that is free, and waits until it listens there.
    fn start(command: impl FnOnce(u16) -> Command) -> Result<Self, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.map_err(|error| format!("a socket: {error}"))?.port();
        let mut command = command(port);
        let child = command.stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{}: {error}", command::line(&command)))?;
        let server = Self {
            child: Some(child),
            port,
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > PATIENCE {
                return Err(format!("{} does not listen", command::line(&command)));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
