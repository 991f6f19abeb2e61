use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use trunkline_core::devlink::{DevLinkPorts, FileName};
use trunkline_core::tftp::{TftpAccess, read_text_file};
use trunkline_core::{Fingerprint, Target, write_file};
use trunkline_protocol::nasystem::{self, ListFile, Listing, Row};
use trunkline_protocol::ports;
use trunkline_protocol::provenance::Provenance;
use trunkline_protocol::who_is::WhoIsAnswer;

use super::Ended;
use crate::arguments::{LogInArguments, TargetArguments};
use crate::context::Context;
use crate::devlink::{log_in, tls_as_used};
use crate::failure::{Exit, Failure};
use crate::output::stdout_failed;
use crate::progress::Shown;
use crate::table::Table;
use crate::text::count;

/// Malformed lines that are named one by one.
const NAMED: usize = 5;

/// Reads a text file off a unit, such as its list of users
///
/// Units give out text files below nasystem/: who_is, user_list8, hunt_list, dir_list, licence_list, extn_list and more. What is known of
/// their columns was observed, not published. Over TFTP they come without a password, where the unit allows that: off by default.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline read 192.168.42.1 nasystem/user_list8 --user Administrator
  trunkline read \"Head Office\" nasystem/hunt_list --table
  trunkline read \"Head Office\" nasystem/dir_list --out directory.txt
  trunkline read \"Old Mill\" nasystem/user_list8 --via tftp

JSON: {\"address\",\"file\",\"via\",\"tls\",\"fingerprint\",\"bytes\",\"provenance\",\"text\",\"rows\":[{\"line\",…,\"other\"}],
\"malformed\":[{\"line\",\"reason\"}]}; rows is null for files whose lines nobody has explained")]
pub(crate) struct Arguments {
    /// The file's name, below nasystem/
    #[arg(index = 2)]
    file: FileName,
    /// How it is read
    #[arg(long, value_enum, default_value_t = Via::Auto)]
    via: Via,
    /// Writes the file as it came, instead of text on standard output; - for standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Shows the lines as a table, where something is known of them
    #[arg(long, conflicts_with_all = ["out", "json"])]
    table: bool,
    /// Where the unit offers DevLink3 over TLS, instead of 50796
    #[arg(long, value_name = "PORT", default_value_t = ports::DEVLINK3_TLS, hide_default_value = true,
          value_parser = clap::value_parser!(u16).range(1..), help_heading = "Connection")]
    devlink3_tls_port: u16,
    /// Where the unit offers DevLink3 over plain TCP, instead of 50797
    #[arg(long, value_name = "PORT", default_value_t = ports::DEVLINK3, hide_default_value = true,
          value_parser = clap::value_parser!(u16).range(1..), help_heading = "Connection")]
    devlink3_port: u16,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

/// The ways of `--via`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// TFTP where the site or the unit says that it is a system before 3.2, and nothing of a log-in or a port says
    /// otherwise; else DevLink3
    Auto,
    /// DevLink3, with a log-in
    Devlink3,
    /// TFTP, without a log-in and readable on the way
    Tftp,
}

/// What was read, and from where.
struct ReadFile {
    address: String,
    via: &'static str,
    tls: (&'static str, Option<Fingerprint>),
    contents: Vec<u8>,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let to_stdout = arguments.out.as_deref() == Some(Path::new("-"));
    if to_stdout && context.output.json {
        return Err(Failure::usage(
            "--out - and --json can not share standard output; name a file",
        ));
    }
    if arguments.target.way.overrides(None).method.is_some() {
        return Err(Failure::usage(
            "--method is about configurations; how a text file is read is said with --via",
        ));
    }
    let known = ListFile::named(arguments.file.as_str());
    if arguments.table && known.is_none() {
        return Err(Failure::usage(format!(
            "nothing is known of the lines of {}, so there is no table of them",
            arguments.file
        )));
    }
    let read = match by_choice(context, &arguments).await? {
        Some(way) => over_tftp(context, &arguments, way).await?,
        None => over_devlink3(context, &arguments).await?,
    };
    let listing = known.map(|file| (file, file.read(&read.contents)));
    if let Some((_, listing)) = &listing {
        say_malformed(context, listing);
    }
    match &arguments.out {
        Some(_) if to_stdout => io::stdout()
            .write_all(&read.contents)
            .map_err(|error| stdout_failed(&error))?,
        Some(path) => {
            write_file(path, &read.contents)?;
            let bytes = count(read.contents.len() as u64, "byte", "bytes");
            context.output.say(&format!(
                "{}: read {}, {bytes}, as {}",
                read.address,
                arguments.file,
                path.display()
            ));
        }
        None => {}
    }
    if context.output.json {
        context
            .output
            .document(&to_json(&arguments.file, &read, listing.as_ref()), String::new)?;
    } else if let (true, Some((file, listing))) = (arguments.table, &listing) {
        crate::output::print(&table(file, listing).to_string())?;
    } else if arguments.out.is_none() {
        crate::output::print(&nasystem::text(&read.contents))?;
    }
    Ok(Exit::Done.into())
}

/// The way over TFTP, where that is meant.
async fn by_choice(context: &Context, arguments: &Arguments) -> Result<Option<TftpAccess>, Failure> {
    let (who, way) = (&arguments.who, &arguments.target.way);
    let logs_in = who.user.is_some() || who.attempt.password_stdin;
    if arguments.via == Via::Tftp && (logs_in || who.attempt.system_password_stdin) {
        return Err(Failure::usage(
            "over TFTP a text file is read without a log-in; leave out the user and the password",
        ));
    }
    if arguments.via == Via::Devlink3 || arguments.via == Via::Auto && logs_in {
        return Ok(None);
    }
    let local = context.local()?;
    let target = Target::parse(&arguments.target.target, &*local.store.read()?)?;
    let overrides = way.overrides(None);
    let by_tftp = match arguments.via {
        Via::Tftp => true,
        _ => {
            local
                .reads_over_tftp(&target, &overrides, &context.cancel)
                .await?
        }
    };
    by_tftp
        .then(|| local.tftp_access(&target, &overrides))
        .transpose()
        .map_err(Failure::from)
}

async fn over_tftp(context: &Context, arguments: &Arguments, way: TftpAccess) -> Result<ReadFile, Failure> {
    let address = way.address();
    context.output.warn(&format!(
        "{address}: TFTP: whoever is on the way can read and change what is read"
    ));
    let shown = Shown::new(&context.output);
    let cancel = context.cancel.clone();
    let read = read_text_file(&way, &arguments.file, cancel, &|p| shown.report(p)).await;
    drop(shown);
    let contents = read.map_err(|error| match error.code() {
        "unit_refused" => Failure::from(error).hint(
            "The unit has no such file, or does not give it out over TFTP, which is off by default; over DevLink3 it needs a log-in \
             (--via devlink3 --user NAME).",
        ),
        _ => error.into(),
    })?;
    Ok(ReadFile {
        address,
        via: "tftp",
        tls: ("off", None),
        contents,
    })
}

async fn over_devlink3(context: &Context, arguments: &Arguments) -> Result<ReadFile, Failure> {
    let ports = DevLinkPorts {
        tls: arguments.devlink3_tls_port,
        plain: arguments.devlink3_port,
    };
    let mut session = log_in(context, &arguments.target, &arguments.who, ports).await?;
    let shown = Shown::new(&context.output);
    let contents = session.read_file(&arguments.file, &|p| shown.report(p)).await?;
    drop(shown);
    let read = ReadFile {
        address: session.address(),
        via: "devlink3",
        tls: tls_as_used(&session),
        contents: contents.to_vec(),
    };
    session.close().await;
    Ok(read)
}

fn say_malformed(context: &Context, listing: &Listing) {
    for bad in listing.malformed.iter().take(NAMED) {
        context.output.warn(&format!(
            "line {} can not be read as a row: {}",
            bad.line, bad.reason
        ));
    }
    let more = listing.malformed.len().saturating_sub(NAMED);
    if more > 0 {
        let lines = count(more as u64, "line", "lines");
        context.output.warn(&format!("nor can {lines} more"));
    }
}

/// The rows that could be read; a column is there when any row has something in it.
fn table(file: &ListFile, listing: &Listing) -> Table {
    let most = listing
        .rows
        .iter()
        .map(|row| row.columns.len())
        .max()
        .unwrap_or_default();
    let named = |index| file.columns.iter().find(|column| column.index == index);
    let filled = |index: &usize| {
        let has_some = |row: &Row| row.columns.get(*index).is_some_and(|value| !value.is_empty());
        listing.rows.iter().any(has_some)
    };
    let columns: Vec<usize> = (0..most).filter(filled).collect();
    let headings: Vec<String> = columns
        .iter()
        .map(|index| match named(*index) {
            Some(column) => column.key.replace('_', " ").to_uppercase(),
            None => format!("#{index}"),
        })
        .collect();
    let mut table = Table::new(&headings.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &listing.rows {
        table.row(columns.iter().map(|index| {
            let value = row.columns.get(*index).map_or("", String::as_str);
            match named(*index).map(|column| column.in_words(value)) {
                Some(word) if word != value => word.replace('_', " "),
                _ => value.to_owned(),
            }
        }));
    }
    table
}

fn to_json(name: &FileName, read: &ReadFile, listing: Option<&(&ListFile, Listing)>) -> Value {
    let (tls, fingerprint) = read.tls;
    let malformed: Vec<Value> = listing
        .iter()
        .flat_map(|(_, listing)| &listing.malformed)
        .map(|bad| json!({"line": bad.line, "reason": bad.reason.to_string()}))
        .collect();
    let rows = match listing {
        Some((file, listing)) => listing.rows.iter().map(|row| row_to_json(file, row)).collect(),
        None if matches!(name.base(), "who_is" | "who_is3") => who_is(&read.contents),
        None => Value::Null,
    };
    json!({
        "address": read.address,
        "file": name.as_str(),
        "via": read.via,
        "tls": tls,
        "fingerprint": fingerprint,
        "bytes": read.contents.len(),
        "provenance": Provenance::Observed.tag(),
        "text": nasystem::text(&read.contents),
        "rows": rows,
        "malformed": malformed,
    })
}

/// A row by the names of its columns; the columns that have none stand under `other`, by their places.
fn row_to_json(file: &ListFile, row: &Row) -> Value {
    let mut value = Map::new();
    value.insert("line".into(), row.line.into());
    for column in file.columns {
        let text = row.get(column).map(|text| column.in_words(text));
        value.insert(column.key.into(), text.into());
    }
    let other: Map<String, Value> = file
        .unknown(row)
        .map(|(index, text)| (index.to_string(), text.into()))
        .collect();
    value.insert("other".into(), other.into());
    value.into()
}

fn who_is(contents: &[u8]) -> Value {
    WhoIsAnswer::decode(contents).map_or(Value::Null, |answer| {
        json!([{
            "line": 1,
            "mac": answer.mac.map(|mac| mac.to_string()),
            "type": answer.unit_type,
            "version": answer.version.map(|version| version.to_string()),
            "name": answer.name,
        }])
    })
}
