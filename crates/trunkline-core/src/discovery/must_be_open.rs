//! What must be open on the way to a unit, in words: what to check where nothing answers.

use std::fmt;

use serde::{Deserialize, Serialize};
use trunkline_protocol::ports::{self, ServicesBasePort};

/// What must be open on the way to one unit (protocol.md 1). Displayed, it is the advice for a person in two sentences;
/// its fields are for those who put it into words of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MustBeOpen {
    /// The TCP port of discovery.
    pub discovery: u16,
    /// The TCP port of the configuration service: the Services Base TCP Port.
    pub configuration: u16,
    /// The TCP port of the configuration service over TLS.
    pub configuration_tls: u16,
}

/// What routers and firewalls must let through to a unit that answers discovery at `discovery_port` and has this
/// Services Base TCP Port; `None` for the ports that units have by themselves, 50802 and 50804.
pub fn must_be_open(discovery_port: Option<u16>, base_port: Option<u16>) -> MustBeOpen {
    let base = base_port
        .and_then(|port| ServicesBasePort::new(port).ok())
        .unwrap_or_default();
    MustBeOpen {
        discovery: discovery_port.unwrap_or(ports::DISCOVERY),
        configuration: base.configuration(),
        configuration_tls: base.configuration_tls(),
    }
}

impl fmt::Display for MustBeOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Check the address, and that there is a route to it and back. Routers and firewalls between must let \
             through ping (ICMP), TCP {} for discovery, and TCP {} and {} for configuration.",
            self.discovery, self.configuration, self.configuration_tls
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_are_the_unit_s_own() {
        assert_eq!(
            must_be_open(None, None).to_string(),
            "Check the address, and that there is a route to it and back. Routers and firewalls between must let \
             through ping (ICMP), TCP 50802 for discovery, and TCP 50804 and 50805 for configuration."
        );
        let open = must_be_open(Some(40802), Some(51000));
        assert_eq!(
            (open.discovery, open.configuration, open.configuration_tls),
            (40802, 51000, 51001)
        );
        // A base port that none can be says nothing.
        assert_eq!(must_be_open(None, Some(65535)), must_be_open(None, None));
    }
}
