//! What is to be changed, as it is written on the command line.

use std::str::FromStr;

use clap::Args;
use secrecy::SecretString;
use trunkline_core::security::Editor;
use trunkline_document::FieldType;
use trunkline_document::security::{Level, SecurityEdit, Setting};

use crate::failure::Failure;

/// The changes. They are made in an order in which each finds what it needs: settings and groups first, removals last.
#[derive(Debug, Args)]
#[command(next_help_heading = "Changes")]
pub(super) struct Edits {
    /// Settings of the password policy (MinimumNameLength, MinimumPasswordLength, RejectLimit, RejectAction, Complexity,
    /// PreviousPasswordLimit, ChangePeriod, IdleTime) and of the system (ServicesBasePort, TcpDiscovery, UdpDiscovery,
    /// SessionIdCacheHours)
    #[arg(index = 2, value_name = "SETTING=VALUE", value_parser = setting)]
    settings: Vec<(Setting, String)>,
    /// Protects a service in another way: Disabled, "Unsecure Only", "Unsecure + Secure", "Secure Low", "Secure Medium" or
    /// "Secure High"
    #[arg(long, value_name = "SERVICE=LEVEL", value_parser = level)]
    level: Vec<(String, Level)>,
    /// Opens or closes an unsecured interface: on or off
    #[arg(long, value_name = "NAME=on|off", value_parser = switch)]
    interface: Vec<(String, bool)>,
    /// Adds a service user, in these rights groups; a password is asked for as by --new-password
    #[arg(long, value_name = "NAME[=GROUP,…]", value_parser = named_list)]
    add_user: Vec<(String, Vec<String>)>,
    /// Removes a service user
    #[arg(long, value_name = "NAME")]
    remove_user: Vec<String>,
    /// Lets a service user log in
    #[arg(long, value_name = "NAME")]
    enable_user: Vec<String>,
    /// Lets a service user log in no longer
    #[arg(long, value_name = "NAME")]
    disable_user: Vec<String>,
    /// Puts a service user into these rights groups and no others
    #[arg(long, value_name = "NAME=GROUP,…", value_parser = named_list)]
    user_groups: Vec<(String, Vec<String>)>,
    /// Gives a service user a new password, over TLS only. It comes from TRUNKLINE_NEW_PASSWORD where it is the only one,
    /// from a question on the terminal, or by --new-password-stdin
    #[arg(long, value_name = "NAME")]
    new_password: Vec<String>,
    /// Adds a rights group whose members may do this: read_configuration, write_configuration, merge,
    /// reboot_immediately, reboot_when_free, reboot_timed, read_security, write_security, read_audit_trail
    #[arg(long, value_name = "NAME[=RIGHT,…]", value_parser = named_list)]
    add_group: Vec<(String, Vec<String>)>,
    /// Removes a rights group, and takes every service user out of it
    #[arg(long, value_name = "NAME")]
    remove_group: Vec<String>,
    /// Lets the members of a rights group do this and nothing else
    #[arg(long, value_name = "NAME=RIGHT,…", value_parser = named_list)]
    group_rights: Vec<(String, Vec<String>)>,
}

impl Edits {
    /// Whether there is nothing to change at all.
    pub(super) fn is_empty(&self) -> bool {
        self.edits().is_empty() && self.new_password.is_empty()
    }

    /// The service users who get a new password, in the order in which they are asked for: those who are added and may
    /// log in, then those of --new-password.
    pub(super) fn users_with_new_password(&self) -> Vec<String> {
        let added = self.add_user.iter().map(|(user, _)| user);
        let added =
            added.filter(|user| !self.disable_user.contains(user) && !self.remove_user.contains(user));
        let mut users: Vec<String> = Vec::new();
        for user in added.chain(&self.new_password) {
            if !users.contains(user) {
                users.push(user.clone());
            }
        }
        users
    }

    /// Makes all changes.
    pub(super) fn make(
        &self,
        editor: &mut Editor,
        passwords: Vec<(String, SecretString)>,
    ) -> Result<(), Failure> {
        let (first, last): (Vec<_>, Vec<_>) = self.edits().into_iter().partition(|edit| !comes_last(edit));
        for edit in first {
            editor.apply(edit)?;
        }
        for (user, password) in passwords {
            editor.set_password(&user, password)?;
        }
        for edit in last {
            editor.apply(edit)?;
        }
        Ok(())
    }

    fn edits(&self) -> Vec<SecurityEdit> {
        let mut edits = Vec::new();
        edits.extend(
            self.settings
                .iter()
                .cloned()
                .map(|(setting, value)| SecurityEdit::Set { setting, value }),
        );
        let levels = self.level.iter().cloned();
        edits.extend(levels.map(|(service, level)| SecurityEdit::ServiceLevel { service, level }));
        let interfaces = self.interface.iter().cloned();
        edits.extend(interfaces.map(|(interface, enabled)| SecurityEdit::Interface { interface, enabled }));
        let groups = self.add_group.iter().cloned();
        edits.extend(groups.map(|(group, rights)| SecurityEdit::AddGroup { group, rights }));
        let rights = self.group_rights.iter().cloned();
        edits.extend(rights.map(|(group, rights)| SecurityEdit::GroupRights { group, rights }));
        let users = self.add_user.iter().cloned();
        edits.extend(users.map(|(user, groups)| SecurityEdit::AddUser { user, groups }));
        let groups = self.user_groups.iter().cloned();
        edits.extend(groups.map(|(user, groups)| SecurityEdit::UserGroups { user, groups }));
        let enable = |users: &[String], enabled| {
            let users = users.iter().cloned();
            users
                .map(move |user| SecurityEdit::EnableUser { user, enabled })
                .collect::<Vec<_>>()
        };
        edits.extend(enable(&self.enable_user, true));
        edits.extend(enable(&self.disable_user, false));
        edits.extend(
            self.remove_user
                .iter()
                .cloned()
                .map(|user| SecurityEdit::RemoveUser { user }),
        );
        edits.extend(
            self.remove_group
                .iter()
                .cloned()
                .map(|group| SecurityEdit::RemoveGroup { group }),
        );
        edits
    }
}

/// What takes something away comes after the passwords, which need it to be there.
fn comes_last(edit: &SecurityEdit) -> bool {
    matches!(
        edit,
        SecurityEdit::RemoveUser { .. } | SecurityEdit::RemoveGroup { .. }
    )
}

/// `NAME=VALUE`, parted at the last `=` so that a name may hold one.
fn pair(text: &str) -> Result<(&str, &str), String> {
    let parts = text
        .rsplit_once('=')
        .map(|(name, value)| (name.trim(), value.trim()));
    parts
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "a name, =, and what it is to be are needed".into())
}

fn setting(text: &str) -> Result<(Setting, String), String> {
    let (name, value) = pair(text)?;
    let setting = Setting::from_str(name).map_err(|error| error.to_string())?;
    let is_switch = matches!(setting.field_type(), Some(FieldType::Switch));
    let value = match value {
        "on" if is_switch => "true",
        "off" if is_switch => "false",
        value => value,
    };
    if !setting.takes(value) {
        return Err(format!(
            "{setting} is {}",
            setting.wanted().replace("true or false", "on or off")
        ));
    }
    Ok((setting, value.to_owned()))
}

fn level(text: &str) -> Result<(String, Level), String> {
    let (service, name) = pair(text)?;
    let level = Level::of(name)
        .ok_or_else(|| format!("a level is one of {}", Level::ALL.map(Level::name).join(", ")))?;
    Ok((service.to_owned(), level))
}

fn switch(text: &str) -> Result<(String, bool), String> {
    match pair(text)? {
        (name, "on") => Ok((name.to_owned(), true)),
        (name, "off") => Ok((name.to_owned(), false)),
        _ => Err("it is on or off".into()),
    }
}

/// `NAME=ONE,TWO`; no `=`, or nothing behind it, is an empty list.
#[expect(clippy::unnecessary_wraps, reason = "clap wants a result")]
fn named_list(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, list) = text.split_once('=').unwrap_or((text, ""));
    let list = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    Ok((name.trim().to_owned(), list.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_is_refused_before_anybody_logs_in() {
        for text in [
            "Complexity",
            "=1",
            "Nothing=1",
            "ServicesBasePort=80",
            "Complexity=Very High",
            "TcpDiscovery=maybe",
        ] {
            assert!(setting(text).is_err(), "{text}");
        }
        assert_eq!(
            setting("udpdiscovery=off"),
            Ok((Setting::UdpDiscovery, "false".into()))
        );
        assert_eq!(
            setting("RejectAction=No Action"),
            Ok((Setting::RejectAction, "No Action".into()))
        );
        assert!(setting("ServicesBasePort=1").is_err_and(|why| why.contains("49152 to 65526")));
        assert_eq!(level("A=B=secure high"), Ok(("A=B".into(), Level::SecureHigh)));
        assert!(level("HTTP=Secure").is_err_and(|why| why.contains("Unsecure + Secure")));
        assert!(switch("TFTP Server=yes").is_err() && switch("TFTP Server").is_err());
    }

    #[test]
    fn a_list_may_be_empty() {
        let list = |text| named_list(text).unwrap_or_default();
        assert_eq!(list("Zoë=A, B"), ("Zoë".into(), vec!["A".into(), "B".into()]));
        assert_eq!(list("Zoë="), ("Zoë".into(), vec![]));
        assert_eq!(list("Zoë"), ("Zoë".into(), vec![]));
    }
}
