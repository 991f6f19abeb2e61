//! Networks of a test's own: network namespaces joined by virtual cables, which go when the test ends, however it ends.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Network namespaces, each with loopback up and nothing else at first.
#[derive(Debug)]
pub struct Networks {
    prefix: String,
    names: Vec<String>,
}

impl Networks {
    /// Makes them; `None`, with the reason on standard error, where that is not possible here.
    pub fn new(names: &[&str]) -> Option<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut networks = Self {
            prefix: format!("trunkline-{}-{number}-", std::process::id()),
            names: Vec::new(),
        };
        if !rustix::process::geteuid().is_root() {
            return skip("only root can make network namespaces");
        }
        for name in names {
            if let Err(why) = ip(&["netns", "add", &networks.name(name)]) {
                return skip(&why);
            }
            networks.names.push((*name).to_owned());
            networks.ip(name, "link set lo up");
        }
        Some(networks)
    }

    /// Joins two namespaces by a cable; an end is a namespace, the name of its interface, and its address.
    pub fn cable(&self, one: (&str, &str, &str), other: (&str, &str, &str)) {
        let far = self.name(other.0);
        let peer = format!("link add {} type veth peer name {} netns {far}", one.1, other.1);
        self.ip(one.0, &peer);
        for (namespace, interface, address) in [one, other] {
            self.ip(namespace, &format!("address add {address} dev {interface}"));
            self.ip(namespace, &format!("link set {interface} up"));
        }
    }

    /// Joins several namespaces by a switch, which is a namespace too; the ends as for [`Self::cable`]. `false` where
    /// this machine has no switches.
    pub fn lan(&self, switch: &str, ends: &[(&str, &str, &str)]) -> bool {
        let bridge = "link add name switch type bridge";
        if self.try_ip(switch, bridge).is_err() {
            return false;
        }
        self.ip(switch, "link set switch up");
        for (number, (namespace, interface, address)) in ends.iter().enumerate() {
            let (port, far) = (format!("port{number}"), self.name(namespace));
            let cable = format!("link add {port} type veth peer name {interface} netns {far}");
            self.ip(switch, &cable);
            self.ip(switch, &format!("link set {port} master switch up"));
            self.ip(namespace, &format!("address add {address} dev {interface}"));
            self.ip(namespace, &format!("link set {interface} up"));
            // A port that has just come up does not pass anything on yet.
            self.wait(switch, &port, "state forwarding");
            self.wait(namespace, interface, "state UP");
        }
        true
    }

    /// Waits until `ip` says this of an interface.
    fn wait(&self, namespace: &str, interface: &str, state: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self
            .try_ip(namespace, &format!("-d link show dev {interface}"))
            .unwrap()
            .contains(state)
        {
            assert!(Instant::now() < deadline, "{interface} never comes to `{state}`");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Gives a namespace these rules of nftables in place of those that it had; `None`, with the reason on standard
    /// error, where there is no `nft`.
    pub fn firewall(&self, namespace: &str, rules: &str) -> Option<()> {
        let rules = format!("flush ruleset\n{rules}\n");
        let nft = self.within(namespace, || {
            Command::new("nft")
                .args(["-f", "-"])
                .stdin(Stdio::piped())
                .spawn()
        });
        let Ok(mut nft) = nft else {
            return skip("nft can not be run; it comes with nftables");
        };
        nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
        assert!(nft.wait().unwrap().success(), "nft refuses {rules}");
        Some(())
    }

    /// `ip` with these words, in a namespace.
    pub fn ip(&self, namespace: &str, words: &str) {
        self.try_ip(namespace, words).unwrap();
    }

    fn try_ip(&self, namespace: &str, words: &str) -> Result<String, String> {
        let name = self.name(namespace);
        let all: Vec<&str> = ["-n", &name].into_iter().chain(words.split(' ')).collect();
        ip(&all)
    }

    /// Sets a kernel setting below /proc/sys/net; `false` where this machine does not allow it.
    pub fn set(&self, namespace: &str, setting: &str, value: &str) -> bool {
        let (path, value) = (format!("/proc/sys/net/{setting}"), value.to_owned());
        self.within(namespace, move || fs::write(path, value).is_ok())
    }

    /// Does something on a thread that is in a namespace: its sockets, threads and programs stay there.
    pub fn within<T: Send + 'static>(&self, namespace: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
        let file = File::open(format!("/run/netns/{}", self.name(namespace))).unwrap();
        let work = move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        };
        match thread::spawn(work).join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn name(&self, namespace: &str) -> String {
        format!("{}{namespace}", self.prefix)
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for name in &self.names {
            // The cables go with them. What can not be removed must not hide why the test failed.
            ip(&["netns", "delete", &self.name(name)]).ok();
        }
    }
}

/// Says on standard error itself why a test is not run: libtest hides what a passing test prints.
pub fn skip<T>(why: &str) -> Option<T> {
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let mut line = String::new();
    // Writing to a String can not fail, and nothing depends on standard error.
    let _ = writeln!(line, "skipped {name}: {why}");
    let _ = io::stderr().write_all(line.as_bytes());
    None
}

/// What `ip` prints.
fn ip(words: &[&str]) -> Result<String, String> {
    let done = Command::new("ip")
        .args(words)
        .output()
        .map_err(|error| format!("`ip` can not be run ({error}); it comes with iproute2"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(format!("`ip {}` says: {said}", words.join(" ")))
}
