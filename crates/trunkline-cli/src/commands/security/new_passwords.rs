//! New passwords of service users: never an argument.

use secrecy::SecretString;
use trunkline_core::{Error, ErrorKind, Step};

use crate::failure::Failure;
use crate::password;

/// The environment variable that holds a new password.
const VARIABLE: &str = "TRUNKLINE_NEW_PASSWORD";

/// How the new passwords come in.
pub(super) enum Source {
    Stdin,
    Environment(SecretString),
    Terminal,
}

/// Where the new passwords of these users will come from: known before anybody logs in.
pub(super) fn source(users: &[String], from_stdin: bool) -> Result<Source, Failure> {
    if from_stdin || users.is_empty() {
        return Ok(Source::Stdin);
    }
    match (password::from_environment(VARIABLE)?, users) {
        (Some(new), [_]) => Ok(Source::Environment(new)),
        (Some(_), _) => Err(Failure::usage(format!(
            "{VARIABLE} is one password, and {} service users get a new one; give one line each with \
             --new-password-stdin",
            users.len()
        ))),
        (None, _) if password::can_ask() => Ok(Source::Terminal),
        (None, _) => {
            let why = format!("there is no new password for service user {}", users.join(", "));
            let error = Error::new(ErrorKind::NoCredential(why)).at(Step::LogIn);
            Err(Failure::from(error).hint(format!(
                "Give it on standard input (--new-password-stdin), one line for each, or in {VARIABLE}."
            )))
        }
    }
}

impl Source {
    /// The new passwords, in the order of the users.
    pub(super) async fn read(self, users: Vec<String>) -> Result<Vec<(String, SecretString)>, Failure> {
        let mut passwords = Vec::new();
        for user in users {
            let new = match &self {
                Self::Stdin => password::line_of_stdin()?,
                Self::Environment(new) => new.clone(),
                Self::Terminal => password::ask_twice(&user).await?,
            };
            passwords.push((user, new));
        }
        Ok(passwords)
    }
}
