//! The cookies that carry a session (protocol.md 7).

use hyper::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{ErrorKind, Result};

/// The cookies that count. The third is how some releases call the second (`observed`).
const NAMES: [&str; 3] = ["JSESSIONID", "SDK-Token", "X-SDK-Token"];
/// Most bytes of a cookie's value.
const LONGEST: usize = 4096;

/// What the unit gave us to be known by. Whoever has it is logged in, so it is a secret.
#[derive(Default)]
pub(super) struct Cookies {
    values: [Option<SecretString>; NAMES.len()],
}

impl Cookies {
    /// Takes what a `Set-Cookie` header says; cookies with other names are not for us.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] for a value that is too long or could not be sent back.
    pub(super) fn take(&mut self, header: &HeaderValue) -> Result<()> {
        let unreadable = || ErrorKind::Protocol("a session cookie of its can not be read".into());
        let Ok(text) = header.to_str() else {
            return Err(unreadable().into());
        };
        let pair = text.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return Ok(());
        };
        let Some(index) = NAMES.iter().position(|known| name.trim() == *known) else {
            return Ok(());
        };
        let value = value.trim();
        // RFC 6265, 4.1.1, with the quotes that may surround it.
        let is_octet = |b: u8| b.is_ascii_graphic() && !matches!(b, b',' | b';' | b'\\');
        if value.len() > LONGEST || !value.bytes().all(is_octet) {
            return Err(unreadable().into());
        }
        self.values[index] = Some(value.into()).filter(|_| !value.is_empty());
        Ok(())
    }

    /// The `Cookie` header; `None` without a session.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut text = Zeroizing::new(String::new());
        for (name, value) in NAMES.iter().zip(&self.values) {
            let Some(value) = value else { continue };
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value.expose_secret());
        }
        let mut header = HeaderValue::from_str(&text).ok().filter(|_| !text.is_empty())?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(headers: &[&str]) -> Result<Option<String>> {
        let mut cookies = Cookies::default();
        for header in headers {
            cookies.take(&HeaderValue::from_str(header).unwrap())?;
        }
        Ok(cookies.header().map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn only_the_session_s_cookies_are_kept_and_the_last_value_counts() {
        #[track_caller]
        fn check(headers: &[&str], expect: Option<&str>) {
            assert_eq!(taken(headers).unwrap().as_deref(), expect, "{headers:?}");
        }
        check(
            &[
                "SDK-Token=t/1+=; Secure",
                "other=1",
                "JSESSIONID=A1; Path=/WebManagement; HttpOnly",
            ],
            Some("JSESSIONID=A1; SDK-Token=t/1+="),
        );
        check(&["JSESSIONID=A1", " JSESSIONID = A2 ;x"], Some("JSESSIONID=A2"));
        check(&["X-SDK-Token=9"], Some("X-SDK-Token=9"));
        check(&["JSESSIONID=A1", "JSESSIONID="], None);
        check(&["jsessionid=A1", "nothing"], None);
    }

    #[test]
    fn what_could_not_be_sent_back_is_refused() {
        let long = format!("JSESSIONID={}", "x".repeat(4097));
        for header in ["JSESSIONID=a b", "JSESSIONID=a,b", "SDK-Token=é", &long] {
            let mut cookies = Cookies::default();
            let error = cookies
                .take(&HeaderValue::from_bytes(header.as_bytes()).unwrap())
                .unwrap_err();
            assert_eq!(error.code(), "protocol_error");
            assert!(!error.to_string().contains("a b"));
        }
    }

    #[test]
    fn a_cookie_does_not_print_itself() {
        let mut cookies = Cookies::default();
        cookies
            .take(&HeaderValue::from_static("SDK-Token=geheim"))
            .unwrap();
        assert_eq!(format!("{:?}", cookies.header().unwrap()), "Sensitive");
    }
}
