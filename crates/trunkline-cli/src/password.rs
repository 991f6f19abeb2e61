//! Where a password comes from: never an argument.

use std::io::{self, BufRead, IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;
use trunkline_core::{Error, ErrorKind, Step};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The environment variable that holds a service user's password.
pub(crate) const VARIABLE: &str = "TRUNKLINE_PASSWORD";
/// Bytes of a password, at most.
const LONGEST: usize = 1024;

/// What was given without anybody being asked: standard input, else the environment.
pub(crate) fn given(from_stdin: bool) -> Result<Option<SecretString>, Failure> {
    if from_stdin {
        return first_line(&mut io::stdin().lock()).map(Some);
    }
    from_environment(VARIABLE)
}

/// A password in the environment; an empty variable holds none.
pub(crate) fn from_environment(variable: &str) -> Result<Option<SecretString>, Failure> {
    match std::env::var(variable) {
        Ok(password) if password.is_empty() => Ok(None),
        Ok(password) => Ok(Some(password.into())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{variable} is not in UTF-8"))),
    }
}

/// The next line of standard input, as a password.
pub(crate) fn line_of_stdin() -> Result<SecretString, Failure> {
    first_line(&mut io::stdin().lock())
}

/// The first line without its line ending. Byte by byte: what follows it is somebody else's.
fn first_line(input: &mut impl Read) -> Result<SecretString, Failure> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            // An empty line is an empty password, and some users have one; no line is a mistake in a script.
            Ok(0) if line.is_empty() => {
                return Err(Failure::usage(
                    "there is no line on standard input to take as the password",
                ));
            }
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() > LONGEST => {
                return Err(Failure::usage(format!(
                    "the password on standard input has more than {LONGEST} bytes"
                )));
            }
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::usage(format!("standard input can not be read: {error}"))),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err(Failure::usage("the password on standard input is not in UTF-8")),
    }
}

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a password without showing it.
pub(crate) async fn ask(prompt: String) -> Result<SecretString, Failure> {
    let answer = spawn_blocking(move || rpassword::prompt_password(prompt))
        .await
        .map_err(|_| stopped())?;
    match answer {
        Ok(password) if !password.is_empty() || confirm("Is the password empty?").await? => {
            Ok(password.into())
        }
        Ok(_) => Err(
            Error::new(ErrorKind::NoCredential("no password was given".into()))
                .at(Step::LogIn)
                .into(),
        ),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(stopped()),
        Err(error) => Err(Failure::other(format!("the terminal can not be read: {error}"))),
    }
}

/// Asks for a new password: a slip of the finger would otherwise lock its owner out.
pub(crate) async fn ask_twice(user: &str) -> Result<SecretString, Failure> {
    let user = crate::text::one_line(user);
    let new = ask(format!("New password of service user {user}: ")).await?;
    let again = ask("The same again: ".to_owned()).await?;
    if new.expose_secret() != again.expose_secret() {
        return Err(Failure::usage("the two are not the same; nothing was changed"));
    }
    Ok(new)
}

/// Asks for a line that may be seen.
pub(crate) async fn ask_line(prompt: String) -> Result<String, Failure> {
    let ask = move || {
        eprint!("{prompt}");
        let mut line = String::new();
        io::stdin()
            .lock()
            .take(LONGEST as u64)
            .read_line(&mut line)
            .map(|_| line.trim().to_owned())
    };
    spawn_blocking(ask)
        .await
        .map_err(|_| stopped())?
        .map_err(|error| Failure::other(format!("the terminal can not be read: {error}")))
}

/// Asks a question that only a clear yes answers with yes.
pub(crate) async fn confirm(question: &str) -> Result<bool, Failure> {
    let answer = ask_line(format!("{question} [y/N] ")).await?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

fn stopped() -> Failure {
    ErrorKind::Cancelled("").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expect: Result<&str, &str>) {
        let mut rest = input;
        let read = first_line(&mut rest);
        match (read, expect) {
            (Ok(password), Ok(expect)) => assert_eq!(password.expose_secret(), expect),
            (Err(failure), Err(expect)) => {
                assert!(failure.message().contains(expect), "{}", failure.message());
            }
            (read, expect) => panic!("{read:?} instead of {expect:?}"),
        }
    }

    #[test]
    fn the_first_line_is_the_password_without_its_line_ending() {
        check(b"Gr\xC3\xBC\xC3\x9Fe-42\nnext", Ok("Grüße-42"));
        check(b"one\r\n", Ok("one"));
        check(b" spaces stay \n", Ok(" spaces stay "));
        check(b"no ending", Ok("no ending"));
        check(b"\nsecond", Ok(""));
        check(b"\r\n", Ok(""));
        check("x".repeat(LONGEST).as_bytes(), Ok(&"x".repeat(LONGEST)));
    }

    #[test]
    fn what_is_no_password_is_wrong_usage() {
        check(b"", Err("no line"));
        check(b"\xFF\n", Err("UTF-8"));
        check("x".repeat(LONGEST + 3).as_bytes(), Err("more than"));
    }

    #[test]
    fn nothing_after_the_line_is_read() {
        let mut input = &b"one\ntwo\n"[..];
        first_line(&mut input).unwrap();
        assert_eq!(input, b"two\n");
    }
}
