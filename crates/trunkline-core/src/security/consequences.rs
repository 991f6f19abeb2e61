//! What changes bring with them: allowed, and to be known before they are sent.

use std::fmt;

use trunkline_document::security::{ADMINISTERS, Level, SettingChange};

use super::editor::Editor;

/// Something that a person must know before sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// Whoever is logged in can not change these settings any more.
    OwnAccess {
        /// The service user.
        user: String,
    },
    /// Whoever is logged in has another password.
    OwnPassword {
        /// The service user.
        user: String,
    },
    /// The unit's services move.
    PortMoves {
        /// From this Services Base TCP Port.
        from: u16,
        /// To this one.
        to: u16,
    },
    /// The unit does not answer discovery any more in this way.
    DiscoveryOff {
        /// `TcpDiscovery` or `UdpDiscovery`.
        setting: String,
    },
    /// The service does not offer TLS any more: new passwords, for one, can not be sent over it.
    NoTls {
        /// The service.
        service: String,
    },
    /// The service can not be used any more.
    ServiceOff {
        /// The service.
        service: String,
    },
}

impl Consequence {
    /// A stable name, as in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OwnAccess { .. } => "own_access",
            Self::OwnPassword { .. } => "own_password",
            Self::PortMoves { .. } => "port_moves",
            Self::DiscoveryOff { .. } => "discovery_off",
            Self::NoTls { .. } => "no_tls",
            Self::ServiceOff { .. } => "service_off",
        }
    }
}

impl fmt::Display for Consequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnAccess { user } => {
                write!(
                    f,
                    "you are logged in as {user:?}, who can not change security settings any more after this"
                )
            }
            Self::OwnPassword { user } => {
                write!(
                    f,
                    "you are logged in as {user:?}, who has another password after this; log in anew with it"
                )
            }
            Self::PortMoves { from, to } => write!(
                f,
                "the unit's services move from port {from} to {to}; the saved site follows once it answers there, other \
                 programs and port forwardings must be changed by hand"
            ),
            Self::DiscoveryOff { setting } => write!(
                f,
                "with {setting} off the unit is found by its address alone; note it down or save the site"
            ),
            Self::NoTls { service } => {
                write!(
                    f,
                    "service {service:?} offers no TLS any more; this program then needs --tls off for it"
                )
            }
            Self::ServiceOff { service } => {
                write!(f, "service {service:?} is closed after this, to everybody")
            }
        }
    }
}

pub(super) fn consequences(editor: &Editor, changes: &[SettingChange]) -> Vec<Consequence> {
    let mut found = Vec::new();
    let user = editor.user().to_owned();
    let administers = |settings: &trunkline_document::security::SecuritySettings| {
        let me = settings.users().into_iter().find(|known| known.name == user);
        me.is_some_and(|me| settings.rights_of(&me).iter().any(|right| right == ADMINISTERS))
    };
    if administers(editor.base()) && !administers(editor.settings()) {
        found.push(Consequence::OwnAccess { user: user.clone() });
    }
    for change in changes {
        let is_off = change.after.as_deref().is_some_and(|value| value == "false");
        let level = change.after.as_deref().and_then(Level::of);
        match (&*change.kind, &*change.field) {
            ("ServiceUser", "NewPassword") if change.name == user => {
                found.push(Consequence::OwnPassword { user: user.clone() });
            }
            ("System", "ServicesBasePort") => {
                let (from, to) = (editor.base().base_port(), editor.settings().base_port());
                found.extend(from.zip(to).map(|(from, to)| Consequence::PortMoves { from, to }));
            }
            ("System", "TcpDiscovery" | "UdpDiscovery") if is_off => found.push(Consequence::DiscoveryOff {
                setting: change.field.clone(),
            }),
            ("Service", "Level") if level == Some(Level::UnsecureOnly) => found.push(Consequence::NoTls {
                service: change.name.clone(),
            }),
            ("Service", "Level") if level == Some(Level::Disabled) => found.push(Consequence::ServiceOff {
                service: change.name.clone(),
            }),
            _ => {}
        }
    }
    found
}
