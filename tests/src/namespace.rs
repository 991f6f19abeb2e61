//! Networks of a test's own: network namespaces joined by virtual cables, which go when the test ends, however it ends.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

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

    /// `ip` with these words, in a namespace.
    pub fn ip(&self, namespace: &str, words: &str) {
        let name = self.name(namespace);
        let all: Vec<&str> = ["-n", &name].into_iter().chain(words.split(' ')).collect();
        ip(&all).unwrap();
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

fn ip(words: &[&str]) -> Result<(), String> {
    let done = Command::new("ip")
        .args(words)
        .output()
        .map_err(|error| format!("`ip` can not be run ({error}); it comes with iproute2"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(format!("`ip {}` says: {said}", words.join(" ")))
}
