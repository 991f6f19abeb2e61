//! Configurations as a unit would hold them (protocol.md section 5): made up, the same each time, of any size.

use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

/// The smallest document: an empty `<data></data>`.
pub(crate) const SMALLEST: u64 = EMPTY.len() as u64;
const EMPTY: &str = "<data></data>";
const OPEN: &str = "<data>";
const CLOSE: &str = "</data>";
const COMMENT: (&str, &str) = ("<!--", "-->");

const GIVEN: [&str; 12] = [
    "Ada", "Bruno", "Chloé", "Dario", "Elif", "Fränzi", "Goran", "Hélène", "Igor", "Jürg", "Łukasz", "Mónica",
];
const FAMILY: [&str; 11] = [
    "Meier", "Müller", "Rossi", "Favre", "Keller", "Nguyen", "Šimić", "O'Brien", "Baumann", "Costa", "Weiß",
];

/// Who the configuration belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its address on LAN1.
    pub(crate) address: String,
}

/// Writes a configuration of exactly `size` bytes ([`SMALLEST`] at least), a few entities at a time.
///
/// # Errors
/// Those of `out`.
pub(crate) fn configuration(subject: &Subject, size: u64, out: &mut impl Write) -> io::Result<()> {
    let mut left = size.saturating_sub(SMALLEST);
    out.write_all(OPEN.as_bytes())?;
    let mut text = String::with_capacity(8 * 1024);
    for number in 0.. {
        text.clear();
        part(subject, number, &mut text);
        let length = text.len() as u64;
        if length > left {
            break;
        }
        out.write_all(text.as_bytes())?;
        left -= length;
    }
    pad(left, out)?;
    out.write_all(CLOSE.as_bytes())
}

/// What no entity fits into any more: a comment, or spaces where even that does not fit.
fn pad(left: u64, out: &mut impl Write) -> io::Result<()> {
    let (open, close) = COMMENT;
    let marks = (open.len() + close.len()) as u64;
    let (open, spaces, close) = if left < marks {
        ("", left, "")
    } else {
        (open, left - marks, close)
    };
    out.write_all(open.as_bytes())?;
    io::copy(&mut io::Read::take(io::repeat(b' '), spaces), out)?;
    out.write_all(close.as_bytes())
}

/// The parts of a configuration in order: the system and its lines once, then users with what belongs to them.
fn part(subject: &Subject, number: u32, out: &mut String) {
    match number {
        0 => system(subject, out),
        1 => licences(subject, out),
        2 => lines(subject, out),
        3 => {
            short_codes(subject, out);
            directory(subject, out);
        }
        _ => user(subject, number - 4, out),
    }
}

/// 32 hexadecimal digits that only this entity of this unit has.
fn guid(subject: &Subject, kind: &str, number: u32) -> String {
    let digest = Sha256::digest(format!("{}/{kind}/{number}", subject.name));
    digest[..16]
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// One entity: `<ws_object><KIND GUID="…">` with these children, then what every entity ends with.
fn entity(subject: &Subject, kind: &str, number: u32, children: &str, out: &mut String) {
    let guid = guid(subject, kind, number);
    let etag = &guid[..8];
    // Writing to a String can not fail.
    let _ = write!(
        out,
        "\n<ws_object>\n  <{kind} GUID=\"{guid}\">\n{children}    <Etag>{etag}</Etag>\n    \
         <Last-Modified>2024-03-18T08:{:02}:00Z</Last-Modified>\n  </{kind}>\n</ws_object>",
        number % 60
    );
}

fn children(fields: &[(&str, &str)]) -> String {
    fields.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "    <{name}>{}</{name}>", escape(value));
        text
    })
}

fn system(subject: &Subject, out: &mut String) {
    let mut versions = subject.version.split(['.', ' ']);
    let mut inner = children(&[
        ("Name", &subject.name),
        ("MajorVersion", versions.next().unwrap_or("0")),
        ("MinorVersion", versions.next().unwrap_or("0")),
        ("BuildVersion", subject.version.rsplit(' ').next().unwrap_or("0")),
        ("Configuration", "Standard"),
        ("Locale", "enu"),
        ("Password", "system-secret"),
        ("PBXLicense", "Preferred"),
    ]);
    let _ = write!(
        inner,
        "    <LANs>\n      <LAN id=\"LAN1\">\n        <IPAddress>{}</IPAddress>\n        \
         <IPMask>255.255.255.0</IPMask>\n        <DHCPMode>Disabled</DHCPMode>\n      </LAN>\n      \
         <LAN id=\"LAN2\">\n        <IPAddress>192.168.43.1</IPAddress>\n        <IPMask>255.255.255.0</IPMask>\n        \
         <DHCPMode>Server</DHCPMode>\n      </LAN>\n    </LANs>\n",
        escape(&subject.address)
    );
    entity(subject, "System", 0, &inner, out);
}

fn licences(subject: &Subject, out: &mut String) {
    let kinds = [
        ("Preferred Edition", "1", "1"),
        ("Power User", "1", "25"),
        ("SIP Trunk Channels", "1", "10"),
        ("CTI Link Pro", "2", "1"),
    ];
    for (number, (name, status, quantity)) in (0..).zip(kinds) {
        let key = guid(subject, "LicenseKey", number);
        let inner = children(&[
            ("LicenseKey", &key),
            ("DisplayName", name),
            ("Source", "PLDS Nodal"),
            ("Type", &number.to_string()),
            ("Status", status),
            ("Quantity", quantity),
            ("FreeInstances", "0"),
            ("ExpiryDate", "Never"),
            ("Mode", "Normal"),
        ]);
        entity(subject, "License", number, &inner, out);
    }
}

fn lines(subject: &Subject, out: &mut String) {
    for number in 0..3_u32 {
        let line = (number + 1).to_string();
        let inner = children(&[
            ("LineNumber", &line),
            ("LineType", if number == 0 { "SIP" } else { "ISDN" }),
            ("IncomingGroupId", &line),
            ("OutgoingGroupId", &line),
            ("Channels", "8"),
        ]);
        entity(subject, "Line", number, &inner, out);
        let inner = children(&[
            ("LineGroupId", &line),
            ("IncomingNumber", &format!("04455500{number:02}")),
            ("Destination", "200 Reception"),
            ("BearerCapability", "Any Voice"),
        ]);
        entity(subject, "IncomingCallRoute", number, &inner, out);
    }
}

fn short_codes(subject: &Subject, out: &mut String) {
    let codes = [
        ("9N;", "N", "1", "Dial"),
        ("*17", "?U", "0", "VoicemailCollect"),
        ("*01", "", "0", "ForwardUnconditionalOn"),
        ("*02", "", "0", "ForwardUnconditionalOff"),
        ("112", "112;", "1", "DialEmergency"),
    ];
    for (number, (code, telephone, group, feature)) in (0..).zip(codes) {
        let inner = children(&[
            ("Code", code),
            ("TelephoneNumber", telephone),
            ("LineGroupId", group),
            ("Feature", feature),
            ("Locale", ""),
            ("ForceAccountCode", "false"),
            ("ForceAuthCode", "false"),
        ]);
        entity(subject, "ShortCode", number, &inner, out);
    }
}

fn directory(subject: &Subject, out: &mut String) {
    let entries = [
        ("Taxi, day and night", "0445550001"),
        ("Météo", "162"),
        ("Łódź office", "0048425550002"),
    ];
    for (number, (name, telephone)) in (0..).zip(entries) {
        let inner = children(&[("Name", name), ("Number", telephone)]);
        entity(subject, "DirectoryEntry", number, &inner, out);
    }
}

/// A user with the extension, and with each tenth a hunt group.
fn user(subject: &Subject, number: u32, out: &mut String) {
    let pick = |list: &[&'static str], at: u32| list[at as usize % list.len()];
    let (given, family) = (pick(&GIVEN, number), pick(&FAMILY, number / 12 + number));
    let extension = (200 + number).to_string();
    let name = format!("Extn{extension}");
    let secret = |kind: &str| guid(subject, kind, number)[..6].to_owned();
    let flag = |every: u32| {
        if number.is_multiple_of(every) {
            "true"
        } else {
            "false"
        }
    };
    let mut inner = children(&[
        ("Name", &name),
        ("FullName", &format!("{given} {family}")),
        ("Extension", &extension),
        ("Password", &secret("Password")),
        ("LoginCode", &secret("LoginCode")),
        ("VoicemailCode", &secret("VoicemailCode")),
        ("AssignedPackage", pick(&["1", "2", "3", "4", "5", "8"], number)),
        ("VoicemailOn", flag(2)),
        ("VoicemailEmail", &format!("{name}@example.com")),
        ("DoNotDisturb", flag(17)),
        ("ForwardUnconditional", flag(9)),
        ("ForwardOnBusy", "false"),
        ("ForwardOnNoAnswer", flag(3)),
        ("ForwardNumber", ""),
        ("FollowMeNumber", ""),
        ("TwinnedMobileNumber", ""),
        ("OutgoingCallBar", "false"),
        ("Priority", "5"),
        ("Receptionist", flag(50)),
        ("RemoteWorker", flag(6)),
    ]);
    inner.push_str("    <DSSKeys>\n");
    for key in 1..=3 {
        let _ = write!(
            inner,
            "      <DSSKey Key=\"{key}\">\n        <Label>Key {key}</Label>\n        <Feature>User</Feature>\n        \
             <Data>{}</Data>\n      </DSSKey>\n",
            200 + number + key
        );
    }
    inner.push_str("    </DSSKeys>\n");
    entity(subject, "User", number, &inner, out);
    let inner = children(&[
        ("ExtensionID", &(8000 + number).to_string()),
        ("BaseExtension", &extension),
        ("Type", "H323"),
        ("Location", "Automatic"),
    ]);
    entity(subject, "Extension", number, &inner, out);
    if number.is_multiple_of(10) {
        let group = number / 10;
        let inner = children(&[
            ("Name", &format!("Group {}", group + 1)),
            ("Extension", &(900 + group).to_string()),
            ("RingMode", "Sequential"),
            ("Members", &name),
        ]);
        entity(subject, "HuntGroup", group, &inner, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml;

    fn generated(size: u64) -> Vec<u8> {
        let subject = Subject {
            name: "Bäckerei \"Krume\" & Söhne <Zürich>".into(),
            version: "11.1.2.3 build 23".into(),
            address: "192.0.2.1".into(),
        };
        let mut out = Vec::new();
        configuration(&subject, size, &mut out).unwrap();
        out
    }

    #[test]
    fn any_size_is_exact_and_well_formed() {
        for size in [13, 14, 19, 20, 21, 1000, 5000, 65_537, 300_000, 2_000_001] {
            let bytes = generated(size);
            assert_eq!(bytes.len() as u64, size);
            xml::inspect(&bytes[..], xml::CONFIGURATION_ROOT, &[]).unwrap_or_else(|e| panic!("{size}: {e}"));
        }
    }

    #[test]
    fn it_is_the_same_each_time_and_holds_every_kind_of_entity() {
        let text = String::from_utf8(generated(300_000)).unwrap();
        assert_eq!(text.as_bytes(), generated(300_000));
        for kind in [
            "System",
            "License",
            "User",
            "Extension",
            "HuntGroup",
            "ShortCode",
            "IncomingCallRoute",
            "Line",
            "DirectoryEntry",
        ] {
            assert!(
                text.contains(&format!("<ws_object>\n  <{kind} GUID=\"")),
                "{kind}"
            );
        }
        assert!(text.contains("<Name>Bäckerei &quot;Krume&quot; &amp; Söhne &lt;Zürich&gt;</Name>"));
        assert!(text.contains("<LAN id=\"LAN1\">\n        <IPAddress>192.0.2.1</IPAddress>"));
        let guids: Vec<&str> = text.split("GUID=\"").skip(1).map(|rest| &rest[..32]).collect();
        let different: std::collections::HashSet<&&str> = guids.iter().collect();
        assert_eq!(different.len(), guids.len());
    }
}
