//! Virtual units on loopback, with service users for every kind of refusal.

use std::time::Duration;

use trunkline_simulator::{Clock, Listen, Options, Simulator, Site, Unit};

/// The password of every service user but [`NEWCOMER`].
pub const PASSWORD: &str = "Grüße-42-geheim";
/// May do everything.
pub const ADMINISTRATOR: (&str, &str) = ("Administrator", PASSWORD);
/// May receive the configuration and nothing else.
pub const READER: (&str, &str) = ("Leser", PASSWORD);
/// Is disabled.
pub const FORMER: (&str, &str) = ("Former", PASSWORD);
/// Must change the password first.
pub const NEWCOMER: (&str, &str) = ("Newcomer", "Erstes-Mal-7");

/// Keys for a unit that knows [`ADMINISTRATOR`] alone and so starts faster; they come last.
pub const ALONE: &str = "
[[unit.user]]
name = 'Administrator'
password = 'Grüße-42-geheim'
rights = ['all']
";

const USERS: &str = "
[[user]]
name = 'Administrator'
password = 'Grüße-42-geheim'
rights = ['all']
[[user]]
name = 'Leser'
password = 'Grüße-42-geheim'
rights = ['read_configuration']
[[user]]
name = 'Former'
password = 'Grüße-42-geheim'
rights = ['all']
enabled = false
[[user]]
name = 'Newcomer'
password = 'Erstes-Mal-7'
rights = ['read_configuration', 'read_security']
must_change_password = true
";

/// One unit with 200,000 bytes at revision r418 and these keys besides; it runs as long as the first value lives.
pub async fn unit(keys: &str) -> (Simulator, Unit) {
    let options = Options {
        listen: Listen::OneAddress([127, 0, 0, 1].into()),
        restart: Some(Duration::from_millis(300)),
        starting: Some(Duration::from_millis(200)),
        clock: Clock::stopped(),
        ..Options::default()
    };
    let simulator = Simulator::start(site("Filiale", keys), options).await.unwrap();
    let unit = simulator.units()[0].clone();
    (simulator, unit)
}

/// A site of one unit.
pub fn site(name: &str, keys: &str) -> Site {
    let text = format!("{USERS}\n[[unit]]\nname = '{name}'\nsize = 200000\nrevision = 418\n{keys}\n");
    Site::from_toml(&text).unwrap()
}

/// `address:port`, as a TARGET.
pub fn target(unit: &Unit) -> String {
    format!("{}:{}", unit.address(), unit.ports().base.unwrap())
}
