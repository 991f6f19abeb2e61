//! Who is logged in to the Management API.

use std::collections::VecDeque;
use std::fmt::Write as _;

use hyper::header::HeaderValue;

use crate::users::random;

/// The cookies of a session.
pub(super) const NAMES: [&str; 2] = ["JSESSIONID", "SDK-Token"];
/// More sessions than this end the oldest.
const MOST: usize = 64;

/// The sessions of one unit.
#[derive(Default)]
pub(crate) struct Sessions(VecDeque<Session>);

struct Session {
    cookies: [String; 2],
    /// By number.
    user: usize,
}

impl Sessions {
    /// A new session; the `Set-Cookie` headers that give it away. `None` where the system has no random numbers.
    pub(super) fn begin(&mut self, user: usize) -> Option<[HeaderValue; 2]> {
        let cookies = [random().ok()?, random().ok()?].map(hex);
        let [path, token] = NAMES;
        let headers = [
            format!("{path}={}; Path=/WebManagement; Secure; HttpOnly", cookies[0]),
            format!("{token}={}; Secure", cookies[1]),
        ];
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Session { cookies, user });
        let [first, second] = headers.map(|header| HeaderValue::from_str(&header).ok());
        Some([first?, second?])
    }

    /// The user of a session.
    pub(super) fn user(&self, cookies: &[String; 2]) -> Option<usize> {
        let session = self.0.iter().find(|session| session.cookies == *cookies);
        session.map(|session| session.user)
    }

    pub(super) fn end(&mut self, cookies: &[String; 2]) {
        self.0.retain(|session| session.cookies != *cookies);
    }

    pub(super) fn end_all(&mut self) {
        self.0.clear();
    }
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can not fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}
