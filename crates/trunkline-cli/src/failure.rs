//! How a command ends: the exit statuses, and the one document for failures.

use std::process::ExitCode;

use serde_json::{Value, json};
use trunkline_core::{Error, ErrorKind};

/// The exit statuses; docs and scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0
    Done,
    /// 1
    Failed,
    /// 2: wrong usage or input.
    Usage,
    /// 3: not reachable, or the connection was lost for good.
    NotReachable,
    /// 4: the unit, or this program in the user's interest, refused.
    Refused,
    /// 5: the unit broke the protocol or sent damaged data.
    Broken,
    /// 6: the unit changed meanwhile.
    Conflict,
    /// 7: done in part.
    InPart,
    /// 130
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotReachable => 3,
            Exit::Refused => 4,
            Exit::Broken => 5,
            Exit::Conflict => 6,
            Exit::InPart => 7,
            Exit::Interrupted => 130,
        })
    }
}

/// Results with numbers of their own in the contract that have no name in core: 41 to 46 and 51 to 53.
fn is_refusal(result: u32) -> bool {
    matches!(result, 0x8000_0041..=0x8000_0046 | 0x8000_0051..=0x8000_0053)
}

/// The exit status of each error of core, by its stable code.
fn exit_of(error: &Error) -> Exit {
    if let ErrorKind::Refused(result) = error.kind()
        && is_refusal(*result)
    {
        return Exit::Refused;
    }
    match error.code() {
        "usage" | "not_found" | "no_credential" => Exit::Usage,
        "not_reachable" | "tls_not_available" | "connection_lost" | "outcome_unknown" => Exit::NotReachable,
        "authentication_failed"
        | "last_attempt"
        | "locked"
        | "retry_later"
        | "password_change_required"
        | "account_disabled"
        | "no_right"
        | "tls_required"
        | "wrong_service"
        | "too_large"
        | "unit_refused"
        | "not_offered"
        | "needs_reboot"
        | "invalid_document"
        | "impostor"
        | "certificate_changed"
        | "certificate_refused"
        | "client_certificate"
        | "too_many_connections"
        | "licence_missing"
        | "password_withheld"
        | "weaker_log_in" => Exit::Refused,
        "protocol_error" | "damaged_data" | "hash_mismatch" => Exit::Broken,
        "conflict" | "object_changed" => Exit::Conflict,
        "done_in_part" => Exit::InPart,
        "cancelled" => Exit::Interrupted,
        _ => Exit::Failed,
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    hint: Option<String>,
    details: Option<(&'static str, Value)>,
}

impl Failure {
    /// What was asked for can not be understood or does not fit together.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage(message.into())).into()
    }

    /// Something else, in a sentence.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Unsupported(message.into())).into()
    }

    /// Says what to do next, instead of what core would say.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what only programs read whole, under its own name in the document.
    pub(crate) fn with(mut self, name: &'static str, details: Value) -> Self {
        self.details = Some((name, details));
        self
    }

    /// What went wrong, for those who go on in spite of it.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    pub(crate) fn exit(&self) -> Exit {
        exit_of(&self.error)
    }

    pub(crate) fn message(&self) -> String {
        self.error.to_string()
    }

    /// What to do next; empty where there is nothing useful to say.
    pub(crate) fn next_step(&self) -> &str {
        self.hint.as_deref().unwrap_or_else(|| self.error.hint())
    }

    /// The document of the contract; what was done in part has its lists besides.
    pub(crate) fn to_json(&self) -> Value {
        let hint = Some(self.next_step()).filter(|hint| !hint.is_empty());
        let mut document = json!({"error": {
            "code": self.error.code(),
            "message": self.message(),
            "hint": hint,
            "address": self.error.address_text(),
            "step": self.error.step().map(trunkline_core::Step::code),
        }});
        if let ErrorKind::DoneInPart(part) = self.error.kind() {
            document["error"]["written"] = json!(part.written);
            document["error"]["unknown"] = json!(part.unknown);
            document["error"]["not_written"] = json!(part.not_written);
            document["error"]["restart_needed"] = json!(part.restart_needed);
        }
        if let Some((name, details)) = &self.details {
            document["error"][*name] = details.clone();
        }
        document
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            hint: None,
            details: None,
        }
    }
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        Error::from(kind).into()
    }
}

#[cfg(test)]
mod tests {
    use trunkline_core::Step;

    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_exit_status() {
        for (kind, expect) in [
            (ErrorKind::Usage(String::new()), Exit::Usage),
            (ErrorKind::NotFound(String::new()), Exit::Usage),
            (ErrorKind::NotReachable(String::new()), Exit::NotReachable),
            (ErrorKind::TlsNotAvailable(String::new()), Exit::NotReachable),
            (ErrorKind::ConnectionLost(String::new()), Exit::NotReachable),
            (ErrorKind::OutcomeUnknown(String::new()), Exit::NotReachable),
            (
                ErrorKind::AuthenticationFailed { attempts_left: None },
                Exit::Refused,
            ),
            (ErrorKind::Locked { retry_after_s: None }, Exit::Refused),
            (ErrorKind::TooLarge { limit: None }, Exit::Refused),
            (ErrorKind::Impostor, Exit::Refused),
            (ErrorKind::LicenceMissing, Exit::Refused),
            (ErrorKind::TooManyConnections, Exit::Refused),
            (ErrorKind::PasswordWithheld(""), Exit::Refused),
            (ErrorKind::HashMismatch, Exit::Broken),
            (ErrorKind::Protocol(String::new()), Exit::Broken),
            (ErrorKind::Damaged(String::new()), Exit::Broken),
            (ErrorKind::Conflict { unit_revision: None }, Exit::Conflict),
            (ErrorKind::Cancelled(""), Exit::Interrupted),
            (ErrorKind::Refused(0x8000_0044), Exit::Refused),
            (ErrorKind::Refused(0x8000_0099), Exit::Failed),
            (ErrorKind::KeychainLocked, Exit::Failed),
        ] {
            let failure = Failure::from(kind);
            assert_eq!(failure.exit(), expect, "{failure:?}");
        }
    }

    #[test]
    fn the_document_has_every_key_and_null_for_what_is_not_known() {
        let error = Error::new(ErrorKind::NoRight)
            .at(Step::Send)
            .address("10.0.0.1:50804");
        let document = Failure::from(error).to_json();
        assert_eq!(document["error"]["code"], "no_right");
        assert_eq!(document["error"]["step"], "send");
        assert_eq!(document["error"]["address"], "10.0.0.1:50804");
        assert!(
            document["error"]["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("rights groups"))
        );
        assert_eq!(
            Failure::usage("no").to_json(),
            json!({"error": {"code": "usage", "message": "no", "hint": null, "address": null, "step": null}})
        );
    }
}
