use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use trunkline_core::Preferences;
use trunkline_core::store::preferences::{TABLE, find};
use trunkline_protocol::criteria::Criteria;

use super::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::table::Table;

/// Shows and changes preferences
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline preferences list
  trunkline preferences set ip_search_criteria '10.0.0.0/24; pbx.example.com'

JSON: {\"NAME\": value, …}")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows one preference, or all
    #[command(after_help = "Example:\n  trunkline preferences get ip_search_criteria")]
    Get {
        /// The preference; all without one
        name: Option<String>,
    },
    /// Changes a preference
    #[command(after_help = "Example:\n  trunkline preferences set discovery_timeout_ms 2000")]
    Set {
        /// The preference
        name: String,
        /// Its new value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Shows all preferences and what they do
    #[command(after_help = "Example:\n  trunkline preferences list")]
    List,
}

pub(super) fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let local = context.local()?;
    let preferences = |names: &[&'static str]| document(&local.store.read()?.preferences, names);
    match arguments.action {
        Action::Get { name: Some(name) } => {
            let name = find(&name)?.name;
            let text = local.store.read()?.preferences.get(name)?;
            context
                .output
                .document(&preferences(&[name])?, || format!("{text}\n"))?;
        }
        Action::Set { name, value } => {
            let name = find(&name)?.name;
            if name == "ip_search_criteria" {
                check_criteria(&value)?;
            }
            local.store.update(|data| data.preferences.set(name, &value))?;
            let text = local.store.read()?.preferences.get(name)?;
            context.output.say(&format!("{name} is now {text}"));
            context.output.document(&preferences(&[name])?, String::new)?;
        }
        Action::Get { name: None } | Action::List => {
            let all: Vec<_> = TABLE.iter().map(|preference| preference.name).collect();
            let table = table(&local.store.read()?.preferences)?;
            context.output.document(&preferences(&all)?, || table)?;
        }
    }
    Ok(Exit::Done.into())
}

fn document(preferences: &Preferences, names: &[&str]) -> Result<Value, Failure> {
    let mut document = Map::new();
    for name in names {
        document.insert((*name).to_owned(), preferences.get_json(name)?);
    }
    Ok(document.into())
}

fn table(preferences: &Preferences) -> Result<String, Failure> {
    let mut table = Table::new(&["NAME", "VALUE", "", "WHAT IT DOES"]).numbers_in(1);
    for known in TABLE {
        let value = preferences.get(known.name)?;
        table.row([known.name, &value, known.unit, known.description]);
    }
    Ok(table.to_string())
}

/// A wrong entry that is saved would be a surprise in every search from then on.
fn check_criteria(text: &str) -> Result<(), Failure> {
    match Criteria::parse(text).bad_entries().first() {
        None => Ok(()),
        Some(bad) => Err(Failure::usage(format!(
            "ip_search_criteria: entry {:?} at position {}: {}",
            bad.entry, bad.position, bad.reason
        ))),
    }
}
