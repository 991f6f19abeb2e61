//! The address of one value inside an entity: `LANs/LAN[id=LAN1]/IPAddress`.

use std::fmt;
use std::str::FromStr;

/// Where a value stands inside an entity (the notation is `project`; element names as in protocol.md, section 5).
///
/// Written as element names from the entity's children down, joined by `/`. A child that repeats carries a selector:
/// `[Key=1]` where an attribute tells the children apart, else `[2]`, counted from 1 among those of the same name.
/// A last step `@name` is an attribute. The entity's own text is `.`; one of its attributes is `@name` alone.
/// A selector's value with a `]` in it, or a `"` at its beginning, stands in double quotes, with `"` doubled.
///
/// ```
/// use trunkline_document::FieldPath;
/// let path: FieldPath = "DSSKeys/DSSKey[Key=1]/Action".parse()?;
/// assert_eq!(path.name(), "Action");
/// assert_eq!(path.to_string(), "DSSKeys/DSSKey[Key=1]/Action");
/// # Ok::<(), trunkline_document::PathError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    pub(crate) steps: Vec<Step>,
    pub(crate) attribute: Option<String>,
}

/// One element on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) selector: Option<Selector>,
}

/// Which of several children of the same name is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Selector {
    /// The one whose attribute has this value.
    Key { attribute: String, value: String },
    /// Counted from 1.
    Index(usize),
}

impl FieldPath {
    /// The name of the element or attribute that holds the value; empty for the entity's own text.
    pub fn name(&self) -> &str {
        match &self.attribute {
            Some(attribute) => attribute,
            None => self.steps.last().map_or("", |step| &step.name),
        }
    }

    /// The names of the elements on the way, without selectors and without a last attribute.
    pub fn elements(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.steps.iter().map(|step| step.name.as_str())
    }

    /// Whether the value is an attribute's.
    pub fn is_attribute(&self) -> bool {
        self.attribute.is_some()
    }

    /// Whether this value stands inside the element that `other` is.
    pub(crate) fn is_below(&self, other: &Self) -> bool {
        other.attribute.is_none()
            && self.steps.len() > other.steps.len()
            && self.steps.starts_with(&other.steps)
    }

    pub(crate) fn of_attribute(name: &str) -> Self {
        Self {
            steps: Vec::new(),
            attribute: Some(name.to_owned()),
        }
    }
}

/// A path that can not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the path of the field can not be read at character {position}: {reason}; an example is LANs/LAN[id=LAN1]/IPAddress"
)]
pub struct PathError {
    /// Where, in characters counted from 1.
    pub position: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() && self.attribute.is_none() {
            return f.write_str(".");
        }
        for (position, step) in self.steps.iter().enumerate() {
            if position > 0 {
                f.write_str("/")?;
            }
            write!(f, "{step}")?;
        }
        if let Some(attribute) = &self.attribute {
            write!(f, "{}@{attribute}", if self.steps.is_empty() { "" } else { "/" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.selector {
            None => Ok(()),
            Some(Selector::Index(index)) => write!(f, "[{index}]"),
            Some(Selector::Key { attribute, value }) if value.contains(']') || value.starts_with('"') => {
                write!(f, "[{attribute}=\"{}\"]", value.replace('"', "\"\""))
            }
            Some(Selector::Key { attribute, value }) => write!(f, "[{attribute}={value}]"),
        }
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    /// # Errors
    /// [`PathError`] with the place where the text stops being a path.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut reading = Reading { text, at: 0 };
        let mut path = Self::default();
        if text == "." {
            return Ok(path);
        }
        loop {
            if reading.accept('@') {
                path.attribute = Some(reading.name()?);
                break;
            }
            path.steps.push(reading.step()?);
            if !reading.accept('/') {
                break;
            }
        }
        if reading.rest().is_empty() {
            Ok(path)
        } else {
            Err(reading.wrong("more text than a path"))
        }
    }
}

struct Reading<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reading<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn name(&mut self) -> Result<String, PathError> {
        let len = self
            .rest()
            .find(['/', '[', ']', '@', '=', '"'])
            .unwrap_or(self.rest().len());
        if len == 0 {
            return Err(self.wrong("a name is missing"));
        }
        let name = self.rest()[..len].to_owned();
        self.at += len;
        Ok(name)
    }

    fn step(&mut self) -> Result<Step, PathError> {
        let name = self.name()?;
        if !self.accept('[') {
            return Ok(Step { name, selector: None });
        }
        let before = self.at;
        let first = self.name()?;
        let selector = if self.accept('=') {
            Selector::Key {
                attribute: first,
                value: self.value()?,
            }
        } else {
            match first.parse() {
                Ok(index) if index > 0 => Selector::Index(index),
                _ => {
                    self.at = before;
                    return Err(self.wrong("neither a number from 1 nor name=value"));
                }
            }
        };
        if self.accept(']') {
            Ok(Step {
                name,
                selector: Some(selector),
            })
        } else {
            Err(self.wrong("a ] is missing"))
        }
    }

    fn value(&mut self) -> Result<String, PathError> {
        if !self.accept('"') {
            let len = self.rest().find(']').unwrap_or(self.rest().len());
            let value = self.rest()[..len].to_owned();
            self.at += len;
            return Ok(value);
        }
        let mut value = String::new();
        loop {
            let Some(len) = self.rest().find('"') else {
                return Err(self.wrong("the closing \" is missing"));
            };
            value.push_str(&self.rest()[..len]);
            self.at += len + 1;
            if !self.accept('"') {
                return Ok(value);
            }
            value.push('"');
        }
    }

    fn wrong(&self, reason: &'static str) -> PathError {
        PathError {
            position: self.text[..self.at].chars().count() + 1,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, attribute: &str, value: &str) -> Step {
        Step {
            name: name.into(),
            selector: Some(Selector::Key {
                attribute: attribute.into(),
                value: value.into(),
            }),
        }
    }

    fn plain(name: &str) -> Step {
        Step {
            name: name.into(),
            selector: None,
        }
    }

    #[test]
    fn reads_and_writes_every_form() {
        let check = |text: &str, steps: Vec<Step>, attribute: Option<&str>| {
            let path: FieldPath = text.parse().unwrap();
            assert_eq!(
                path,
                FieldPath {
                    steps,
                    attribute: attribute.map(Into::into)
                },
                "{text}"
            );
            assert_eq!(path.to_string(), text);
        };
        check(".", vec![], None);
        check("@GUID", vec![], Some("GUID"));
        check("Name", vec![plain("Name")], None);
        check(
            "LANs/LAN[id=LAN1]/@mode",
            vec![plain("LANs"), key("LAN", "id", "LAN1")],
            Some("mode"),
        );
        check(
            "A[id=a/b=\"c\"]/B",
            vec![key("A", "id", "a/b=\"c\""), plain("B")],
            None,
        );
        check("A[id=\"a]b\"\"c\"]", vec![key("A", "id", "a]b\"c")], None);
        check("A[id=\"\"\"\"]", vec![key("A", "id", "\"")], None);
        check("A[id=]", vec![key("A", "id", "")], None);
        check(
            "A[12]",
            vec![Step {
                name: "A".into(),
                selector: Some(Selector::Index(12)),
            }],
            None,
        );
    }

    #[test]
    fn refuses_what_is_no_path_and_says_where() {
        let check = |text: &str, position: usize| {
            assert_eq!(
                text.parse::<FieldPath>().unwrap_err().position,
                position,
                "{text}"
            );
        };
        check("", 1);
        check("/A", 1);
        check("A/", 3);
        check("Ä//B", 3);
        check("A[", 3);
        check("A[0]", 3);
        check("A[x]", 3);
        check("A[1", 4);
        check("A[id=\"x]", 7);
        check("A[1]B", 5);
        check("A/@", 4);
        check("A/@x/y", 5);
    }
}
