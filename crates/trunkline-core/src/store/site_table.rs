//! Sites as a table: the vendor's columns of known units, and this program's own behind them.

use std::net::IpAddr;

use csv::{ReaderBuilder, StringRecord, Trim};
use trunkline_protocol::printable::printable;
use trunkline_protocol::version::SoftwareVersion;

use super::site::{Site, host, mac_address, usage};
use super::site_list::{ListProblem, MOST_SITES, SiteList};
use crate::error::Result;
use crate::spreadsheet;

/// How many columns are looked at.
const MOST_COLUMNS: usize = 64;

/// By how many lines a table without a heading is understood.
const LOOKED_AT: usize = 200;

/// What a column holds: the word for it in a heading that this program writes, what else it is called, in small letters
/// and digits alone.
struct Column {
    heading: &'static str,
    also: &'static [&'static str],
    get: fn(&Site) -> String,
    set: fn(&mut Site, &str) -> Result<()>,
}

/// How many of the columns are the vendor's.
const VENDORS: usize = 5;

/// The vendor's columns in the vendor's order, and then this program's own.
const COLUMNS: &[Column] = &[
    Column {
        heading: "Name",
        also: &["systemname", "unitname", "sitename"],
        get: |site| site.name.clone(),
        set: |site, text| put(&mut site.name, Ok(text.to_owned())),
    },
    Column {
        heading: "MAC Address",
        also: &["mac"],
        get: |site| text(site.mac.as_ref()),
        set: |site, text| put(&mut site.mac, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "Type",
        also: &["unittype", "systemtype"],
        get: |site| text(site.unit_type.as_ref()),
        set: |site, text| put(&mut site.unit_type, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "IP Address",
        also: &["address", "ip", "host", "unitaddress", "lan1"],
        get: |site| site.address.clone(),
        set: |site, text| put(&mut site.address, Ok(text.to_owned())),
    },
    Column {
        heading: "Version",
        also: &["softwareversion", "release"],
        get: |site| text(site.version.as_ref()),
        set: |site, text| put(&mut site.version, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "Group",
        also: &[],
        get: |site| text(site.group.as_ref()),
        set: |site, text| put(&mut site.group, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "Services Base Port",
        also: &["baseport", "servicesbasetcpport"],
        get: |site| text(site.services_base_port.as_ref()),
        set: |site, text| put(&mut site.services_base_port, Ok(Some(port(text)?))),
    },
    Column {
        heading: "Discovery Port",
        also: &[],
        get: |site| text(site.discovery_port.as_ref()),
        set: |site, text| put(&mut site.discovery_port, Ok(Some(port(text)?))),
    },
    Column {
        heading: "TFTP Port",
        also: &[],
        get: |site| text(site.tftp_port.as_ref()),
        set: |site, text| put(&mut site.tftp_port, Ok(Some(port(text)?))),
    },
    Column {
        heading: "Security Port",
        also: &[],
        get: |site| text(site.security_port.as_ref()),
        set: |site, text| put(&mut site.security_port, Ok(Some(port(text)?))),
    },
    Column {
        heading: "Management API Port",
        also: &[],
        get: |site| text(site.management_api_port.as_ref()),
        set: |site, text| put(&mut site.management_api_port, Ok(Some(port(text)?))),
    },
    Column {
        heading: "Method",
        also: &[],
        get: |site| site.method.to_string(),
        set: |site, text| put(&mut site.method, text.to_ascii_lowercase().parse()),
    },
    Column {
        heading: "TLS",
        also: &["tlslevel"],
        get: |site| site.tls.to_string(),
        set: |site, text| put(&mut site.tls, text.to_ascii_lowercase().parse()),
    },
    Column {
        heading: "Allow Plain",
        also: &[],
        get: |site| if site.allow_plain { "yes" } else { "" }.into(),
        set: |site, text| put(&mut site.allow_plain, yes_or_no(text)),
    },
    Column {
        heading: "User",
        also: &["serviceuser"],
        get: |site| text(site.user.as_ref()),
        set: |site, text| put(&mut site.user, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "Credential",
        also: &[],
        get: |site| text(site.credential.as_ref()),
        set: |site, text| put(&mut site.credential, Ok(Some(text.to_owned()))),
    },
    Column {
        heading: "Tags",
        also: &[],
        get: |site| site.tags.join(";"),
        set: |site, text| put(&mut site.tags, Ok(text.split(';').map(str::to_owned).collect())),
    },
    Column {
        heading: "Notes",
        also: &["note", "comment", "comments"],
        get: |site| site.notes.clone(),
        set: |site, text| put(&mut site.notes, Ok(text.to_owned())),
    },
];

/// Writes the table, with its heading.
pub(super) fn write(sites: &[&Site], vendors_only: bool) -> Result<Vec<u8>> {
    let columns = if vendors_only {
        &COLUMNS[..VENDORS]
    } else {
        COLUMNS
    };
    let heading: Vec<_> = columns.iter().map(|column| column.heading).collect();
    spreadsheet::table(
        &heading,
        sites
            .iter()
            .map(|site| columns.iter().map(|column| (column.get)(site))),
    )
}

/// Reads a table; what the fields hold is not checked yet.
pub(super) fn read(text: &str) -> Result<SiteList> {
    // The library counts the lines of Windows and of old Macs wrongly.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (lines_before, delimiter, text) = delimiter(&text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| usage(format!("this is no table: {error}")))?;
        let line = lines_before + record.position().map_or(0, |position| line_of(position, text));
        if record.iter().any(|cell| !cell.is_empty()) {
            records.push((line, record));
        }
        if records.len() > MOST_SITES {
            return Err(usage(format!("a list has {MOST_SITES} sites at most")));
        }
    }
    let mut list = SiteList::default();
    let columns = match records.first() {
        None => return Ok(list),
        Some((_, first)) if is_heading(first) => {
            let columns = by_heading(first, &mut list.ignored);
            records.remove(0);
            columns
        }
        Some(_) => by_content(&records),
    };
    if !columns
        .iter()
        .flatten()
        .any(|&column| COLUMNS[column].heading == "IP Address")
    {
        return Err(usage(
            "no column has the units' addresses; give each column a heading: Name, MAC Address, Type, IP Address, Version",
        ));
    }
    for (line, record) in records {
        match site(&record, &columns) {
            Ok(site) => list.sites.push((line, site)),
            Err(error) => list.problems.push(ListProblem {
                line,
                reason: error.to_string(),
            }),
        }
    }
    Ok(list)
}

/// Where a record begins: the library means the empty lines before it, too.
fn line_of(position: &csv::Position, text: &str) -> u64 {
    let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(begin..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| **byte == b'\n').count();
    position.line() + empty as u64
}

/// What parts the cells: by a line `sep=;` as spreadsheets write it, else whatever the first line has most of outside of
/// quotes. With it the number of lines before the table, and the table.
fn delimiter(text: &str) -> (u64, u8, &str) {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    if let Some(said) = first.trim().strip_prefix("sep=")
        && let [delimiter] = said.as_bytes()
        && let Some((before, table)) = text.split_once(first)
    {
        return (before.lines().count() as u64, *delimiter, table);
    }
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut in_quotes = false;
    for byte in first.bytes() {
        in_quotes ^= byte == b'"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(byte == *delimiter && !in_quotes);
        }
    }
    // Of equals the last is the largest: commas come last.
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    (0, most.map_or(b',', |(delimiter, _)| delimiter), text)
}

fn column_of(heading: &str) -> Option<usize> {
    let fold = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let heading = fold(heading);
    COLUMNS
        .iter()
        .position(|column| fold(column.heading) == heading || column.also.contains(&heading.as_str()))
}

/// Whether a line is a heading: it has words of ours, and nothing that only a unit has.
fn is_heading(record: &StringRecord) -> bool {
    let known = record.iter().filter(|cell| column_of(cell).is_some()).count();
    let is_unit_s = |cell: &str| cell.parse::<IpAddr>().is_ok() || mac_address(cell).is_ok();
    known >= record.len().min(2) && !record.iter().any(is_unit_s)
}

fn by_heading(record: &StringRecord, ignored: &mut Vec<String>) -> Vec<Option<usize>> {
    let mut columns = Vec::new();
    for cell in record.iter().take(MOST_COLUMNS) {
        let column = column_of(cell).filter(|column| !columns.contains(&Some(*column)));
        if column.is_none() && !cell.is_empty() {
            ignored.push(printable(&cell.chars().take(64).collect::<String>()));
        }
        columns.push(column);
    }
    columns
}

/// Whether a cell is of a kind.
type IsKind<'a> = &'a dyn Fn(&str) -> bool;

/// Of a table without a heading: the columns of MAC addresses, addresses and versions by what stands in them, and the first
/// two others as name and type.
fn by_content(records: &[(u64, StringRecord)]) -> Vec<Option<usize>> {
    const MAC: usize = 1;
    const ADDRESS: usize = 3;
    const VERSION: usize = 4;
    let looked_at = &records[..records.len().min(LOOKED_AT)];
    let width = looked_at
        .iter()
        .map(|(_, record)| record.len())
        .max()
        .unwrap_or_default();
    let mut columns = vec![None; width.min(MOST_COLUMNS)];
    let is_version = |cell: &str| cell.contains('.') && SoftwareVersion::parse(cell).is_known();
    let kinds: [(usize, IsKind<'_>); 3] = [
        (MAC, &|cell| mac_address(cell).is_ok()),
        (ADDRESS, &|cell| cell.parse::<IpAddr>().is_ok()),
        (VERSION, &is_version),
    ];
    for (kind, is_kind) in kinds {
        let count = |column: usize| {
            let cells = looked_at.iter().filter_map(|(_, record)| record.get(column));
            cells.filter(|cell| is_kind(cell)).count()
        };
        let free = (0..columns.len()).filter(|&column| columns[column].is_none());
        // The first of those that have most: an address stands before a version in the vendor's list.
        let best = free
            .map(|column| (count(column), column))
            .rev()
            .max_by_key(|(count, _)| *count);
        if let Some((1.., column)) = best {
            columns[column] = Some(kind);
        }
    }
    // DNS names only: they stand where the vendor has addresses.
    if !columns.contains(&Some(ADDRESS)) && columns.get(ADDRESS) == Some(&None) {
        columns[ADDRESS] = Some(ADDRESS);
    }
    let mut texts = [0, 2].into_iter();
    for column in &mut columns {
        if column.is_none() {
            *column = texts.next();
        }
    }
    columns
}

fn site(record: &StringRecord, columns: &[Option<usize>]) -> Result<Site> {
    let mut site = Site::new("", "")?;
    for (cell, column) in record.iter().zip(columns) {
        let cell = spreadsheet::with_formula(cell);
        if let Some(column) = column
            && !cell.is_empty()
        {
            (COLUMNS[*column].set)(&mut site, cell)?;
        }
    }
    if site.name.is_empty() {
        site.name = host(&site.address)?;
    }
    Ok(site)
}

fn put<T>(field: &mut T, value: Result<T>) -> Result<()> {
    *field = value?;
    Ok(())
}

fn text(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn port(text: &str) -> Result<u16> {
    text.parse()
        .map_err(|_| usage(format!("{text:?} is no port; it is a number from 1 to 65535")))
}

fn yes_or_no(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(usage(format!("{text:?} is neither yes nor no, for plain TCP"))),
    }
}
