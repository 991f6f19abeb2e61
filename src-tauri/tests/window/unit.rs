//! One virtual unit on loopback.

use std::time::Duration;

use serde_json::{Value, json};
use trunkline_simulator::{Clock, Listen, Options, Simulator, Site, Unit};

/// The password of every service user but [`NEWCOMER`].
pub(crate) const PASSWORD: &str = "Grüße-42-geheim";
/// The first and the new password of the one who must change it.
pub(crate) const NEWCOMER: (&str, &str) = ("Erstes-Mal-7", "Zweites-Mal-8");

const USERS: &str = "
[[user]]
name = 'Administrator'
password = 'Grüße-42-geheim'
rights = ['all']
expires_in_days = 9
[[user]]
name = 'Former'
password = 'Grüße-42-geheim'
rights = ['all']
enabled = false
[[user]]
name = 'Newcomer'
password = 'Erstes-Mal-7'
rights = ['read_configuration', 'merge']
must_change_password = true
";

/// A unit with these keys besides; it runs as long as the first value lives.
pub(crate) async fn unit(keys: &str) -> (Simulator, Unit) {
    unit_that_starts_for(Duration::from_millis(100), keys).await
}

/// The same, and it takes so long to start again after a restart.
pub(crate) async fn unit_that_starts_for(starting: Duration, keys: &str) -> (Simulator, Unit) {
    let options = Options {
        listen: Listen::OneAddress([127, 0, 0, 1].into()),
        restart: Some(Duration::from_millis(300)),
        starting: Some(starting),
        clock: Clock::stopped(),
        ..Options::default()
    };
    let text =
        format!("{USERS}\n[[unit]]\nname = 'Zürich, Filiale 2'\nsize = 200000\nrevision = 418\n{keys}\n");
    let simulator = Simulator::start(Site::from_toml(&text).unwrap(), options)
        .await
        .unwrap();
    let unit = simulator.units()[0].clone();
    (simulator, unit)
}

/// The unit as a target that is not saved.
pub(crate) fn target(unit: &Unit) -> Value {
    json!({"siteId": "", "address": unit.address().to_string(), "basePort": unit.ports().base.unwrap()})
}

/// A search at this address; everywhere for an empty one.
pub(crate) fn at(address: &str) -> Value {
    json!({"address": address, "identifyHttp": false, "snmpCommunity": "", "linkLocal": false})
}

/// The unit's certificate as the window shows it.
pub(crate) fn fingerprint(unit: &Unit) -> String {
    let pairs: Vec<String> = unit
        .fingerprint()
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}
