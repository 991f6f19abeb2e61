use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_core::{CredentialKey, ErrorKind, Local, Place, Site, StoreData};

use super::Ended;
use super::site_arguments::SiteArguments;
use super::site_lists::{self, FormatArgument};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::table::Table;

/// Lists and changes the saved sites
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  trunkline sites add \"Head Office\" 192.168.42.1 --group Alpine --user Administrator
  trunkline sites list")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the saved sites
    #[command(after_help = "Example:\n  trunkline sites list --group Alpine\n\nJSON: {\"sites\":[…]}")]
    List {
        /// Only those of this group
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
    },
    /// Saves a site
    #[command(after_help = "\
Example:
  trunkline sites add \"Head Office\" 192.168.42.1 --group Alpine --tag vip --user Administrator

JSON: the site")]
    Add {
        /// What it is called
        name: String,
        /// Its address or DNS name, without a port
        address: String,
        #[command(flatten)]
        fields: Box<SiteArguments>,
    },
    /// Changes a site; what is not given stays as it is
    #[command(after_help = "\
Example:
  trunkline sites edit \"Head Office\" --name \"Headquarters\" --base-port none

JSON: the site")]
    Edit {
        /// The site
        site: String,
        /// Its new name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Its new address or DNS name
        #[arg(long, value_name = "ADDR")]
        address: Option<String>,
        #[command(flatten)]
        fields: Box<SiteArguments>,
    },
    /// Removes a site, and its own password from the keychain; its history in the archive stays
    #[command(after_help = "Example:\n  trunkline sites remove Warehouse\n\nJSON: the site that was removed")]
    Remove {
        /// The site
        site: String,
    },
    /// Takes over a list of sites: CSV, the vendor's list of known units included, or JSON
    ///
    /// What is known already, by name, MAC address or address, is merged. Names, groups, users and TLS levels of known sites
    /// stay. A line that is wrong is named and stops nothing.
    #[command(after_help = "\
Examples:
  trunkline sites import known-units.csv
  trunkline discover --csv | trunkline sites import -

A table may have commas, semicolons or tabs, and its columns in any order; with a heading (Name, MAC Address, Type, IP
Address, Version, Group, …) or without.
Exit status 7 where some lines are wrong, 2 where all are.
JSON: {\"added\",\"changed\",\"unchanged\",\"problems\":[{\"line\",\"reason\"}],\"ignored_columns\"}")]
    Import {
        /// The file; - for standard input
        file: PathBuf,
        /// Its format, where its name does not end in .csv or .json
        #[arg(long, value_enum)]
        format: Option<FormatArgument>,
    },
    /// Writes the saved sites to a file; never a password
    #[command(after_help = "\
Examples:
  trunkline sites export sites.csv
  trunkline sites export known-units.csv --known-units

JSON: {\"file\",\"sites\"}")]
    Export {
        /// The file; - for standard output
        file: PathBuf,
        /// Its format, where its name does not end in .csv or .json
        #[arg(long, value_enum)]
        format: Option<FormatArgument>,
        /// The vendor's columns alone, as CSV: name, MAC, type, address, version
        #[arg(long, conflicts_with = "format")]
        known_units: bool,
        /// Only those of this group
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
    },
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let local = context.local()?;
    match arguments.action {
        Action::List { group } => list(context, &*local.store.read()?, group.as_deref())?,
        Action::Add {
            name,
            address,
            fields,
        } => {
            let mut site = Site::new(&name, &address)?;
            fields.apply(&mut site);
            let site = local.store.update(|data| data.add_site(site).cloned())?;
            context
                .output
                .say(&format!("{}: saved, at {}", site.name, site.address));
            context.output.document(&site, String::new)?;
        }
        Action::Edit {
            site,
            name,
            address,
            fields,
        } => {
            let (before, after) = local.store.update(|data| {
                let before = data.find_site(&site)?.clone();
                let edited = data.edit_site(&site, |site| {
                    site.name = name.unwrap_or_else(|| site.name.clone());
                    site.address = address.unwrap_or_else(|| site.address.clone());
                    fields.apply(site);
                });
                Ok((before, edited?.clone()))
            })?;
            move_password(context, &local, &before, Some(&after)).await?;
            context.output.say(&format!("{}: changed", after.name));
            context.output.document(&after, String::new)?;
        }
        Action::Remove { site } => {
            let removed = local.store.update(|data| data.remove_site(&site))?;
            move_password(context, &local, &removed, None).await?;
            context.output.say(&format!("{}: removed", removed.name));
            context.output.document(&removed, String::new)?;
        }
        Action::Import { file, format } => return site_lists::import(context, &local, file, format).await,
        Action::Export {
            file,
            format,
            known_units,
            group,
        } => {
            return site_lists::export(context, &local, &file, format, known_units, group.as_deref());
        }
    }
    Ok(Exit::Done.into())
}

/// The keychain knows a site's own passwords by the site's name, and its user: they move and go with them.
async fn move_password(
    context: &Context,
    local: &Local,
    before: &Site,
    after: Option<&Site>,
) -> Result<(), Failure> {
    let system_password = |site: &Site| CredentialKey::SystemPassword {
        place: Place::Site(site.name.clone()),
    };
    // Only systems before 3.2 have one, and the keychain of all others is not asked.
    if local.may_have_system_password(before)? {
        let (from, to) = (system_password(before), after.map(system_password));
        move_key(context, local, before, from, to).await?;
    }
    let key = |site: &Site| {
        let user = site.user.clone()?;
        Some(CredentialKey::ServiceUser {
            place: Place::Site(site.name.clone()),
            user,
        })
    };
    let Some(from) = key(before) else { return Ok(()) };
    // Another user's password is another one, and stays until somebody logs out.
    let to = match after {
        Some(after) if after.user == before.user => key(after),
        Some(_) => return Ok(()),
        None => None,
    };
    move_key(context, local, before, from, to).await
}

async fn move_key(
    context: &Context,
    local: &Local,
    before: &Site,
    from: CredentialKey,
    to: Option<CredentialKey>,
) -> Result<(), Failure> {
    if to.as_ref() == Some(&from) {
        return Ok(());
    }
    let credentials = Arc::clone(&local.credentials);
    let moved = spawn_blocking(move || match to {
        Some(to) => credentials.rename(&from, &to),
        None => credentials.delete(&from),
    });
    match moved.await.map_err(|_| ErrorKind::Cancelled(""))? {
        // Where there is no keychain there is no password in it.
        Err(error) if error.code() != "keychain_unavailable" => {
            context.output.warn(&format!(
                "the password of {:?} could not be moved: {error}",
                before.name
            ));
        }
        _ => {}
    }
    Ok(())
}

fn list(context: &Context, data: &StoreData, group: Option<&str>) -> Result<(), Failure> {
    let mut sites = data.sites();
    sites.retain(|site| group.is_none_or(|group| site.group.as_deref().unwrap_or_default() == group));
    context.output.document(&json!({"sites": sites}), || {
        if sites.is_empty() {
            return String::new();
        }
        let mut table = Table::new(&[
            "NAME",
            "GROUP",
            "ADDRESS",
            "BASE PORT",
            "METHOD",
            "TLS",
            "USER",
            "TAGS",
        ]);
        for site in &sites {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            table.row([
                site.name.clone(),
                text(&site.group),
                site.address.clone(),
                site.services_base_port
                    .map(|port| port.to_string())
                    .unwrap_or_default(),
                site.method.to_string(),
                site.tls.to_string(),
                text(&site.user),
                site.tags.join(", "),
            ]);
        }
        table.to_string()
    })?;
    if sites.is_empty() {
        context
            .output
            .say("no site is saved; save one with `trunkline sites add NAME ADDRESS`");
    }
    Ok(())
}
