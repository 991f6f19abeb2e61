//! DNS names, many at a time, by the system's own resolver.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

/// How long one name may take. The system's resolver has its own, longer limits and can not be stopped.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many addresses of one name are asked.
const MOST: usize = 8;

/// How many names are looked up at a time.
const AT_ONCE: usize = 64;

const STACK: usize = 256 * 1024;

/// What became of one name that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedName {
    /// The name.
    pub name: String,
    /// Its addresses, IPv4 first; empty where there is none.
    pub addresses: Vec<IpAddr>,
    /// Why there is none; empty where there is one.
    pub problem: String,
}

/// Looks names up, side by side, without asking anything of what stands at their addresses; in the given order.
pub async fn resolve_all(names: Vec<String>) -> Vec<ResolvedName> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = Vec::with_capacity(names.len());
    for name in names {
        let places = Arc::clone(&places);
        running.push(tokio::spawn(async move {
            let _place = places.acquire().await;
            let (addresses, problem) = match resolve(&name).await {
                Ok(addresses) => (addresses, String::new()),
                Err(problem) => (Vec::new(), problem),
            };
            ResolvedName {
                name,
                addresses,
                problem,
            }
        }));
    }
    let mut resolved = Vec::with_capacity(running.len());
    for one in running {
        resolved.extend(one.await.ok());
    }
    resolved
}

/// The addresses of a name, IPv4 first; at least one, at most eight.
///
/// # Errors
/// A sentence that says why there is none.
pub(super) async fn resolve(name: &str) -> Result<Vec<IpAddr>, String> {
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

    #[tokio::test]
    async fn names_are_looked_up_in_their_order_and_what_has_no_address_says_why() {
        let names = ["localhost", "no such name.invalid"].map(str::to_owned).to_vec();
        let resolved = resolve_all(names).await;
        let [here, nowhere] = &resolved[..] else {
            panic!("{resolved:?}")
        };
        assert_eq!(here.name, "localhost");
        assert!(
            here.addresses.iter().any(IpAddr::is_loopback) && here.problem.is_empty(),
            "{here:?}"
        );
        assert!(nowhere.addresses.is_empty(), "{nowhere:?}");
        assert!(
            nowhere.problem.starts_with("the name can not be looked up"),
            "{nowhere:?}"
        );
    }

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
