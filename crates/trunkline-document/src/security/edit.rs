//! What a person changes, and how it is done in the document.

use super::{GROUP, INTERFACE, Level, RIGHTS, SERVICE, SecuritySettings, Setting, USER, groups_of, text};
use crate::edit::{EditError, escaped_text};
use crate::path::FieldPath;

/// One change. What it holds is no secret: new passwords are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityEdit {
    /// Gives a setting of the policy or the system another value.
    Set {
        /// Which.
        setting: Setting,
        /// The value as the document writes it.
        value: String,
    },
    /// Protects a service in another way.
    ServiceLevel {
        /// The service's name.
        service: String,
        /// The level.
        level: Level,
    },
    /// Opens or closes an unsecured interface.
    Interface {
        /// The interface's name.
        interface: String,
        /// Whether it is open.
        enabled: bool,
    },
    /// Adds a service user, who is enabled and has no password yet.
    AddUser {
        /// The new name.
        user: String,
        /// The rights groups to be in.
        groups: Vec<String>,
    },
    /// Removes a service user.
    RemoveUser {
        /// The name.
        user: String,
    },
    /// Lets a service user log in, or not.
    EnableUser {
        /// The name.
        user: String,
        /// Whether the account may be used.
        enabled: bool,
    },
    /// Puts a service user into these rights groups and no others.
    UserGroups {
        /// The name.
        user: String,
        /// The groups.
        groups: Vec<String>,
    },
    /// Adds a rights group.
    AddGroup {
        /// The new name.
        group: String,
        /// What its members may do.
        rights: Vec<String>,
    },
    /// Removes a rights group, and takes every user out of it.
    RemoveGroup {
        /// The name.
        group: String,
    },
    /// Lets the members of a rights group do this and nothing else.
    GroupRights {
        /// The name.
        group: String,
        /// What its members may do.
        rights: Vec<String>,
    },
}

/// Why a change could not be made; the settings are then as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecurityEditError {
    /// What is to be changed is not there.
    #[error("there is no {what} {name:?}{}", known_ones(.known))]
    NotFound {
        /// `service user`, `rights group`, `service` or `unsecured interface`.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The name is taken.
    #[error("there is a {what} {name:?} already")]
    Exists {
        /// As above.
        what: &'static str,
        /// The name asked for.
        name: String,
    },
    /// Neither this program nor the unit knows such a right.
    #[error("there is no right {right:?}; there are {}", .known.join(", "))]
    NoRight {
        /// The right asked for.
        right: String,
        /// The rights that there are.
        known: Vec<String>,
    },
    /// The value is not what the setting holds.
    #[error("{setting} can not be {value:?}; it is {}", .setting.wanted())]
    Value {
        /// The setting.
        setting: Setting,
        /// The value asked for.
        value: String,
    },
    /// The document can not be changed in this way.
    #[error(transparent)]
    Document(#[from] EditError),
}

fn known_ones(known: &[String]) -> String {
    if known.is_empty() {
        return "; there is none at all".to_owned();
    }
    format!("; there are {}", known.join(", "))
}

impl SecuritySettings {
    /// Makes a change; says whether anything is different now.
    ///
    /// # Errors
    /// [`SecurityEditError`].
    pub fn apply(&mut self, edit: &SecurityEdit) -> Result<bool, SecurityEditError> {
        let mut changed = self.clone();
        changed.make(edit)?;
        let differs = changed != *self;
        *self = changed;
        Ok(differs)
    }

    /// Notes that a service user has a password of their own, as a unit does once it took a new one; nothing happens
    /// where the document does not say such things.
    pub fn mark_password_set(&mut self, user: &str) {
        if let Ok(position) = self.position(USER, user)
            && let Ok(path) = "PasswordSet".parse()
        {
            // Without such a field there is nothing to note.
            let _ = self.document.set(position, &path, "true");
        }
    }

    fn make(&mut self, edit: &SecurityEdit) -> Result<(), SecurityEditError> {
        match edit {
            SecurityEdit::Set { setting, value } => self.set(*setting, value.trim()),
            SecurityEdit::ServiceLevel { service, level } => {
                self.set_field(SERVICE, service, "Level", level.name())
            }
            SecurityEdit::Interface { interface, enabled } => {
                self.set_field(INTERFACE, interface, "Enabled", switch(*enabled))
            }
            SecurityEdit::EnableUser { user, enabled } => {
                self.set_field(USER, user, "Enabled", switch(*enabled))
            }
            SecurityEdit::GroupRights { group, rights } => {
                self.know_rights(rights)?;
                self.set_field(GROUP, group, "Rights", &rights.join(" "))
            }
            SecurityEdit::AddUser { user, groups } => self.add_user(user.trim(), groups),
            SecurityEdit::UserGroups { user, groups } => self.set_groups(user, groups),
            SecurityEdit::AddGroup { group, rights } => {
                self.know_rights(rights)?;
                let rights = ("Rights", rights.join(" "));
                self.add(GROUP, group.trim(), &[rights])
            }
            SecurityEdit::RemoveUser { user } => self.remove(USER, user),
            SecurityEdit::RemoveGroup { group } => {
                self.remove(GROUP, group)?;
                for user in self.users() {
                    if user.groups.contains(group) {
                        let left: Vec<_> = user.groups.iter().filter(|g| *g != group).cloned().collect();
                        self.set_groups(&user.name, &left)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn set(&mut self, setting: Setting, value: &str) -> Result<(), SecurityEditError> {
        if !setting.takes(value) {
            return Err(SecurityEditError::Value {
                setting,
                value: value.to_owned(),
            });
        }
        let position = self
            .of_kind(setting.entity())
            .next()
            .map(|entity| entity.position());
        if let Some(position) = position {
            self.write(position, setting.name(), value)?;
        } else {
            let (entity, name) = (setting.entity(), setting.name());
            let source = format!("<{entity}><{name}>{}</{name}></{entity}>", escaped_text(value));
            self.document.add_entity(&source)?;
        }
        Ok(())
    }

    fn set_field(
        &mut self,
        kind: &'static str,
        name: &str,
        field: &str,
        value: &str,
    ) -> Result<(), SecurityEditError> {
        let position = self.position(kind, name)?;
        Ok(self.write(position, field, value)?)
    }

    /// Gives a field a value, whether it is there already or not. One that is there several times is refused: nobody
    /// knows which of them counts.
    fn write(&mut self, position: usize, field: &str, value: &str) -> Result<(), EditError> {
        let path: FieldPath = field.parse().map_err(|_| EditError::NotAName {
            name: field.to_owned(),
        })?;
        let is_there = self.document.entity(position).is_some_and(|entity| {
            let mut paths = entity.fields().into_iter().map(|field| field.path);
            paths.any(|path| path.elements().next() == Some(field))
        });
        if is_there {
            self.document.set(position, &path, value).map(drop)
        } else {
            self.document.add_field(position, field, value)
        }
    }

    /// A unit may know rights that this program does not: those that one of its groups has.
    fn know_rights(&self, rights: &[String]) -> Result<(), SecurityEditError> {
        let mut known: Vec<String> = RIGHTS.map(str::to_owned).into();
        for right in self
            .groups()
            .into_iter()
            .flat_map(|group| group.rights.unwrap_or_default())
        {
            if !known.contains(&right) {
                known.push(right);
            }
        }
        match rights.iter().find(|right| !known.contains(right)) {
            Some(right) => Err(SecurityEditError::NoRight {
                right: right.clone(),
                known,
            }),
            None => Ok(()),
        }
    }

    fn add_user(&mut self, user: &str, groups: &[String]) -> Result<(), SecurityEditError> {
        let mut fields = vec![("Enabled", "true".to_owned())];
        fields.extend(groups.iter().map(|group| (GROUP, group.clone())));
        fields.push(("PasswordSet", "false".to_owned()));
        self.add(USER, user, &fields)
    }

    fn add(
        &mut self,
        kind: &'static str,
        name: &str,
        fields: &[(&'static str, String)],
    ) -> Result<(), SecurityEditError> {
        if self.named(kind, name).is_some() {
            return Err(SecurityEditError::Exists {
                what: called(kind),
                name: name.to_owned(),
            });
        }
        let source = format!("<{kind}>\n    <Name>-</Name>\n  </{kind}>");
        let position = self.document.add_entity(&source)?;
        // This, and not the source, knows which characters a document can hold.
        self.write(position, "Name", name)?;
        for (field, value) in fields {
            self.document.add_field(position, field, value)?;
        }
        Ok(())
    }

    fn remove(&mut self, kind: &'static str, name: &str) -> Result<(), SecurityEditError> {
        let position = self.position(kind, name)?;
        self.document.remove_entity(position)?;
        Ok(())
    }

    /// One element for each group; those that stay are not touched.
    fn set_groups(&mut self, user: &str, groups: &[String]) -> Result<(), SecurityEditError> {
        let position = self.position(USER, user)?;
        loop {
            let gone = self.document.entity(position).and_then(|entity| {
                entity
                    .fields()
                    .into_iter()
                    .filter(|field| !field.path.is_attribute() && field.path.elements().eq([GROUP]))
                    .find(|field| !groups.iter().any(|group| group == field.value.reveal().trim()))
            });
            match gone {
                Some(field) => self.document.remove_field(position, &field.path)?,
                None => break,
            }
        }
        for group in groups {
            let is_in = self
                .document
                .entity(position)
                .is_some_and(|entity| groups_of(&entity).contains(group));
            if !is_in {
                self.document.add_field(position, GROUP, group)?;
            }
        }
        Ok(())
    }

    fn position(&self, kind: &'static str, name: &str) -> Result<usize, SecurityEditError> {
        self.named(kind, name)
            .map(|entity| entity.position())
            .ok_or_else(|| SecurityEditError::NotFound {
                what: called(kind),
                name: name.to_owned(),
                known: self.of_kind(kind).map(|entity| text(&entity, "Name")).collect(),
            })
    }
}

/// A kind of entity in a sentence.
pub(super) fn called(kind: &str) -> &'static str {
    match kind {
        SERVICE => "service",
        GROUP => "rights group",
        USER => "service user",
        INTERFACE => "unsecured interface",
        _ => "setting",
    }
}

fn switch(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}
