//! The security settings of a unit as a document (protocol.md section 5, `project`).

use std::fmt::Write as _;

use std::io;

use bytes::Bytes;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::Event;
use quick_xml::{Reader, Writer};
use secrecy::SecretString;
use trunkline_protocol::link::Outcome;
use zeroize::Zeroizing;

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
        let _ = writeln!(
            text,
            "  <RightsGroup>\n    <Name>{name} Group</Name>\n    <Rights>{rights}</Rights>\n  </RightsGroup>\n  \
             <ServiceUser>\n    <Name>{name}</Name>\n    <Enabled>{enabled}</Enabled>\n    \
             <RightsGroup>{name} Group</RightsGroup>\n    <PasswordSet>true</PasswordSet>\n  </ServiceUser>",
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

/// What a unit keeps of new settings: everything but the new passwords, which take effect here. Over plain TCP a
/// document with a new password is refused.
pub(crate) fn take(unit: &Inner, content: &Content, over_tls: bool) -> io::Result<Result<Content, Outcome>> {
    let Some(settings) = read(&content.to_bytes()?)? else {
        return Ok(Err(Outcome::InvalidDocument));
    };
    if settings.new_passwords.is_empty() {
        return Ok(Ok(content.clone()));
    }
    if !over_tls {
        return Ok(Err(Outcome::TlsRequired));
    }
    for (name, password) in settings.new_passwords {
        let verifier = users::derive(&name, &password, &unit.salt, unit.spec.iterations);
        let mut state = unit.changing();
        if let Some(user) = state.users.iter_mut().find(|user| user.name == name) {
            user.verifier = verifier;
            user.devlink = DevLinkKey::new(&password);
        }
    }
    Ok(Ok(Content::from_bytes(settings.without_passwords)))
}

struct Settings {
    without_passwords: Bytes,
    new_passwords: Vec<(String, SecretString)>,
}

/// Takes a document that is known to be well-formed apart; `None` where its text is not what it should be.
fn read(document: &[u8]) -> io::Result<Option<Settings>> {
    let mut reader = Reader::from_reader(document);
    let mut writer = Writer::new(Vec::with_capacity(document.len()));
    let mut new_passwords = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let (mut name, mut password) = (String::new(), None::<Zeroizing<String>>);
    loop {
        let Ok(event) = reader.read_event() else {
            return Ok(None);
        };
        let inside =
            |element: &str| matches!(&path[..], [_, user, last] if user == "ServiceUser" && last == element);
        let is_password = inside("NewPassword");
        let text = match &event {
            Event::Text(text) => text.to_string(),
            Event::CData(text) => text.to_string(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => character.to_string(),
                _ => resolve_predefined_entity(reference)
                    .unwrap_or_default()
                    .to_owned(),
            },
            _ => String::new(),
        };
        match &mut password {
            Some(password) if is_password => password.push_str(&text),
            _ if inside("Name") => name.push_str(&text),
            _ => {}
        }
        let mut hidden = is_password;
        match &event {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                if matches!(&path[..], [_, user, last] if user == "ServiceUser" && last == "NewPassword") {
                    password = Some(Zeroizing::default());
                    hidden = true;
                }
            }
            Event::End(_) => {
                path.pop();
                // The end of a service user.
                if path.len() == 1 {
                    if let Some(mut password) = password.take() {
                        new_passwords
                            .push((std::mem::take(&mut name), std::mem::take(&mut *password).into()));
                    }
                    name.clear();
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if !hidden {
            writer.write_event(event)?;
        }
    }
    Ok(Some(Settings {
        without_passwords: writer.into_inner().into(),
        new_passwords,
    }))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn new_passwords_are_taken_out_and_nothing_else_changes() {
        let text = "<security><ServiceUser><Name>A &amp; B</Name><NewPassword>p&lt;w&#65;</NewPassword><X/></ServiceUser>\
                    <ServiceUser><Name>C</Name></ServiceUser></security>";
        let settings = read(text.as_bytes()).unwrap().unwrap();
        let passwords: Vec<(&str, &str)> = settings
            .new_passwords
            .iter()
            .map(|(name, password)| (name.as_str(), password.expose_secret()))
            .collect();
        assert_eq!(passwords, [("A & B", "p<wA")]);
        let expect = "<security><ServiceUser><Name>A &amp; B</Name><X/></ServiceUser>\
                      <ServiceUser><Name>C</Name></ServiceUser></security>";
        assert_eq!(settings.without_passwords, expect);
        let without = document(&[], 50_804, true, true);
        assert_eq!(
            read(without.as_bytes()).unwrap().unwrap().without_passwords,
            without
        );
    }
}
