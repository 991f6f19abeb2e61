//! The networks of the comparison: a computer and its units in two namespaces, and a LAN in two more.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::{env, fs};

use super::{Taken, measure};
use crate::command;

/// The computer that searches through a router.
pub(super) const OUTSIDE: &str = "outside";
/// The computer on the LAN.
pub(super) const LAN: &str = "lan";
/// How many units there are on the LAN.
pub(super) const LAN_UNITS: usize = 500;
/// The default of `discover --timeout`.
pub(super) const TIMEOUT_MS: u32 = 1250;

/// Seconds after which another program is stopped.
const PEER_LIMIT_S: u32 = 60;

/// Nobody, with nobody's group: an ordinary user.
const USER: &str = "65534";

/// The namespaces and the units in them; all of it goes with this value.
pub(super) struct Networks {
    prefix: String,
    folder: tempfile::TempDir,
    program: PathBuf,
    simulators: Vec<Child>,
}

impl Networks {
    pub(super) fn new(trunkline: &Path) -> Result<Self, String> {
        let said = |error: std::io::Error| format!("a temporary folder: {error}");
        // Not below the workspace, which an ordinary user need not be allowed to enter.
        let folder = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in(env::temp_dir())
            .map_err(said)?;
        let program = folder.path().join("trunkline");
        fs::copy(trunkline, &program).map_err(said)?;
        let data = folder.path().join("data");
        fs::create_dir(&data).map_err(said)?;
        let id = USER.parse().ok();
        std::os::unix::fs::chown(&data, id, id).map_err(said)?;
        let mut networks = Self {
            prefix: format!("tl-bench-{}-", std::process::id()),
            folder,
            program,
            simulators: Vec::new(),
        };
        for name in [OUTSIDE, "units", LAN, "lan-units"] {
            ip(&["netns", "add", &networks.name(name)])?;
            networks.ip(name, "link set lo up")?;
        }
        networks.behind_a_router()?;
        networks.on_one_lan()?;
        Ok(networks)
    }

    /// Units at 200 addresses of 10.50.0.0/16. Their namespace is the router to them too, so that no neighbour is asked for;
    /// what goes to any other address there is dropped without an answer.
    fn behind_a_router(&mut self) -> Result<(), String> {
        self.cable((OUTSIDE, "10.51.0.2/24"), ("units", "10.51.0.1/24"))?;
        self.ip(OUTSIDE, "route add default via 10.51.0.1")?;
        self.ip("units", "route add local 10.50.0.0/16 dev lo")?;
        let addresses = addresses();
        let rules = format!(
            "table ip bench {{\n set units {{\n type ipv4_addr\n elements = {{ {} }}\n }}\n chain arriving {{\n type filter hook prerouting \
             priority -300;\n ip daddr 10.50.0.0/16 ip daddr != @units drop\n }}\n}}\n",
            addresses.join(", ")
        );
        self.nft(&rules)?;
        self.simulate("units", &addresses.join(";"), None)
    }

    fn on_one_lan(&mut self) -> Result<(), String> {
        self.cable((LAN, "10.53.0.1/22"), ("lan-units", "10.53.0.2/22"))?;
        self.ip("lan-units", "route add local 10.53.1.0/24 dev lo")?;
        self.ip("lan-units", "route add local 10.53.2.0/24 dev lo")?;
        let half = LAN_UNITS / 2;
        let addresses = format!("10.53.1.1-{half};10.53.2.1-{half}");
        self.simulate("lan-units", &addresses, Some("0.0.0.0:69"))
    }

    fn simulate(&mut self, namespace: &str, addresses: &str, broadcasts: Option<&str>) -> Result<(), String> {
        let units: usize = addresses
            .split(';')
            .map(|entry| if entry.contains('-') { LAN_UNITS / 2 } else { 1 })
            .sum();
        let mut command = command::program("ip");
        command
            .args(["netns", "exec", &self.name(namespace)])
            .arg(&self.program);
        command.arg("--data-dir").arg(self.folder.path().join("units"));
        command.args(["simulate", "--units", &units.to_string(), "--size", "20000"]);
        command.args(["--addresses", addresses]);
        if let Some(broadcasts) = broadcasts {
            command.args(["--broadcasts", broadcasts]);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`ip` can not be run: {error}"))?;
        let output = child.stdout.take();
        self.simulators.push(child);
        let mut lines = output
            .into_iter()
            .flat_map(|output| BufReader::new(output).lines());
        if lines.any(|line| line.is_ok_and(|line| line == "ready")) {
            Ok(())
        } else {
            Err("the units ended before they were ready".into())
        }
    }

    /// `trunkline discover` as an ordinary user, with the soft limit of descriptors that most systems give.
    pub(super) fn trunkline(&self, namespace: &str, arguments: &[&str]) -> Result<Taken, String> {
        let namespace = self.name(namespace);
        let (program, folder) = (self.program.to_string_lossy(), self.folder.path().join("data"));
        let folder = folder.to_string_lossy();
        let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
        let as_user = [
            "ip",
            "netns",
            "exec",
            &namespace,
            "setpriv",
            &user,
            &group,
            "--clear-groups",
            "sh",
            "-c",
            "ulimit -S -n 1024; exec \"$0\" \"$@\"",
            &program,
            "--data-dir",
            &folder,
            "--json",
            "--quiet",
            "discover",
        ];
        let (seconds, mebibytes, said) = measure(self.folder.path(), &[&as_user, arguments].concat())?;
        let report: serde_json::Value = serde_json::from_str(&said)
            .map_err(|error| format!("trunkline discover {}: {error}: {said}", arguments.join(" ")))?;
        let units = report["units"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_identified =
            |unit: &&serde_json::Value| unit["name"].is_string() && unit["version"].is_string();
        Ok(Taken {
            seconds,
            mebibytes,
            found: units.iter().filter(is_identified).count(),
            unidentified: report["unidentified"].as_array().map_or(0, Vec::len),
        })
    }

    /// Another program, as root, in the place from which trunkline searches; each line with `mark` is something found. One
    /// that stands still, as masscan now and then does, is stopped.
    pub(super) fn peer(&self, words: &str, mark: &str) -> Result<Taken, String> {
        let namespace = self.name(OUTSIDE);
        let limit = PEER_LIMIT_S.to_string();
        let words: Vec<&str> = [
            "ip",
            "netns",
            "exec",
            &namespace,
            "timeout",
            "--signal=KILL",
            &limit,
        ]
        .into_iter()
        .chain(words.split(' '))
        .collect();
        let (seconds, mebibytes, said) = measure(self.folder.path(), &words)?;
        Ok(Taken {
            seconds,
            mebibytes,
            found: said.lines().filter(|line| line.contains(mark)).count(),
            unidentified: 0,
        })
    }

    fn cable(&self, one: (&str, &str), other: (&str, &str)) -> Result<(), String> {
        let peer = self.name(other.0);
        self.ip(
            one.0,
            &format!("link add eth0 type veth peer name eth0 netns {peer}"),
        )?;
        for (namespace, address) in [one, other] {
            self.ip(namespace, &format!("address add {address} brd + dev eth0"))?;
            self.ip(namespace, "link set eth0 up")?;
        }
        Ok(())
    }

    fn ip(&self, namespace: &str, words: &str) -> Result<(), String> {
        let name = self.name(namespace);
        let all: Vec<&str> = ["-n", &name].into_iter().chain(words.split(' ')).collect();
        ip(&all)
    }

    /// Rules for what reaches the units behind the router.
    fn nft(&self, rules: &str) -> Result<(), String> {
        let file = self.folder.path().join("rules");
        fs::write(&file, rules).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut command = command::program("ip");
        command
            .args(["netns", "exec", &self.name("units"), "nft", "-f"])
            .arg(file);
        command::show(&mut command)
    }

    fn name(&self, namespace: &str) -> String {
        format!("{}{namespace}", self.prefix)
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for simulator in &mut self.simulators {
            simulator.kill().ok();
            simulator.wait().ok();
        }
        for name in [OUTSIDE, "units", LAN, "lan-units"] {
            ip(&["netns", "delete", &self.name(name)]).ok();
        }
    }
}

/// A line that loses packets, as long as this value lives.
pub(super) struct Loss<'a>(&'a Networks);

impl<'a> Loss<'a> {
    pub(super) fn begin(networks: &'a Networks) -> Result<Self, String> {
        networks.nft(
            "table ip loss {\n chain arriving {\n type filter hook prerouting priority -310;\n ip daddr 10.50.0.0/16 numgen random mod 100 < 5 \
             drop\n }\n chain leaving {\n type filter hook output priority -310;\n ip saddr 10.50.0.0/16 numgen random mod 100 < 5 drop\n }\n}\n",
        )?;
        Ok(Self(networks))
    }
}

impl Drop for Loss<'_> {
    fn drop(&mut self) {
        self.0.nft("delete table ip loss\n").ok();
    }
}

/// Where the units are, the same in every run: 5 in 10.50.7.0/24, 50 in 10.50.4.0/22, 60 in 10.50.0.0/20, 200 in all.
fn addresses() -> Vec<String> {
    let mut random = 7_u32;
    let mut addresses = BTreeSet::new();
    for (first, size, count) in [
        (0x0A32_0700, 256, 5),
        (0x0A32_0400, 768, 50),
        (0x0A32_0800, 2_048, 60),
        (0x0A32_1000, 61_440, 200),
    ] {
        while addresses.len() < count {
            // Numerical Recipes' generator; its low bits are of no use.
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let address = first + (random >> 8) % size;
            if !matches!(address & 0xFF, 0 | 255) {
                addresses.insert(Ipv4Addr::from(address));
            }
        }
    }
    addresses.iter().map(ToString::to_string).collect()
}

fn ip(words: &[&str]) -> Result<(), String> {
    let output = command::program("ip")
        .args(words)
        .output()
        .map_err(|error| format!("`ip` can not be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("`ip {}` says: {said}; this needs root", words.join(" ")))
}
