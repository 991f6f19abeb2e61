//! What was done, when, to which unit, and how it ended: one line of JSON each, without secrets.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::hex;
use crate::paths::DataDir;
use crate::{spreadsheet, write_file};

/// Bytes of the file at which the older half of it is dropped.
const MAX_BYTES: u64 = 2 << 20;
/// Most entries that are kept and shown.
const MAX_ENTRIES: usize = 5_000;
/// Most characters of one text in an entry.
const MAX_CHARS: usize = 300;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    /// 16 hex digits, so that a list can tell entries apart.
    pub id: String,
    /// When it ended.
    pub at: Timestamp,
    /// What was done.
    pub action: Action,
    /// The unit's or the site's name, else its address.
    pub unit: String,
    /// The unit's address; empty where no unit took part.
    pub address: String,
    /// The service user; empty where nobody was logged in.
    pub user: String,
    /// How it ended.
    pub result: Outcome,
    /// More about it in a few words; never a secret.
    pub detail: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Logged in.
    LogIn,
    /// Received a configuration.
    Receive,
    /// Sent a configuration.
    Send,
    /// Restarted a unit.
    Restart,
    /// Saved a new site.
    SiteAdded,
    /// Changed a site.
    SiteChanged,
    /// Removed a site.
    SiteRemoved,
    /// Trusted a certificate.
    CertificatePinned,
    /// Opened a configuration from a file.
    FileOpened,
    /// Saved a configuration to a file.
    FileSaved,
    /// Changed a service user's password.
    PasswordChanged,
    /// Logged in as security administrator.
    SecurityLogIn,
    /// Received security settings, to look at them.
    SecurityReceived,
    /// Sent security settings.
    SecuritySent,
    /// Wrote security settings to a file.
    SecurityExported,
    /// Received an audit trail.
    AuditReceived,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// Somebody stopped it.
    Stopped,
    /// There was nothing to do.
    Unchanged,
}

/// What is to be written down.
#[derive(Debug, Clone, Copy)]
pub struct NewActivity<'a> {
    /// What was done.
    pub action: Action,
    /// The unit's or the site's name.
    pub unit: &'a str,
    /// The unit's address.
    pub address: &'a str,
    /// The service user.
    pub user: &'a str,
    /// How it ended.
    pub result: Outcome,
    /// More about it; never a secret.
    pub detail: &'a str,
}

/// The record of what was done, `activity.jsonl` in the data folder: the owner's alone, 5,000 entries at most.
///
/// Each entry is appended and synced; a line that a crash cut off is left out when it is read.
#[derive(Debug)]
pub struct Activity {
    path: PathBuf,
    data: DataDir,
    max_bytes: u64,
    writing: Mutex<()>,
}

impl Activity {
    /// The record in this data folder. The file is made with the first entry.
    pub fn new(data: &DataDir) -> Self {
        let path = data.folder().join("activity.jsonl");
        Self {
            path,
            data: data.clone(),
            max_bytes: MAX_BYTES,
            writing: Mutex::default(),
        }
    }

    /// Writes down what was done.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where it can not be written.
    pub fn add(&self, new: &NewActivity<'_>) -> Result<()> {
        let entry = ActivityEntry {
            id: new_id()?,
            at: Timestamp::now(),
            action: new.action,
            unit: clean(new.unit),
            address: clean(new.address),
            user: clean(new.user),
            result: new.result,
            detail: clean(new.detail),
        };
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.data.create()?;
        let failed = |error: std::io::Error| Error::storage(&self.path, &error);
        if !self.path.exists() {
            // Such a file is the owner's alone from its first moment.
            write_file(&self.path, b"")?;
        }
        let mut file = OpenOptions::new()
            .append(true)
            .read(true)
            .open(&self.path)
            .map_err(failed)?;
        let mut line = String::new();
        if !ends_with_line(&mut file).map_err(failed)? {
            line.push('\n');
        }
        line.push_str(&serde_json::to_string(&entry).map_err(|error| Error::storage(&self.path, &error))?);
        line.push('\n');
        // One write: lines of two processes do not get mixed up.
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(failed)?;
        if file.metadata().map_err(failed)?.len() > self.max_bytes {
            drop(file);
            self.drop_older_half()?;
        }
        Ok(())
    }

    /// Everything that was done, the newest first.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`] where the file can not be read.
    pub fn list(&self) -> Result<Vec<ActivityEntry>> {
        let mut entries = self.read()?;
        entries.reverse();
        entries.truncate(MAX_ENTRIES);
        Ok(entries)
    }

    /// The service user of the last log-in of this kind to this address that worked.
    pub fn last_user(&self, address: &str, log_in: Action) -> Option<String> {
        let logged_in = |entry: &&ActivityEntry| {
            entry.action == log_in && entry.result == Outcome::Done && entry.address == address
        };
        self.list()
            .ok()?
            .iter()
            .find(logged_in)
            .map(|entry| entry.user.clone())
    }

    /// Everything that was done as a table for a spreadsheet (RFC 4180), the newest first. A cell that a spreadsheet
    /// would take for a formula has an apostrophe before it: names come from units, and units can be anybody's.
    ///
    /// # Errors
    /// As [`Activity::list`].
    pub fn csv(&self) -> Result<Vec<u8>> {
        let heading = ["at", "action", "unit", "address", "user", "result", "detail"];
        let rows = self.list()?.into_iter().map(|entry| {
            let (at, action, result) = (entry.at.to_string(), word(&entry.action), word(&entry.result));
            [
                at,
                action,
                entry.unit,
                entry.address,
                entry.user,
                result,
                entry.detail,
            ]
        });
        spreadsheet::table(&heading, rows)
    }

    /// Everything that was done as one JSON document, the newest first.
    ///
    /// # Errors
    /// As [`Activity::list`].
    pub fn json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(&self.list()?).map_err(|error| Error::storage(&self.path, &error))
    }

    fn read(&self) -> Result<Vec<ActivityEntry>> {
        let failed = |error: std::io::Error| Error::storage(&self.path, &error);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        // The bound keeps a file that grew by other means from filling the memory.
        let lines = BufReader::new(file.take(2 * MAX_BYTES)).split(b'\n');
        let mut entries = Vec::new();
        for line in lines {
            entries.extend(serde_json::from_slice::<ActivityEntry>(&line.map_err(failed)?));
        }
        Ok(entries)
    }

    fn drop_older_half(&self) -> Result<()> {
        let entries = self.read()?;
        let keep = &entries[entries.len().saturating_sub((entries.len() / 2).min(MAX_ENTRIES))..];
        let mut content = Vec::new();
        for entry in keep {
            serde_json::to_writer(&mut content, entry).map_err(|error| Error::storage(&self.path, &error))?;
            content.push(b'\n');
        }
        write_file(&self.path, &content)
    }
}

fn ends_with_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn new_id() -> Result<String> {
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| {
        Error::new(ErrorKind::Unsupported(format!(
            "the system gives no random numbers: {error}"
        )))
    })?;
    Ok(hex(&id))
}

/// On one line, and not endless: names and reasons come from units.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_CHARS)
        .collect()
}

fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::platform;

    fn entry<'a>(action: Action, unit: &'a str, user: &'a str, detail: &'a str) -> NewActivity<'a> {
        NewActivity {
            action,
            unit,
            address: "10.0.0.1",
            user,
            result: Outcome::Done,
            detail,
        }
    }

    fn activity() -> (tempfile::TempDir, Activity) {
        let folder = tempfile::tempdir().unwrap();
        let activity = Activity::new(&DataDir::at(folder.path().join("data")));
        (folder, activity)
    }

    #[test]
    fn what_was_done_comes_back_newest_first_and_private() {
        let (_folder, activity) = activity();
        assert_eq!(activity.list().unwrap(), []);
        activity
            .add(&entry(Action::LogIn, "Zürich\n2", "Administrator", ""))
            .unwrap();
        activity
            .add(&entry(Action::Receive, "Zürich", "", "r418"))
            .unwrap();
        let list = activity.list().unwrap();
        let seen: Vec<_> = list
            .iter()
            .map(|e| (e.action, e.unit.as_str(), e.detail.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                (Action::Receive, "Zürich", "r418"),
                (Action::LogIn, "Zürich 2", "")
            ]
        );
        assert_ne!(list[0].id, list[1].id);
        assert!(platform::has_permissions(&activity.path, 0o600));
        assert_eq!(
            activity.last_user("10.0.0.1", Action::LogIn).as_deref(),
            Some("Administrator")
        );
        assert_eq!(activity.last_user("10.0.0.2", Action::LogIn), None);
        assert_eq!(activity.last_user("10.0.0.1", Action::SecurityLogIn), None);
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out_and_the_next_is_whole() {
        let (_folder, activity) = activity();
        activity.add(&entry(Action::Send, "a", "", "first")).unwrap();
        let mut content = fs::read(&activity.path).unwrap();
        content.extend(b"{\"id\":\"12\",\"at\":\"20");
        fs::write(&activity.path, &content).unwrap();
        activity.add(&entry(Action::Send, "a", "", "third")).unwrap();
        let details: Vec<_> = activity.list().unwrap().into_iter().map(|e| e.detail).collect();
        assert_eq!(details, ["third", "first"]);
    }

    #[test]
    fn the_file_stays_bounded_and_keeps_the_newest() {
        let (_folder, mut activity) = activity();
        activity.max_bytes = 4_000;
        for number in 0..100 {
            activity
                .add(&entry(Action::Receive, "a", "", &format!("number {number}")))
                .unwrap();
            assert!(fs::metadata(&activity.path).unwrap().len() <= 4_000);
        }
        let list = activity.list().unwrap();
        assert_eq!(list[0].detail, "number 99");
        assert_eq!(list[1].detail, "number 98");
        assert!((5..50).contains(&list.len()), "{}", list.len());
        assert!(platform::has_permissions(&activity.path, 0o600));
    }

    #[test]
    fn a_table_has_quotes_where_needed_and_no_formula() {
        let (_folder, activity) = activity();
        activity
            .add(&entry(Action::SiteAdded, "=cmd()", "", "says \"x\", and more"))
            .unwrap();
        let csv = String::from_utf8(activity.csv().unwrap()).unwrap();
        let lines: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(lines[0], "at,action,unit,address,user,result,detail");
        assert!(
            lines[1].ends_with(",site_added,'=cmd(),10.0.0.1,,done,\"says \"\"x\"\", and more\""),
            "{csv}"
        );
        let json: serde_json::Value = serde_json::from_slice(&activity.json().unwrap()).unwrap();
        assert_eq!(json[0]["unit"], "=cmd()");
    }

    #[test]
    fn a_folder_that_can_not_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let activity = Activity::new(&DataDir::at(file.path()));
        assert_eq!(
            activity
                .add(&entry(Action::Send, "a", "", ""))
                .unwrap_err()
                .code(),
            "storage"
        );
    }
}
