//! The arguments that commands share. Each command's own stand in its module.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, ValueEnum};
use trunkline_core::{Fingerprint, Method, Overrides, TlsUse};
use trunkline_protocol::link::{Object, Restart};

use crate::commands::Command;
use crate::failure::Failure;

/// Finds IP Office units, receives their configuration and sends it back
#[derive(Debug, Parser)]
#[command(
    name = "trunkline",
    version,
    propagate_version = true,
    arg_required_else_help = false
)]
#[command(after_help = "\
Exit status:
  0  done                               4    refused by the unit, or in your interest
  1  failed otherwise                   5    the unit broke the protocol or sent damaged data
  2  wrong usage or input               6    conflict: the unit changed meanwhile
  3  not reachable, or the connection   7    done in part
     was lost for good                  130  interrupted
With --json a failure is one document on standard output:
  {\"error\":{\"code\",\"message\",\"hint\",\"address\",\"step\"}}

Example, on virtual units:
  trunkline simulate --units 3 &
  trunkline discover --search 127.60.0.1-3
  TRUNKLINE_PASSWORD=demo-Pass-1 \\
  trunkline receive 127.60.0.1 --user Administrator --out office.xml")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Globals {
    /// Keeps sites, preferences, pins and the archive here, instead of where the window keeps them too
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "TRUNKLINE_DATA_DIR",
        hide_env_values = true
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Prints one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Logs on standard error what is done; twice in detail, three times everything. Never a secret
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Says nothing but results, warnings and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Draws no progress bar
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// Which unit, and how it is reached.
#[derive(Debug, Args)]
pub(crate) struct TargetArguments {
    /// The unit: a saved site, an address or DNS name, with its Services Base TCP Port if need be (IPv6:
    /// `[address]:port`)
    #[arg(index = 1)]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) way: Way,
}

/// How a unit is reached, above what its site and the preferences say.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Way {
    /// How sure to be of the unit: the certificate that it showed first, one that this computer trusts, any
    /// certificate, or plain TCP
    #[arg(long, value_enum)]
    tls: Option<TlsArgument>,
    /// Goes on in plain TCP where the unit offers no TLS
    #[arg(long)]
    allow_plain: bool,
    /// The SHA-256 of the unit's certificate, in hex: it must match, and is the pin from then on
    #[arg(long, value_name = "SHA256HEX")]
    fingerprint: Option<Fingerprint>,
    /// The file with the certificate for a unit that lets nobody in without one, and its key (PEM or PKCS#12); its
    /// password comes from `TRUNKLINE_CLIENT_CERTIFICATE_PASSWORD`, the keychain, or a question on the terminal
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// How the configuration is received and sent
    #[arg(long, value_enum)]
    method: Option<MethodArgument>,
    /// Connections in all [default: 3, or what the preferences say]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    tries: Option<u32>,
    /// Where the unit answers TCP discovery, instead of 50802
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    discovery_port: Option<u16>,
    /// Where the unit has the Management API, instead of 7070 and 8443
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    api_port: Option<u16>,
    /// The node of a solution that is meant, over the Management API
    #[arg(long, value_name = "ADDRESS")]
    api_node: Option<IpAddr>,
    /// Where the unit speaks TFTP, instead of 69
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    tftp_port: Option<u16>,
}

/// Who logs in.
#[derive(Debug, Args)]
#[command(next_help_heading = "Log-in")]
pub(crate) struct LogInArguments {
    /// The service user; otherwise the site's, or that of the credential that it shares
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) attempt: PasswordArguments,
}

/// How a password is given, and what may be risked with it.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
#[command(next_help_heading = "Log-in")]
pub(crate) struct PasswordArguments {
    /// Takes the password from the first line of standard input; otherwise from TRUNKLINE_PASSWORD, the keychain, or a
    /// question on the terminal
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// For a system before 3.2: takes its system password from the first line of standard input; otherwise from
    /// TRUNKLINE_SYSTEM_PASSWORD, the keychain, or a question on the terminal
    #[arg(long, conflicts_with = "password_stdin")]
    pub(crate) system_password_stdin: bool,
    /// Takes the last attempt before the unit locks the account
    #[arg(long)]
    use_last_attempt: bool,
    /// Accepts a log-in with fewer hashing iterations than this unit asked for before
    #[arg(long)]
    accept_weaker_log_in: bool,
}

impl Way {
    pub(crate) fn overrides(&self, attempt: Option<&PasswordArguments>) -> Overrides {
        Overrides {
            tls: self.tls.map(TlsArgument::level),
            allow_plain: self.allow_plain,
            fingerprint: self.fingerprint,
            client_certificate: None,
            method: self.method.map(MethodArgument::method),
            discovery_port: self.discovery_port,
            tftp_port: self.tftp_port,
            api_port: self.api_port,
            api_node: self.api_node,
            tries: self.tries,
            use_last_attempt: attempt.is_some_and(|attempt| attempt.use_last_attempt),
            accept_weaker_log_in: attempt.is_some_and(|attempt| attempt.accept_weaker_log_in),
        }
    }
}

/// When a unit restarts.
#[derive(Debug, Args)]
pub(crate) struct When {
    /// The time of day by the unit's clock, for timed
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
    at: Option<u16>,
    /// Refuses new incoming calls until the restart; for when-free and timed
    #[arg(long)]
    bar_incoming: bool,
    /// Refuses new outgoing calls until the restart; for when-free and timed
    #[arg(long)]
    bar_outgoing: bool,
    /// Stays until the restarted unit is back: at most 15 minutes once it went, and where calls can hold it up, 15
    /// minutes beyond its time
    #[arg(long)]
    pub(crate) wait: bool,
}

/// The modes in which a unit restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RestartMode {
    /// At once; every call ends
    Immediate,
    /// As soon as nobody is on the phone
    WhenFree,
    /// At a time of day, then as soon as nobody is on the phone
    Timed,
}

impl When {
    /// Refuses what does not belong to merging, which restarts nothing.
    pub(crate) fn merge(&self) -> Result<(), Failure> {
        if self.at.is_some() || self.bar_incoming || self.bar_outgoing || self.wait {
            return Err(Failure::usage(
                "--at, --bar-incoming, --bar-outgoing and --wait belong to a restart, and merge has none",
            ));
        }
        Ok(())
    }

    pub(crate) fn restart(&self, mode: RestartMode) -> Result<Restart, Failure> {
        let Self {
            at,
            bar_incoming,
            bar_outgoing,
            ..
        } = *self;
        match (mode, at) {
            (RestartMode::Timed, Some(minutes)) => Ok(Restart::Timed {
                minutes,
                bar_incoming,
                bar_outgoing,
            }),
            (RestartMode::Timed, None) => Err(Failure::usage("--mode timed needs the time: --at HH:MM")),
            (_, Some(_)) => Err(Failure::usage("--at belongs to --mode timed")),
            (RestartMode::WhenFree, None) => Ok(Restart::WhenFree {
                bar_incoming,
                bar_outgoing,
            }),
            (RestartMode::Immediate, None) if bar_incoming || bar_outgoing => Err(Failure::usage(
                "--bar-incoming and --bar-outgoing belong to --mode when-free and timed",
            )),
            (RestartMode::Immediate, None) => Ok(Restart::Immediately),
        }
    }
}

/// Minutes after midnight.
fn time_of_day(text: &str) -> Result<u16, String> {
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(':')
        .filter(|(hours, minutes)| digits(hours) && digits(minutes))
        .and_then(|(hours, minutes)| Some((hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?)))
        .filter(|(hours, minutes)| *hours < 24 && *minutes < 60)
        .map(|(hours, minutes)| hours * 60 + minutes)
        .ok_or_else(|| "a time of day is written 00:00 to 23:59".into())
}

/// The levels of `--tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsArgument {
    /// TLS; the certificate is pinned when it is first used
    Pin,
    /// TLS; this computer must trust the certificate, for this name
    Verified,
    /// TLS with any certificate, for recovery
    None,
    /// Plain TCP
    Off,
}

impl TlsArgument {
    fn level(self) -> TlsUse {
        match self {
            Self::Pin => TlsUse::Pin,
            Self::Verified => TlsUse::Verified,
            Self::None => TlsUse::AnyCertificate,
            Self::Off => TlsUse::Off,
        }
    }

    pub(crate) fn of_site(self) -> trunkline_core::TlsLevel {
        use trunkline_core::TlsLevel;
        match self {
            Self::Pin => TlsLevel::Pin,
            Self::Verified => TlsLevel::Verified,
            Self::None => TlsLevel::None,
            Self::Off => TlsLevel::Off,
        }
    }
}

/// The ways of `--method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MethodArgument {
    /// By software version and capabilities
    Auto,
    /// The configuration service
    Service,
    /// TFTP with the system password, for systems before 3.2: the configuration as a whole, and a restart at once. Password
    /// and configuration travel readable
    Tftp,
    /// The Management API: a part of the configuration, entity by entity, with --mode merge alone. The password itself
    /// goes there inside TLS, so its certificate must be pinned, verified or accepted first
    Api,
}

impl MethodArgument {
    pub(crate) fn method(self) -> Method {
        match self {
            Self::Auto => Method::Auto,
            Self::Service => Method::Service,
            Self::Tftp => Method::Tftp,
            Self::Api => Method::Api,
        }
    }
}

/// What is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectArgument {
    /// The configuration
    Configuration,
    /// The security settings
    Security,
    /// The audit trail
    Audit,
}

impl ObjectArgument {
    pub(crate) fn object(self) -> Object {
        match self {
            Self::Configuration => Object::Configuration,
            Self::Security => Object::SecuritySettings,
            Self::Audit => Object::AuditTrail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_and_two_digits() {
        for (text, expect) in [("00:00", Some(0)), ("23:59", Some(1439)), ("07:05", Some(425))] {
            assert_eq!(time_of_day(text).ok(), expect, "{text}");
        }
        for text in ["", "7:05", "24:00", "12:60", "12:5", "+1:00", "12-00", "12:00:00"] {
            assert!(time_of_day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_and_bars_go_with_their_modes_only() {
        let when = |at, bar_incoming| When {
            at,
            bar_incoming,
            bar_outgoing: false,
            wait: false,
        };
        let check = |when: When, mode, expect: Option<Restart>| {
            assert_eq!(when.restart(mode).ok(), expect, "{when:?}");
        };
        check(
            when(None, false),
            RestartMode::Immediate,
            Some(Restart::Immediately),
        );
        check(when(None, true), RestartMode::Immediate, None);
        check(when(Some(1), false), RestartMode::Immediate, None);
        let free = Restart::WhenFree {
            bar_incoming: true,
            bar_outgoing: false,
        };
        check(when(None, true), RestartMode::WhenFree, Some(free));
        check(when(Some(1), false), RestartMode::WhenFree, None);
        check(when(None, false), RestartMode::Timed, None);
        let timed = Restart::Timed {
            minutes: 1,
            bar_incoming: false,
            bar_outgoing: false,
        };
        check(when(Some(1), false), RestartMode::Timed, Some(timed));
        assert!(when(None, false).merge().is_ok() && when(Some(1), false).merge().is_err());
    }

    #[test]
    fn the_arguments_fit_together() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
