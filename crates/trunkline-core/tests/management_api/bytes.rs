//! Every byte of each request.

use std::net::IpAddr;

use trunkline_core::silent;
use trunkline_document::Document;

use crate::peer::{ADA, Act, BEN, Peer, SYSTEM, http, unit, what};
use crate::{access, changed, log_in, log_in_to, read};

/// A request as it must look on the wire, with the peer's port in it.
fn request(peer: &Peer, first: &str, lines: &[&str], body: &str) -> String {
    let mut text = format!("{first} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n", peer.port);
    text.push_str("x-user-client: Avaya-WebAdmin\r\nx-user-agent: Avaya-SDKUser\r\n");
    text.push_str("accept: application/xml\r\ncontent-type: application/xml\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    format!("{text}\r\n{body}")
}

const SESSION: &str = "cookie: JSESSIONID=0123ABCD; SDK-Token=tok/en+1=";

#[tokio::test]
async fn a_whole_session_is_these_bytes_on_one_connection() {
    let peer = Peer::start(unit);
    let mut session = log_in(&peer).await;
    let now = read(&mut session).await.unwrap();
    let mine = changed(&now, "a1", "Name", "Zoë");
    session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap();
    session.close().await;

    let authenticate = "/WebManagement/ws/sdk/security/authenticate";
    // Administrator:Grüße-42 in UTF-8 and base64, by another program.
    let basic = "authorization: Basic QWRtaW5pc3RyYXRvcjpHcsO8w59lLTQy";
    let mut expect = vec![request(&peer, &format!("GET {authenticate}"), &[basic], "")];
    for collection in [
        "licenses",
        "siplines",
        "extensions",
        "users",
        "huntgroups",
        "shortcodes",
        "incoming_call_routes",
        "incoming_group_ids",
        "outgoing_group_ids",
        "systems",
        "provisionIPAddress",
    ] {
        let line = format!("GET /WebManagement/ws/sdk/admin/v1/{collection}");
        expect.push(request(&peer, &line, &[SESSION], ""));
    }
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data><ws_object><User GUID=\"a1\"><Name>Zoë</Name>\
                <Password>geheim-201</Password><Extension>201</Extension></User></ws_object></data>";
    expect.push(request(
        &peer,
        "PUT /WebManagement/ws/sdk/admin/v1/users?guid=a1",
        &[SESSION, &format!("content-length: {}", body.len())],
        body,
    ));
    expect.push(request(&peer, &format!("DELETE {authenticate}"), &[SESSION], ""));
    assert_eq!(peer.heard(), expect);
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn creations_and_removals_are_these_bytes() {
    let peer = Peer::start(unit);
    let mut session = log_in(&peer).await;
    let now = read(&mut session).await.unwrap();
    let text = std::str::from_utf8(now.document().as_bytes()).unwrap();
    let mine = text
        .replace(&format!("<ws_object>{BEN}</ws_object>"), "")
        .replace(
            "</data>",
            "<ws_object><User><Name>Eva</Name></User></ws_object></data>",
        );
    let mine = Document::load(mine.into_bytes());
    session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap();
    let heard = peer.heard();
    let users = "/WebManagement/ws/sdk/admin/v1/users";
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data><ws_object><User><Name>Eva</Name></User></ws_object></data>";
    let length = format!("content-length: {}", body.len());
    assert_eq!(
        heard[heard.len() - 2..],
        [
            request(&peer, &format!("POST {users}"), &[SESSION, &length], body),
            request(&peer, &format!("DELETE {users}?guid=b2"), &[SESSION], ""),
        ]
    );
}

#[tokio::test]
async fn another_node_and_an_odd_guid_are_escaped() {
    let odd = BEN.replace("b2", "{b&amp; 2/ü}");
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "users") => crate::peer::collection("users", &[&odd]),
        _ => unit(request),
    });
    let node: IpAddr = "10.0.0.7".parse().unwrap();
    let access = trunkline_core::api::ApiAccess {
        node: Some(node),
        ..access(&peer)
    };
    let mut session = log_in_to(access).await.unwrap();
    let now = read(&mut session).await.unwrap();
    let mine = std::str::from_utf8(now.document().as_bytes())
        .unwrap()
        .replace("202", "203");
    let mine = Document::load(mine.into_bytes());
    session
        .write(Some(now.document()), &now, &mine, false, &silent)
        .await
        .unwrap();
    let lines = peer.lines();
    assert_eq!(lines[0], "GET /WebManagement/ws/sdk/security/authenticate");
    assert_eq!(
        lines[4],
        "GET /WebManagement/ws/sdk/admin/v1/users?ipaddress=10.0.0.7"
    );
    assert_eq!(
        lines.last().unwrap(),
        "PUT /WebManagement/ws/sdk/admin/v1/users?guid=%7Bb%26%202%2F%C3%BC%7D&ipaddress=10.0.0.7"
    );
}

#[tokio::test]
async fn the_document_is_what_the_unit_wrote_in_the_order_of_the_collections() {
    let peer = Peer::start(unit);
    let now = read(&mut log_in(&peer).await).await.unwrap();
    let objects = [ADA, BEN, SYSTEM]
        .map(|entity| format!("<ws_object>{entity}</ws_object>\n"))
        .concat();
    assert_eq!(
        std::str::from_utf8(now.document().as_bytes()).unwrap(),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data>\n{objects}</data>\n")
    );
    assert_eq!(now.not_offered(), &[] as &[&str]);
}

#[tokio::test]
async fn json_says_the_same_whatever_it_is_called() {
    let json = r#"{"response":{"@status":"1","data":{"@set":"users","@totalRecords":"2","ws_object":[
        {"User":{"@GUID":"a1","Name":"Ada","Password":"geheim-201","Extension":201}},
        {"User":{"@GUID":"b2","Name":"Ben","Extension":"202"}}]}}}"#;
    let peer = Peer::start(move |request| match what(request) {
        ("GET", "users") => Act::Say(http("200 OK", &["Content-Type: application/xml"], json)),
        ("GET", "huntgroups") => Act::Say(http(
            "200 OK",
            &["Content-Type: application/json"],
            r#"{"response":{"data":{"ws_object":{"HuntGroup":{"@GUID":"c3","Name":"Sales"}}},"@status":1}}"#,
        )),
        _ => unit(request),
    });
    let now = read(&mut log_in(&peer).await).await.unwrap();
    let labels: Vec<String> = now.document().entities().map(|entity| entity.label()).collect();
    assert_eq!(
        labels,
        ["User 201 Ada", "User 202 Ben", "HuntGroup Sales", "System Office"]
    );
    let as_xml = Peer::start(|request| match what(request) {
        ("GET", "huntgroups") => crate::peer::collection(
            "huntgroups",
            &["<HuntGroup GUID='c3'><Name>Sales</Name></HuntGroup>"],
        ),
        _ => unit(request),
    });
    let same = read(&mut log_in(&as_xml).await).await.unwrap();
    assert_eq!(now.revision(), same.revision());
}
