//! The security settings of a unit as a document (protocol.md section 5, `project`).

use std::fmt::Write as _;

use std::io;

use quick_xml::escape::escape;
use secrecy::SecretString;
use trunkline_document::security::{SecuritySettings, ServiceUser, Setting};
use trunkline_document::{Document, FieldPath};
use trunkline_protocol::link::auth::Verifier;
use trunkline_protocol::link::{Outcome, Rights};
use trunkline_protocol::ports::ServicesBasePort;

use crate::content::Content;
use crate::unit::Inner;
use crate::users::{self, DevLinkKey, User};

const SERVICES: [(&str, &str); 7] = [
    ("Configuration", "Secure Medium"),
    ("Security Administration", "Secure Medium"),
    ("System Status Interface", "Unsecure + Secure"),
    ("Enhanced TSPI", "Disabled"),
    ("HTTP", "Unsecure + Secure"),
    ("Web Services", "Secure Low"),
    ("External", "Disabled"),
];

/// The settings that a unit with these users and this base port starts with.
pub(crate) fn document(users: &[User], base_port: u16, has_discovery: bool, has_udp: bool) -> String {
    let mut text = String::from(
        "<security>\n  <General>\n    <MinimumNameLength>1</MinimumNameLength>\n    \
         <MinimumPasswordLength>8</MinimumPasswordLength>\n    <RejectLimit>3</RejectLimit>\n    \
         <RejectAction>Log and Temporary Disable</RejectAction>\n    <Complexity>Medium</Complexity>\n    \
         <PreviousPasswordLimit>4</PreviousPasswordLimit>\n    <ChangePeriod>90</ChangePeriod>\n    \
         <IdleTime>10</IdleTime>\n  </General>\n",
    );
    // Writing to a String can not fail.
    let _ = write!(
        text,
        "  <System>\n    <ServicesBasePort>{base_port}</ServicesBasePort>\n    \
         <TcpDiscovery>{has_discovery}</TcpDiscovery>\n    <UdpDiscovery>{has_udp}</UdpDiscovery>\n    \
         <SessionIdCacheHours>10</SessionIdCacheHours>\n  </System>\n"
    );
    for (name, level) in SERVICES {
        let _ = writeln!(
            text,
            "  <Service>\n    <Name>{name}</Name>\n    <Level>{level}</Level>\n  </Service>"
        );
    }
    for user in users {
        let set = if user.default_password { "default" } else { "true" };
        let _ = writeln!(
            text,
            "  <RightsGroup>\n    <Name>{name} Group</Name>\n    <Rights>{rights}</Rights>\n  </RightsGroup>\n  \
             <ServiceUser>\n    <Name>{name}</Name>\n    <Enabled>{enabled}</Enabled>\n    \
             <RightsGroup>{name} Group</RightsGroup>\n    <PasswordSet>{set}</PasswordSet>\n  </ServiceUser>",
            name = escape(&user.name),
            rights = user.rights.names().join(" "),
            enabled = user.enabled,
        );
    }
    let _ = writeln!(
        text,
        "  <UnsecuredInterface>\n    <Name>TFTP Server</Name>\n    <Enabled>{has_udp}</Enabled>\n  \
         </UnsecuredInterface>\n</security>"
    );
    text
}

/// What a unit keeps of new settings, and what they mean to it: everything but the new passwords is kept. Over plain TCP
/// a document with a new password is refused.
pub(crate) fn take(
    unit: &Inner,
    content: &Content,
    over_tls: bool,
) -> io::Result<Result<(Content, Settings), Outcome>> {
    let Some(mut settings) = read(content.to_bytes()?.into()) else {
        return Ok(Err(Outcome::InvalidDocument));
    };
    if settings.new_passwords.is_empty() {
        return Ok(Ok((content.clone(), settings)));
    }
    if !over_tls {
        return Ok(Err(Outcome::TlsRequired));
    }
    for (name, password) in std::mem::take(&mut settings.new_passwords) {
        let verifier = users::derive(&name, &password, &unit.salt, unit.spec.iterations);
        settings.verifiers.push(NewKeys {
            name,
            verifier,
            devlink: DevLinkKey::new(&password),
        });
    }
    let kept = settings.kept.as_bytes().to_vec();
    Ok(Ok((Content::from_bytes(kept.into()), settings)))
}

/// New settings, read.
pub(crate) struct Settings {
    kept: SecuritySettings,
    base: Option<ServicesBasePort>,
    new_passwords: Vec<(String, SecretString)>,
    verifiers: Vec<NewKeys>,
}

/// What a unit keeps of a new password.
#[derive(Clone)]
struct NewKeys {
    name: String,
    verifier: Verifier,
    devlink: DevLinkKey,
}

/// Takes the new passwords out; `None` where the document says something that no unit can be.
fn read(bytes: Vec<u8>) -> Option<Settings> {
    let mut document = Document::load(bytes);
    let mut new_passwords = Vec::new();
    let new_password: FieldPath = "NewPassword".parse().ok()?;
    for position in 0..document.entity_count() {
        let Some((name, password)) = document.entity(position).and_then(|user| {
            let name = user.get(&"Name".parse().ok()?)?.reveal().trim().to_owned();
            let password = user.get(&new_password)?.reveal().to_owned();
            (user.kind() == "ServiceUser").then_some((name, password))
        }) else {
            continue;
        };
        new_passwords.push((name, password.into()));
        document.remove_field(position, &new_password).ok()?;
        let set: FieldPath = "PasswordSet".parse().ok()?;
        // Where the document does not say it, it need not.
        let _ = document.set(position, &set, "true");
    }
    let kept = SecuritySettings::load(document.into_bytes()).ok()?;
    if !kept.users_with_new_password().is_empty() {
        return None;
    }
    let base = match kept.setting(Setting::ServicesBasePort) {
        Some(text) => Some(ServicesBasePort::new(text.parse().ok()?).ok()?),
        None => None,
    };
    Some(Settings {
        kept,
        base,
        new_passwords,
        verifiers: Vec::new(),
    })
}

impl Settings {
    /// Makes the unit what its new settings say; whether it listens elsewhere from the next time on that it opens its
    /// ports.
    pub(crate) fn take_effect(self, unit: &Inner) -> bool {
        self.users(unit);
        let is_on = |setting, now: bool| {
            let written = self.kept.setting(setting);
            written.map_or(now, |text| matches!(text.as_str(), "true" | "1"))
        };
        let ports = unit.ports();
        let base = self.base.or_else(|| ServicesBasePort::new(ports.base?).ok());
        let discovery = is_on(Setting::TcpDiscovery, ports.discovery.is_some());
        let udp = is_on(Setting::UdpDiscovery, ports.tftp.is_some());
        base.is_some_and(|base| unit.listen_next(base, discovery, udp))
    }

    /// A document without any service user says nothing about them.
    fn users(&self, unit: &Inner) {
        let users = self.kept.users();
        let mut state = unit.changing();
        for user in state.users.iter_mut().filter(|_| !users.is_empty()) {
            user.is_gone = users.iter().all(|kept| kept.name != user.name);
            user.enabled &= !user.is_gone;
        }
        for kept in users {
            let keys = self.verifiers.iter().find(|keys| keys.name == kept.name).cloned();
            let rights = self.rights(&kept);
            match state.users.iter_mut().find(|user| user.name == kept.name) {
                Some(user) => {
                    user.enabled = kept.enabled;
                    user.rights = rights.unwrap_or(user.rights);
                    if let Some(keys) = keys {
                        (user.verifier, user.devlink) = (keys.verifier, keys.devlink);
                    }
                }
                // Nobody can log in without a password.
                None => state.users.extend(keys.map(|keys| User {
                    name: kept.name.clone(),
                    verifier: keys.verifier,
                    devlink: keys.devlink,
                    rights: rights.unwrap_or_default(),
                    enabled: kept.enabled,
                    must_change_password: false,
                    expires_in_days: None,
                    last_log_in: None,
                    default_password: false,
                    is_gone: false,
                })),
            }
        }
    }

    /// `None` where the document does not say what the user's groups may do.
    fn rights(&self, user: &ServiceUser) -> Option<Rights> {
        let groups = self.kept.groups();
        let mut rights = 0;
        for name in &user.groups {
            let group = groups.iter().find(|group| group.name == *name)?;
            for right in group.rights.as_ref()? {
                let known = Rights::NAMES.iter().find(|(_, known)| known == right);
                rights |= known.map_or(0, |(bit, _)| *bit);
            }
        }
        Some(Rights(rights))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn new_passwords_are_taken_out_and_nothing_else_changes() {
        let text = "<security><ServiceUser><Name>A &amp; B</Name><NewPassword>p&lt;w&#65;</NewPassword><X/></ServiceUser>\
                    <ServiceUser><Name>C</Name></ServiceUser></security>";
        let settings = read(text.as_bytes().to_vec()).unwrap();
        let passwords: Vec<(&str, &str)> = settings
            .new_passwords
            .iter()
            .map(|(name, password)| (name.as_str(), password.expose_secret()))
            .collect();
        assert_eq!(passwords, [("A & B", "p<wA")]);
        let expect = "<security><ServiceUser><Name>A &amp; B</Name><X/></ServiceUser>\
                      <ServiceUser><Name>C</Name></ServiceUser></security>";
        assert_eq!(settings.kept.as_bytes(), expect.as_bytes());
        let without = document(&[], 50_804, true, true);
        let kept = read(without.clone().into_bytes()).unwrap().kept;
        assert_eq!(kept.as_bytes(), without.as_bytes());
    }

    #[test]
    fn settings_that_no_unit_can_have_are_refused() {
        for text in [
            "<data/>",
            "<security>",
            "<security><System><ServicesBasePort>65535</ServicesBasePort></System></security>",
            "<security><System><ServicesBasePort>x</ServicesBasePort></System></security>",
            "<security><ServiceUser><Name>A</Name><NewPassword>1</NewPassword><NewPassword>2</NewPassword></ServiceUser>\
             </security>",
            "<security><ServiceUser><Name>A</Name><X><NewPassword>1</NewPassword></X></ServiceUser></security>",
        ] {
            assert!(read(text.as_bytes().to_vec()).is_none(), "{text}");
        }
    }
}
