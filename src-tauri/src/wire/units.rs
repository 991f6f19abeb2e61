//! Units as they are found.

use serde::{Deserialize, Serialize};
use specta::Type;
use trunkline_core::discovery::{
    Community, Identification, Means, Method as Way, NoAnswer as Silent, Ping, ResolvedName, State, Unit,
};
use trunkline_core::workbench::{self, Found, STANDARD_DISCOVERY_PORT, SearchRequest, SearchSummary};
use trunkline_core::{ErrorKind, Result};

use super::unidentified::Unidentified;
use super::{Amount, count, instant, milliseconds};

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

/// How a unit's configuration is received and sent, as far as it says.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FoundMethod {
    /// Neither what it offers nor its version tells.
    None,
    /// The configuration service.
    Service,
    /// TFTP, as before release 3.2.
    Tftp,
    /// The Management API.
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
    /// Further addresses at which it answered.
    other_addresses: Vec<String>,
    /// The DNS names for which it was asked.
    dns_names: Vec<String>,
    /// The name of the saved site that it is; empty for none.
    site: String,
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
    method: FoundMethod,
    /// Whether this program can receive and send its configuration.
    supported: bool,
    /// Why there is no method, as a sentence; empty where there is one.
    no_method: String,
    /// What does not fit together, as sentences.
    warnings: Vec<String>,
}

impl From<Unit> for FoundUnit {
    fn from(unit: Unit) -> Self {
        let services = &unit.services;
        let offers = |service: Option<bool>| service.unwrap_or_default();
        Self {
            name: unit.name.unwrap_or_default(),
            address: unit.address.to_string(),
            other_addresses: unit.other_addresses.iter().map(ToString::to_string).collect(),
            dns_names: unit.dns_names,
            site: unit.site.unwrap_or_default(),
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
            method: match unit.method {
                None => FoundMethod::None,
                Some(Way::Service) => FoundMethod::Service,
                Some(Way::Tftp) => FoundMethod::Tftp,
                Some(Way::Api) => FoundMethod::Api,
            },
            supported: unit.supported,
            no_method: unit.no_method.unwrap_or_default(),
            warnings: unit.warnings,
        }
    }
}

/// A saved site, or the one address that was asked for, that did not answer.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NoAnswer {
    address: String,
    /// The name of the saved site; empty for what was asked for by its address or DNS name.
    site: String,
    /// The DNS names for which it was asked.
    dns_names: Vec<String>,
    since: String,
    /// The TCP port of discovery that must be open on the way there.
    discovery_port: u16,
    /// That of the configuration service.
    configuration_port: u16,
    /// That of the configuration service over TLS.
    configuration_tls_port: u16,
}

impl From<Silent> for NoAnswer {
    fn from(silent: Silent) -> Self {
        Self {
            address: silent.address.to_string(),
            site: silent.site.unwrap_or_default(),
            dns_names: silent.dns_names,
            since: instant(silent.since),
            discovery_port: silent.must_be_open.discovery,
            configuration_port: silent.must_be_open.configuration,
            configuration_tls_port: silent.must_be_open.configuration_tls,
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
    /// It is a name that has no address now; as an entry it is right. Of a saved site `entry` is the site's name.
    unresolved: bool,
}

impl From<workbench::CriteriaProblem> for CriteriaProblem {
    fn from(problem: workbench::CriteriaProblem) -> Self {
        let workbench::CriteriaProblem {
            entry,
            number,
            byte_offset,
            reason,
            unresolved,
        } = problem;
        Self {
            entry,
            position: count(number),
            byte_offset: count(byte_offset),
            reason,
            unresolved,
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
#[serde(rename_all = "camelCase")]
pub struct DiscoveryOptions {
    /// The Unit/Broadcast Address; empty for everything.
    address: String,
    /// Asks by HTTP what answers and does not say that it is a unit.
    identify_http: bool,
    /// Asks it by SNMP in the name of this community; empty: does not.
    snmp_community: String,
    /// Searches interfaces with only a link-local address, too.
    link_local: bool,
}

impl DiscoveryOptions {
    /// What is asked of the core.
    ///
    /// # Errors
    /// `usage` for a community that none can be.
    pub(crate) fn request(self) -> Result<SearchRequest> {
        let community = self.snmp_community.trim();
        let snmp = match Community::new(community) {
            Some(community) => Some(community),
            None if community.is_empty() => None,
            None => return Err(ErrorKind::Usage("an SNMP community has at most 255 bytes".into()).into()),
        };
        Ok(SearchRequest {
            address: self.address,
            include_link_local: self.link_local,
            identify: Identification {
                http: self.identify_http,
                snmp,
                ..Identification::default()
            },
        })
    }
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
        unit: Box<FoundUnit>,
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
    /// A saved site, or the one address that was asked for, did not answer; told at the end.
    NoAnswer {
        /// Which, and what must be open on the way there.
        no_answer: NoAnswer,
    },
    /// An entry can not be searched.
    Problem {
        /// Which, and why.
        problem: CriteriaProblem,
    },
    /// Something that the person who searches should know.
    Notice {
        /// What, as a sentence.
        text: String,
    },
}

impl From<Found> for DiscoveryEvent {
    fn from(found: Found) -> Self {
        match found {
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
                unit: Box::new((*unit).into()),
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
            Found::Notice(text) => {
                tracing::info!("{text}");
                Self::Notice { text }
            }
            Found::NoAnswer(none) => {
                tracing::info!(address = %none.address, site = ?none.site, "no answer");
                Self::NoAnswer {
                    no_answer: none.into(),
                }
            }
        }
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
#[serde(rename_all = "camelCase")]
pub struct Network {
    name: String,
    /// The system's name of the interface.
    interface: String,
    /// This computer's address there.
    address: String,
    subnet: String,
    /// It has only a link-local address and is searched on request.
    link_local: bool,
}

impl From<workbench::Network> for Network {
    fn from(network: workbench::Network) -> Self {
        Self {
            name: network.name,
            interface: network.interface,
            address: network.address,
            subnet: network.subnet,
            link_local: network.link_local,
        }
    }
}

/// What became of a DNS name of the IP Search Criteria.
#[derive(Debug, Clone, Serialize, Type)]
pub struct NameLookUp {
    name: String,
    addresses: Vec<String>,
    /// Why there is no address; empty where there is one.
    problem: String,
}

impl From<ResolvedName> for NameLookUp {
    fn from(resolved: ResolvedName) -> Self {
        Self {
            name: resolved.name,
            addresses: resolved.addresses.iter().map(ToString::to_string).collect(),
            problem: resolved.problem,
        }
    }
}
