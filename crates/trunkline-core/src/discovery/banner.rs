//! What a web server says of itself (protocol.md 9): `HEAD /` over HTTP or HTTPS, and its `Server:` line.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, SERVER, USER_AGENT};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use trunkline_protocol::identification::ip_office_release;
use trunkline_protocol::printable::printable;

use super::unidentified::Unidentified;
use crate::tls::{self, Acceptance};

/// The longest answer that is read, in bytes: the least that the library allows. A `Server:` line has a few dozen.
const LONGEST_ANSWER: usize = 8192;

/// How many lines an answer may have.
const MOST_HEADERS: usize = 64;

/// How much of the `Server:` line is shown, in characters.
const SHOWN: usize = 64;

/// Asks one server; `None` where no web server answers within `limit` for each of connecting, TLS and answering.
///
/// Over TLS any certificate will do: nothing secret is sent, and the answer is not believed in any case.
pub(super) async fn ask(place: SocketAddr, over_tls: bool, limit: Duration) -> Option<Unidentified> {
    let stream = timeout(limit, TcpStream::connect(place)).await.ok()?.ok()?;
    let server = if over_tls {
        let host = place.ip().to_string();
        let handshake = timeout(limit, tls::handshake(stream, &host, Acceptance::Any, None));
        let stream = handshake.await.ok()?.ok()?.stream;
        timeout(limit, server_line(stream, place)).await.ok()??
    } else {
        timeout(limit, server_line(stream, place)).await.ok()??
    };
    let release = server.as_deref().and_then(ip_office_release);
    let [server, release] = [server.as_deref(), release].map(|text| text.map(shown));
    Some(Unidentified::by_http(
        place,
        over_tls,
        server.as_deref(),
        release.as_deref(),
    ))
}

/// The `Server:` line; `Some(None)` where a web server answers without one.
async fn server_line<S>(stream: S, place: SocketAddr) -> Option<Option<String>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(LONGEST_ANSWER)
        .max_headers(MOST_HEADERS)
        .title_case_headers(true)
        .ignore_invalid_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .handshake(TokioIo::new(stream))
        .await
        .ok()?;
    let request = Request::builder()
        .method(Method::HEAD)
        .uri("/")
        .header(HOST, place.to_string())
        .header(USER_AGENT, "Trunkline")
        .header(CONNECTION, "close")
        .body(String::new())
        .ok()?;
    let answered = sender.send_request(request);
    let connected = connection;
    tokio::pin!(answered, connected);
    // The connection does the reading and writing; it ends when the server closes, with the answer waiting or without.
    let answer = tokio::select! {
        answer = &mut answered => answer,
        _ = &mut connected => answered.await,
    };
    let answer = answer.ok()?;
    let line = answer.headers().get(SERVER);
    Some(line.map(|value| value.as_bytes().iter().copied().map(char::from).collect()))
}

/// Cut, and safe to show.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(SHOWN).collect();
    printable(cut.trim())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::generate_simple_self_signed;
    use rustls::ServerConfig;
    use rustls::crypto::ring;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;
    use tokio_rustls::TlsAcceptor;

    use super::super::unidentified::UnidentifiedKind::{self, HttpOther, HttpUnit};
    use super::*;

    /// Long where an answer is sure to come.
    const LONG: Duration = Duration::from_secs(30);

    /// Reads to the end of the request, answers, closes; gives back the request.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &[u8]) -> Vec<u8> {
        let mut request = Vec::new();
        // A TLS record is answered at once: there is no end of a request in it.
        while !request.ends_with(b"\r\n\r\n") && request.first() != Some(&0x16) {
            if stream.read_buf(&mut request).await.unwrap() == 0 {
                break;
            }
        }
        // Who asked may have gone already.
        stream.write_all(answer).await.ok();
        stream.shutdown().await.ok();
        request
    }

    /// A server for one question.
    async fn server(over_tls: bool, answer: Vec<u8>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            if !over_tls {
                return serve(stream, &answer).await;
            }
            let key = generate_simple_self_signed(vec!["unit".into()]).unwrap();
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(
                    vec![key.cert.der().clone()],
                    key.signing_key.serialize_der().try_into().unwrap(),
                )
                .unwrap();
            let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
            serve(stream, &answer).await
        });
        (place, serving)
    }

    #[tokio::test]
    async fn an_ip_office_is_told_by_its_server_line() {
        let check = async |over_tls, answer: &str, expect: (UnidentifiedKind, &str)| {
            let (place, serving) = server(over_tls, answer.as_bytes().to_vec()).await;
            let found = ask(place, over_tls, LONG).await.unwrap();
            assert_eq!((found.kind, found.reason.as_str()), expect, "{answer:?}");
            assert_eq!((found.address, found.port), (place.ip(), Some(place.port())));
            let request = String::from_utf8(serving.await.unwrap()).unwrap();
            assert_eq!(
                request,
                format!(
                    "HEAD / HTTP/1.1\r\nHost: {place}\r\nUser-Agent: Trunkline\r\nConnection: close\r\n\r\n"
                )
            );
        };
        let ok = |line: &str| format!("HTTP/1.1 200 OK\r\n{line}Content-Length: 5\r\n\r\n");
        check(
            false,
            &ok("Server: IPOffice/11.1.2.3\r\n"),
            (HttpUnit, "HTTP says IPOffice 11.1.2.3"),
        )
        .await;
        check(
            true,
            &ok("server:IPOffice/12.2\r\n"),
            (HttpUnit, "HTTPS says IPOffice 12.2"),
        )
        .await;
        check(
            false,
            "HTTP/1.0 401 Unauthorized\r\nServer: IPOffice/\r\n\r\n",
            (HttpUnit, "HTTP says IPOffice"),
        )
        .await;
        check(
            false,
            &ok("Server: nginx/1.25 \r\n"),
            (HttpOther, "HTTP says nginx/1.25"),
        )
        .await;
        check(
            false,
            &ok(""),
            (
                HttpOther,
                "a web server answers by HTTP and does not say what it is",
            ),
        )
        .await;
    }

    #[tokio::test]
    async fn what_a_server_says_is_cut_and_safe_to_show() {
        let line = format!("Server: IPOffice/\u{1b}[2J{}\r\n", "9".repeat(500));
        let (place, _serving) = server(false, format!("HTTP/1.1 200 OK\r\n{line}\r\n").into_bytes()).await;
        // An escape in a header is refused by the library, and the header with it.
        let found = ask(place, false, LONG).await.unwrap();
        assert_eq!(found.kind, UnidentifiedKind::HttpOther, "{found:?}");
        let line = format!("Server: IPOffice/{}\r\n", "9\u{e9}".repeat(500));
        let (place, _serving) = server(false, format!("HTTP/1.1 200 OK\r\n{line}\r\n").into_bytes()).await;
        let found = ask(place, false, LONG).await.unwrap();
        assert_eq!(
            found.reason.chars().count(),
            "HTTP says IPOffice ".len() + SHOWN,
            "{found:?}"
        );
    }

    #[tokio::test]
    async fn what_is_no_web_server_is_nothing() {
        let check = async |over_tls, answer: Vec<u8>| {
            let (place, _serving) = server(false, answer).await;
            assert_eq!(ask(place, over_tls, LONG).await, None);
        };
        check(false, Vec::new()).await;
        check(false, b"SSH-2.0-OpenSSH\r\n".to_vec()).await;
        check(false, b"HTTP/1.1 200 OK\r\nServer: IPOffice/11".to_vec()).await;
        check(false, b"\x00\xff\x49".to_vec()).await;
        // Endless lines: more than the bound, and no end.
        let endless = |line: String| format!("HTTP/1.1 200 OK\r\n{}", line.repeat(20_000)).into_bytes();
        check(false, endless("X: y\r\n".into())).await;
        check(false, endless("x".into())).await;
        check(true, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    }
}
