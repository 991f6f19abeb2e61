//! Every licence in the dependency tree is one that deny.toml allows.

use std::fs;

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use super::verdict;
use crate::command;
use crate::metadata::Metadata;

/// deny.toml, as far as it is read here.
#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Runs cargo-deny where it is installed (it looks at bans and sources too), else looks at the licences itself.
pub(crate) fn run() -> Result<String, String> {
    if command::installed("cargo-deny").is_some() {
        command::show(&mut command::cargo(&[
            "deny", "check", "licenses", "bans", "sources",
        ]))?;
        return Ok("cargo-deny is content with licences, bans and sources".to_owned());
    }
    let path = command::root().join("deny.toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let allowed = allowed(&text)?;
    let metadata = Metadata::load()?;
    let others: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some())
        .collect();
    let wrong: Vec<String> = others
        .iter()
        .filter_map(|package| {
            let reason = refusal(package.license.as_deref(), &allowed)?;
            Some(format!("{} {}: {reason}", package.name, package.version))
        })
        .collect();
    verdict(
        &wrong,
        format!(
            "{} crates under allowed licences (cargo-deny is not installed)",
            others.len()
        ),
    )
}

fn allowed(deny: &str) -> Result<Vec<Licensee>, String> {
    let deny: Deny = toml::from_str(deny).map_err(|error| format!("deny.toml: {error}"))?;
    deny.licenses
        .allow
        .iter()
        .map(|name| Licensee::parse(name).map_err(|error| format!("deny.toml: {name}: {error}")))
        .collect()
}

/// Why a licence expression is not allowed, or None where it is.
fn refusal(expression: Option<&str>, allowed: &[Licensee]) -> Option<String> {
    let Some(expression) = expression else {
        return Some("names no licence".to_owned());
    };
    match Expression::parse_mode(expression, ParseMode::LAX) {
        Err(error) => Some(format!(
            "its licence `{expression}` is not understood: {}",
            error.reason
        )),
        Ok(parsed) if parsed.evaluate(|req| allowed.iter().any(|licensee| licensee.satisfies(req))) => None,
        Ok(_) => Some(format!("its licence `{expression}` is not allowed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expect: bool) {
        let allowed = allowed("[licenses]\nallow = ['MIT', 'Apache-2.0', 'ISC']").unwrap();
        assert_eq!(
            refusal(Some(expression), &allowed).is_none(),
            expect,
            "{expression}"
        );
    }

    #[test]
    fn expressions() {
        check("MIT", true);
        check("MIT/Apache-2.0", true);
        check("Unlicense OR MIT", true);
        check("Apache-2.0 AND ISC", true);
        check("Unlicense", false);
        check("MIT AND GPL-3.0-only", false);
        check("(GPL-3.0-only OR MIT) AND ISC", true);
        check("Apache-2.0 WITH LLVM-exception", false);
        check("Apache-2.0 WITH LLVM-exception OR MIT", true);
        check("what is this", false);
    }

    #[test]
    fn a_crate_without_a_licence_is_refused() {
        assert_eq!(refusal(None, &[]).as_deref(), Some("names no licence"));
    }
}
