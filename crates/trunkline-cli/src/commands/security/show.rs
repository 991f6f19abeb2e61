//! The security settings as a person reads them.

use std::fmt::Write;

use clap::Args;
use serde_json::{Map, Value, json};
use trunkline_core::Session;
use trunkline_core::security::Editor;
use trunkline_document::FieldType;
use trunkline_document::security::{
    PasswordState, RightsGroup, SecurityFinding, SecuritySettings, Setting, Severity,
};

use crate::arguments::{LogInArguments, TargetArguments};
use crate::commands::Ended;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::log_in::{LoggedIn, log_in_to_security, tls_as_used};
use crate::progress::Shown;
use crate::table::Table;
use crate::text::one_line;

/// Shows the security settings of a unit, and what is weak in them
///
/// They are received into memory and nowhere else.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  trunkline security show \"Head Office\" --user security

JSON: {\"address\",\"tls\",\"fingerprint\",\"user\",\"revision\",\"general\":{…},\"system\":{…},\"services\":[{\"name\",\"level\"}],
\"rights_groups\":[{\"name\",\"rights\"}],\"service_users\":[{\"name\",\"enabled\",\"rights_groups\",\"rights\",\"password\"}],
\"unsecured_interfaces\":[{\"name\",\"enabled\"}],\"findings\":[{\"code\",\"severity\",\"kind\",\"name\",\"field\",\"message\"}],
\"problems\":[{\"code\",\"kind\",\"name\",\"field\",\"message\"}]};
a setting that the unit does not have is null; password is set, not_set, default or unknown, severity warning or advice")]
pub(super) struct Arguments {
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    who: LogInArguments,
}

pub(super) async fn run(context: &Context, arguments: Arguments) -> Result<Ended, Failure> {
    let LoggedIn {
        local,
        target,
        mut session,
    } = log_in_to_security(context, &arguments.target, &arguments.who).await?;
    let shown = Shown::new(&context.output);
    let received = local.receive_security(&mut session, &|p| shown.report(p)).await;
    drop(shown);
    let (address, tls) = (session.access().address(), tls_as_used(&session));
    session.close().await;
    let editor = received?;
    let mut document = json!({
        "address": address, "tls": tls.0, "fingerprint": tls.1, "user": editor.user(),
        "revision": editor.revision(),
    });
    if let (Some(all), Value::Object(settings)) =
        (document.as_object_mut(), settings_to_json(editor.settings()))
    {
        all.extend(settings);
        all.insert(
            "findings".into(),
            editor.findings().iter().map(finding_to_json).collect(),
        );
        all.insert(
            "problems".into(),
            editor
                .problems()
                .iter()
                .map(super::set::problem_to_json)
                .collect(),
        );
    }
    context.output.document(&document, || {
        format!(
            "{}\n\n{}",
            heading(target.name(), &address, &editor, tls.0),
            text(&editor)
        )
    })?;
    Ok(Exit::Done.into())
}

/// The session stays open for what follows.
pub(super) async fn receive(context: &Context, logged_in: &mut LoggedIn) -> Result<Editor, Failure> {
    let LoggedIn { local, session, .. } = logged_in;
    let shown = Shown::new(&context.output);
    let session: &mut Session = session;
    let editor = local.receive_security(session, &|p| shown.report(p)).await?;
    tracing::info!(revision = editor.revision(), "received the security settings");
    Ok(editor)
}

fn heading(name: &str, address: &str, editor: &Editor, tls: &str) -> String {
    let named = if address.starts_with(name) {
        address.to_owned()
    } else {
        format!("{} ({address})", one_line(name))
    };
    let way = if tls == "off" { "plain TCP" } else { "TLS" };
    format!(
        "{named}: security settings, revision {}, over {way}, as {}",
        one_line(editor.revision()),
        one_line(editor.user())
    )
}

fn text(editor: &Editor) -> String {
    let settings = editor.settings();
    let mut parts = vec![
        singles("PASSWORD POLICY", "General", settings),
        singles("SYSTEM", "System", settings),
    ];
    let mut table = Table::new(&["SERVICE", "LEVEL"]);
    for service in settings.services() {
        table.row([service.name, service.level]);
    }
    parts.push(table.to_string());
    let mut table = Table::new(&["RIGHTS GROUP", "RIGHTS"]);
    for RightsGroup { name, rights } in settings.groups() {
        table.row([name, rights.map_or("not said".into(), |rights| rights.join(", "))]);
    }
    parts.push(table.to_string());
    let mut table = Table::new(&["SERVICE USER", "ENABLED", "PASSWORD", "RIGHTS GROUPS"]);
    for user in settings.users() {
        let enabled = if user.enabled { "yes" } else { "no" };
        let password = in_words(user.password);
        table.row([&user.name, enabled, password, &user.groups.join(", ")]);
    }
    parts.push(table.to_string());
    let mut table = Table::new(&["UNSECURED INTERFACE", "ENABLED"]);
    for interface in settings.interfaces() {
        table.row([
            interface.name.as_str(),
            if interface.enabled { "yes" } else { "no" },
        ]);
    }
    parts.push(table.to_string());
    parts.push(remarks(editor));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn singles(heading: &str, entity: &str, settings: &SecuritySettings) -> String {
    let mut table = Table::new(&[heading, ""]);
    for setting in Setting::ALL
        .into_iter()
        .filter(|setting| setting.entity() == entity)
    {
        let value = settings.setting(setting);
        table.row([setting.name(), value.as_deref().unwrap_or("–")]);
    }
    table.to_string()
}

fn in_words(password: PasswordState) -> &'static str {
    match password {
        PasswordState::Set => "set",
        PasswordState::NotSet => "none",
        PasswordState::Default => "still the default",
        PasswordState::Unknown => "not said",
    }
}

fn remarks(editor: &Editor) -> String {
    let mut text = String::new();
    for problem in editor.problems() {
        let _ = writeln!(text, "wrong: {}", one_line(&problem.to_string()));
    }
    for finding in editor.findings() {
        let how = if finding.severity == Severity::Warning {
            "weak"
        } else {
            "advice"
        };
        let _ = writeln!(text, "{how}: {}", one_line(&finding.to_string()));
    }
    if text.is_empty() {
        return "nothing weak was found in them; whether passwords are good ones they do not tell\n".into();
    }
    text
}

fn settings_to_json(settings: &SecuritySettings) -> Value {
    let singles = |entity: &str| -> Value {
        let of = Setting::ALL
            .into_iter()
            .filter(|setting| setting.entity() == entity);
        let all: Map<String, Value> = of
            .map(|setting| (setting.name().to_owned(), value_to_json(settings, setting)))
            .collect();
        all.into()
    };
    let services = settings.services().into_iter();
    let services = services.map(|service| json!({"name": service.name, "level": service.level}));
    let groups = settings.groups().into_iter();
    let groups = groups.map(|group| json!({"name": group.name, "rights": group.rights}));
    let users = settings.users().into_iter().map(|user| {
        json!({
            "name": user.name, "enabled": user.enabled, "rights_groups": user.groups,
            "rights": settings.rights_of(&user), "password": user.password.code(),
        })
    });
    let interfaces = settings.interfaces().into_iter();
    let interfaces = interfaces.map(|known| json!({"name": known.name, "enabled": known.enabled}));
    json!({
        "general": singles("General"),
        "system": singles("System"),
        "services": services.collect::<Vec<_>>(),
        "rights_groups": groups.collect::<Vec<_>>(),
        "service_users": users.collect::<Vec<_>>(),
        "unsecured_interfaces": interfaces.collect::<Vec<_>>(),
    })
}

/// Numbers and switches as such, where the unit writes them as such.
fn value_to_json(settings: &SecuritySettings, setting: Setting) -> Value {
    let Some(text) = settings.setting(setting) else {
        return Value::Null;
    };
    match setting.field_type() {
        Some(FieldType::Number { .. }) => text.parse::<u64>().map_or(Value::String(text), Value::from),
        Some(known @ FieldType::Switch) => match known.in_words(&text) {
            Some(word) => (word == "on").into(),
            None => text.into(),
        },
        _ => text.into(),
    }
}

fn finding_to_json(finding: &SecurityFinding) -> Value {
    let severity = match finding.severity {
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    };
    json!({
        "code": finding.kind.code(), "severity": severity, "kind": finding.entity, "name": finding.name,
        "field": finding.field, "message": finding.to_string(),
    })
}
