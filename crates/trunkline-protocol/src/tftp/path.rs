//! The names of the files through which systems before release 3.2 are configured (protocol.md, section 3).
//!
//! Provenance: `project`. Nothing is published about these names, so they are templates that a preference can replace.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::packet::{FileName, MAX_FILE_NAME, PacketError};

/// Where the system password goes in a template.
pub const PASSWORD_PLACE: &str = "{password}";
/// Reads the configuration.
pub const READ_CONFIGURATION: &str = "nasystem/rconfig/{password}";
/// Writes the configuration.
pub const WRITE_CONFIGURATION: &str = "nasystem/wconfig/{password}";
/// Restarts the system, when an empty file is written to it.
pub const REBOOT: &str = "nasystem/reboot/{password}";

/// Why a template can not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The password has no place in it, or more than one.
    #[error("the file name must hold {PASSWORD_PLACE} once, where the system password goes")]
    Place,
    /// With the password in it, the name is no TFTP file name.
    #[error("the file name with the system password in it is too long, or holds a zero byte")]
    Name,
}

impl From<PacketError> for PathError {
    fn from(_: PacketError) -> Self {
        Self::Name
    }
}

/// The name that `template` makes with this system password. In the password `/`, `%` and NUL are percent-encoded,
/// so that it stays one part of the path; all else goes as UTF-8.
///
/// # Errors
/// When the template does not hold [`PASSWORD_PLACE`] exactly once, or the name is not 1 to 400 bytes without a NUL.
pub fn file_name(template: &str, password: &SecretString) -> Result<FileName, PathError> {
    let (before, after) = parts(template)?;
    // Room for all of it from the start: growing would leave copies of the password behind.
    let longest = template.len() + 3 * password.expose_secret().len();
    let mut name = Zeroizing::new(Vec::with_capacity(longest));
    name.extend_from_slice(before.as_bytes());
    for byte in password.expose_secret().bytes() {
        match byte {
            b'/' => name.extend_from_slice(b"%2F"),
            b'%' => name.extend_from_slice(b"%25"),
            0 => name.extend_from_slice(b"%00"),
            _ => name.push(byte),
        }
    }
    name.extend_from_slice(after.as_bytes());
    Ok(FileName::new(&name)?)
}

/// Checks a template before it is kept as a preference.
///
/// # Errors
/// As [`file_name`] with an empty password.
pub fn check_template(template: &str) -> Result<(), PathError> {
    let (before, after) = parts(template)?;
    let fits = before.len() + after.len() <= MAX_FILE_NAME && !template.contains('\0');
    if fits { Ok(()) } else { Err(PathError::Name) }
}

fn parts(template: &str) -> Result<(&str, &str), PathError> {
    let (before, after) = template.split_once(PASSWORD_PLACE).ok_or(PathError::Place)?;
    if after.contains(PASSWORD_PLACE) {
        Err(PathError::Place)
    } else {
        Ok((before, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_stays_one_part_of_the_path() {
        let check = |template: &str, password: &str, expect: Result<&str, PathError>| {
            let name = file_name(template, &SecretString::from(password));
            let bytes = name.as_ref().map(FileName::as_bytes).map_err(|&error| error);
            assert_eq!(bytes, expect.map(str::as_bytes), "{template} {password}");
        };
        check(READ_CONFIGURATION, "password", Ok("nasystem/rconfig/password"));
        check(WRITE_CONFIGURATION, "", Ok("nasystem/wconfig/"));
        check(REBOOT, "a/b%c\0d", Ok("nasystem/reboot/a%2Fb%25c%00d"));
        check("x/{password}.bin", "Grüße", Ok("x/Grüße.bin"));
        check("{password}", "{password}", Ok("{password}"));
        check("nasystem/rconfig/", "secret", Err(PathError::Place));
        check("{password}/{password}", "secret", Err(PathError::Place));
        check("a\0{password}", "secret", Err(PathError::Name));
        check("{password}", "", Err(PathError::Name));
        check("{password}", &"/".repeat(134), Err(PathError::Name));
        check("{password}", &"x".repeat(400), Ok(&"x".repeat(400)));
    }

    #[test]
    fn a_template_is_checked_before_it_is_kept() {
        let check =
            |template: &str, expect: Result<(), PathError>| assert_eq!(check_template(template), expect);
        for template in [READ_CONFIGURATION, WRITE_CONFIGURATION, REBOOT, "{password}"] {
            check(template, Ok(()));
        }
        check("nasystem/rconfig", Err(PathError::Place));
        check("a\0{password}", Err(PathError::Name));
        check(
            &format!("{}{PASSWORD_PLACE}", "x".repeat(401)),
            Err(PathError::Name),
        );
    }
}
