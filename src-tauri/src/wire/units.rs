//! Units as they are found.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::discovery::{Means, Ping, State, Unidentified as Heard, Unit};
use trunkline_core::workbench::{self, Found, STANDARD_DISCOVERY_PORT, SearchSummary};

use super::{Amount, count, milliseconds};

/// Whether a unit can be worked with.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum UnitState {
    /// It runs; so does one that answers and does not say.
    Running,
    /// Not running from its primary folder.
    ReadOnly,
    /// Starting up.
    Starting,
}

/// How a unit was found.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FoundBy {
    /// It answered `who_is`.
    Udp,
    /// It answered Whois.
    Tcp,
    /// Its Management API answered; not searched yet.
    Api,
}

/// Which services the unit said it offers; what it did not say counts as no.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a service of its own")]
pub struct UnitServices {
    /// Where it answers TCP discovery.
    discovery_port: u16,
    /// 0 where it is not known.
    base_port: u16,
    configuration: bool,
    configuration_tls: bool,
    security: bool,
    security_tls: bool,
    tftp: bool,
    management_api: bool,
    devlink3: bool,
}

/// One unit that answered.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FoundUnit {
    name: String,
    address: String,
    mac: String,
    #[serde(rename = "type")]
    unit_type: String,
    version: String,
    edition: String,
    state: UnitState,
    services: UnitServices,
    found_by: Vec<FoundBy>,
    round_trip_ms: Amount,
    ping_blocked: bool,
    supported: bool,
    warning: String,
}

impl From<Unit> for FoundUnit {
    fn from(unit: Unit) -> Self {
        let services = &unit.services;
        let offers = |service: Option<bool>| service.unwrap_or_default();
        Self {
            name: unit.name.unwrap_or_default(),
            address: unit.address.to_string(),
            mac: unit.mac.unwrap_or_default(),
            unit_type: unit.unit_type.unwrap_or_default(),
            version: unit.version.unwrap_or_default(),
            edition: unit.edition.unwrap_or_default(),
            state: match unit.state {
                Some(State::Running) | None => UnitState::Running,
                Some(State::ReadOnly) => UnitState::ReadOnly,
                Some(State::Starting) => UnitState::Starting,
            },
            services: UnitServices {
                discovery_port: unit.discovery_port.unwrap_or(STANDARD_DISCOVERY_PORT),
                base_port: services.base_port.unwrap_or_default(),
                configuration: offers(services.configuration),
                configuration_tls: offers(services.configuration_tls),
                security: offers(services.security),
                security_tls: offers(services.security_tls),
                tftp: offers(services.tftp),
                management_api: offers(services.management_api),
                devlink3: offers(services.devlink3),
            },
            found_by: unit
                .found_by
                .iter()
                .filter_map(|means| match means {
                    Means::Udp => Some(FoundBy::Udp),
                    Means::Tcp => Some(FoundBy::Tcp),
                    Means::Saved => None,
                })
                .collect(),
            round_trip_ms: unit.round_trip_ms.into(),
            ping_blocked: unit.ping == Some(Ping::Blocked),
            supported: unit.supported,
            warning: unit.warnings.join("; "),
        }
    }
}

/// Something listens there and did not say who it is.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Unidentified {
    address: String,
    /// 0 where only a ping was answered.
    port: u16,
    reason: String,
}

impl From<Heard> for Unidentified {
    fn from(heard: Heard) -> Self {
        Self {
            address: heard.address.to_string(),
            port: heard.port.unwrap_or_default(),
            reason: heard.reason,
        }
    }
}

/// A bad entry of the IP Search Criteria.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CriteriaProblem {
    entry: String,
    position: u32,
    byte_offset: u32,
    reason: String,
}

impl From<workbench::CriteriaProblem> for CriteriaProblem {
    fn from(problem: workbench::CriteriaProblem) -> Self {
        let workbench::CriteriaProblem {
            entry,
            number,
            byte_offset,
            reason,
        } = problem;
        Self {
            entry,
            position: count(number),
            byte_offset: count(byte_offset),
            reason,
        }
    }
}

/// What the IP Search Criteria stand for.
#[derive(Debug, Clone, Serialize, Type)]
pub struct CriteriaCheck {
    addresses: u32,
    problems: Vec<CriteriaProblem>,
}

impl From<workbench::CriteriaCheck> for CriteriaCheck {
    fn from(check: workbench::CriteriaCheck) -> Self {
        Self {
            addresses: check.addresses,
            problems: check.problems.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is searched for.
#[derive(Debug, Clone, Deserialize, Type)]
pub struct DiscoveryOptions {
    /// The Unit/Broadcast Address; empty for everything.
    pub(crate) address: String,
}

/// What a search has to say while it runs.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DiscoveryEvent {
    /// How far it is.
    Progress {
        /// Addresses asked.
        asked: u32,
        /// Addresses in all.
        total: u32,
        /// Addresses that answered.
        found: u32,
        /// Milliseconds until it is over, at the most, as far as is known.
        remaining_ms: Amount,
    },
    /// A unit answered, or more is known of it.
    Unit {
        /// Which row of the list it is; it stays the same for the whole search.
        row: u32,
        /// All that is known of it.
        unit: FoundUnit,
    },
    /// What looked like two units is one: this row goes.
    Merged {
        /// The row that goes.
        row: u32,
        /// The row that stays.
        into: u32,
    },
    /// Something else answered.
    Unidentified {
        /// What.
        unidentified: Unidentified,
    },
    /// An entry can not be searched.
    Problem {
        /// Which, and why.
        problem: CriteriaProblem,
    },
}

impl DiscoveryEvent {
    /// What the window is told; notices and who did not answer go to the log.
    pub(crate) fn of(found: Found) -> Option<Self> {
        Some(match found {
            Found::Progress {
                asked,
                total,
                found,
                remaining,
            } => Self::Progress {
                asked: count(asked),
                total: count(total),
                found: count(found),
                remaining_ms: milliseconds(remaining).into(),
            },
            Found::Unit { row, unit } => Self::Unit {
                row: count(row),
                unit: (*unit).into(),
            },
            Found::Merged { row, into } => Self::Merged {
                row: count(row),
                into: count(into),
            },
            Found::Unidentified(heard) => Self::Unidentified {
                unidentified: heard.into(),
            },
            Found::Problem(problem) => Self::Problem {
                problem: problem.into(),
            },
            Found::Notice(notice) => {
                tracing::info!("{notice}");
                return None;
            }
            Found::NoAnswer(none) => {
                tracing::info!(address = %none.address, site = ?none.site, "no answer");
                return None;
            }
        })
    }
}

/// How a search went.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiscoverySummary {
    asked: u32,
    found: u32,
    elapsed_ms: Amount,
}

impl From<SearchSummary> for DiscoverySummary {
    fn from(summary: SearchSummary) -> Self {
        Self {
            asked: count(summary.asked),
            found: count(summary.found),
            elapsed_ms: milliseconds(summary.elapsed).into(),
        }
    }
}

/// An interface that broadcasts leave from.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Network {
    name: String,
    subnet: String,
}

impl From<workbench::Network> for Network {
    fn from(network: workbench::Network) -> Self {
        Self {
            name: network.name,
            subnet: network.subnet,
        }
    }
}
