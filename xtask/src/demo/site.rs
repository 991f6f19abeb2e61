//! The demo site: `trunkline simulate`, from its start to the end of this value's life.

use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::command;

/// A virtual unit, as the simulator announced it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct VirtualUnit {
    name: String,
    address: IpAddr,
    discovery: u16,
    base: u16,
}

impl VirtualUnit {
    /// The unit as a command names it.
    pub(crate) fn target(&self) -> String {
        at(self.address, self.base)
    }
}

/// The running site. It ends with this value.
pub(crate) struct Site {
    child: Child,
    units: Vec<VirtualUnit>,
}

impl Site {
    /// Starts the site of a TOML file (from the workspace's root) on this machine, shows what the simulator prints, and waits until it is ready.
    pub(crate) fn start(program: &Path, file: &Path) -> Result<Self, String> {
        let mut command = command::program(program);
        command
            .arg("simulate")
            .arg(file)
            .args(["--listen", "127.0.0.1"])
            .current_dir(command::root())
            .stdout(Stdio::piped());
        println!("$ {}", command::line(&command));
        let child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let mut site = Self {
            child,
            units: Vec::new(),
        };
        let output = site.child.stdout.take().ok_or("the simulator has no output")?;
        let mut lines = BufReader::new(output).lines();
        loop {
            let line = lines.next().ok_or("the simulator ended before it was ready")?;
            let line = line.map_err(|error| format!("the simulator's output: {error}"))?;
            println!("{line}");
            if line.trim() == "ready" {
                break;
            }
            site.units.extend(announced(&line));
        }
        // Read on, so that the simulator never waits for somebody to read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(site)
    }

    /// The unit with this name.
    pub(crate) fn unit(&self, name: &str) -> Result<&VirtualUnit, String> {
        let unit = self.units.iter().find(|unit| unit.name == name);
        unit.ok_or_else(|| format!("the simulator announced no unit `{name}`"))
    }

    /// The search criteria that name every unit of the site.
    pub(crate) fn search_criteria(&self) -> String {
        let entries: Vec<String> = self
            .units
            .iter()
            .map(|unit| at(unit.address, unit.discovery))
            .collect();
        entries.join(";")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn at(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// A line such as `unit 127.0.0.1 discovery 41001 base 41002 … name "Head Office"`. A unit before 3.2 has neither
/// discovery nor a base port, and is no part of the demonstration.
fn announced(line: &str) -> Option<VirtualUnit> {
    let (ports, name) = line.strip_prefix("unit ")?.split_once(" name \"")?;
    let words: Vec<&str> = ports.split_whitespace().collect();
    let port = |name: &str| {
        let position = words.iter().position(|word| *word == name)?;
        words.get(position + 1)?.parse().ok()
    };
    Some(VirtualUnit {
        name: name.strip_suffix('"')?.to_owned(),
        address: words.first()?.parse().ok()?,
        discovery: port("discovery")?,
        base: port("base")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: Option<(&str, &str, u16)>) {
        let unit = announced(line);
        let unit = unit
            .as_ref()
            .map(|unit| (unit.name.as_str(), unit.target(), unit.discovery));
        assert_eq!(
            unit,
            expect.map(|(name, target, port)| (name, target.to_owned(), port))
        );
    }

    #[test]
    fn units_are_read_off_the_simulators_lines() {
        check(
            r#"unit 127.0.0.1 discovery 41001 base 41002 tls 41003 name "Zürich, Filiale 2""#,
            Some(("Zürich, Filiale 2", "127.0.0.1:41002", 41001)),
        );
        check(
            r#"unit ::1 discovery 1 base 2 name "Six""#,
            Some(("Six", "[::1]:2", 1)),
        );
        check(r#"unit 127.0.0.1 tftp 41069 name "Old Mill""#, None);
        check("criteria 127.0.0.1:41001", None);
        check("ready", None);
    }
}
