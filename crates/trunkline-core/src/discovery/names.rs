//! DNS names, many at a time, by the system's own resolver.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long one name may take. The system's resolver has its own, longer limits and can not be stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many addresses of one name are asked.
const MOST: usize = 8;

const STACK: usize = 256 * 1024;

/// The addresses of a name, IPv4 first; at least one, at most eight.
///
/// # Errors
/// A sentence that says why there is none.
pub(crate) async fn resolve(name: &str) -> Result<Vec<IpAddr>, String> {
    let (answer, answered) = oneshot::channel();
    let question = (name.to_owned(), 0);
    // A thread of its own: tokio's are waited for when the program ends, and a dead DNS server takes half a minute.
    thread::Builder::new()
        .name("resolve".into())
        .stack_size(STACK)
        .spawn(move || drop(answer.send(question.to_socket_addrs().map(Vec::from_iter))))
        .map_err(|error| format!("the name can not be looked up: {error}"))?;
    match timeout(PATIENCE, answered).await {
        Ok(Ok(Ok(found))) => usable(found),
        Ok(Ok(Err(error))) => Err(format!("the name can not be looked up: {error}")),
        Ok(Err(_)) => Err("the name can not be looked up".into()),
        Err(_) => Err(format!(
            "the name could not be looked up within {} s",
            PATIENCE.as_secs()
        )),
    }
}

fn usable(found: Vec<SocketAddr>) -> Result<Vec<IpAddr>, String> {
    let mut seen = HashSet::new();
    let mut addresses: Vec<_> = found
        .into_iter()
        .map(|a| a.ip().to_canonical())
        .filter(|a| seen.insert(*a))
        .collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.truncate(MOST);
    if addresses.is_empty() {
        Err("the name has no address".into())
    } else {
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_once_with_ipv4_first_and_bounded() {
        let found = [
            "[2001:db8::1]:0",
            "10.0.0.2:0",
            "[::ffff:10.0.0.2]:0",
            "10.0.0.1:0",
        ];
        let addresses = usable(found.iter().map(|text| text.parse().unwrap()).collect()).unwrap();
        let expect: Vec<IpAddr> = ["10.0.0.2", "10.0.0.1", "2001:db8::1"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        assert_eq!(addresses, expect);
        let many = (0..99).map(|n| SocketAddr::from(([10, 0, 0, n], 0))).collect();
        assert_eq!(usable(many).unwrap().len(), MOST);
        assert_eq!(usable(Vec::new()).unwrap_err(), "the name has no address");
    }
}
