//! The Management API in literal HTTP, from docs/protocol.md section 7: who gets in, what is shown, what changes.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, though not every function is one"
)]

mod common;

use common::{PASSWORD, Raw, hex, options, unit, unit_with};
use trunkline_protocol::link::auth::Service;
use trunkline_simulator::{Options, Unit};

const KEYS: &str = "management_api = true\nmerge_needs_reboot = ['System']";
const BASE: &str = "/WebManagement/ws/sdk";
const WHO: &str = "X-User-Client: Avaya-WebAdmin\r\nX-User-Agent: Avaya-SDKUser\r\n";
/// `Administrator:Grüße-42`
const BASIC: &str = "Authorization: Basic QWRtaW5pc3RyYXRvcjpHcsO8w59lLTQy\r\n";

/// Status, head and body of the answer to one request on a connection of its own.
async fn ask(unit: &Unit, line: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut raw = Raw::over_tls(unit, unit.ports().management_api, Service::Configuration)
        .await
        .unwrap();
    ask_on(&mut raw, line, headers, body).await
}

async fn ask_on(raw: &mut Raw, line: &str, headers: &str, body: &str) -> (u16, String, String) {
    let length = body.len();
    let request = format!(
        "{} HTTP/1.1\r\nHost: unit\r\n{headers}Content-Length: {length}\r\n\r\n{body}",
        line.replacen(' ', &format!(" {BASE}"), 1)
    );
    raw.send_bytes(request.as_bytes()).await;
    let mut wanted = 1;
    loop {
        let text = String::from_utf8_lossy(&raw.bytes(wanted).await).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            wanted = text.len() + 1;
            continue;
        };
        let length = head
            .to_lowercase()
            .split_once("content-length: ")
            .map_or(0, |(_, rest)| {
                rest.lines().next().unwrap().parse::<usize>().unwrap()
            });
        if body.len() >= length {
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            return (status, head.to_owned(), body.to_owned());
        }
        wanted = head.len() + 4 + length;
    }
}

/// The `Cookie` header of a new session.
async fn log_in(unit: &Unit) -> String {
    let (status, head, _) = ask(unit, "GET /security/authenticate", &format!("{WHO}{BASIC}"), "").await;
    assert_eq!(status, 200, "{head}");
    let cookies: Vec<&str> = head
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .map(|cookie| cookie.split(';').next().unwrap())
        .collect();
    let [first, second] = cookies[..] else {
        panic!("{head}")
    };
    assert!(
        first.starts_with("JSESSIONID=") && second.starts_with("SDK-Token="),
        "{head}"
    );
    format!("{WHO}Cookie: {first}; {second}\r\n")
}

async fn get(unit: &Unit, session: &str, collection: &str) -> String {
    let (status, _, body) = ask(unit, &format!("GET /admin/v1/{collection}"), session, "").await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The first entity of a collection, with its GUID.
async fn first(unit: &Unit, session: &str, collection: &str) -> (String, String) {
    let body = get(unit, session, collection).await;
    let entity = body
        .split_once("<ws_object>")
        .unwrap()
        .1
        .split_once("</ws_object>")
        .unwrap()
        .0;
    let guid = entity.split_once("GUID=\"").unwrap().1.split_once('"').unwrap().0;
    (entity.trim().to_owned(), guid.to_owned())
}

fn data(entity: &str) -> String {
    format!("<?xml version='1.0' encoding='UTF-8'?><data><ws_object>{entity}</ws_object></data>")
}

#[tokio::test]
async fn only_who_knows_name_and_password_gets_a_session() {
    let (_simulator, unit) = unit(KEYS).await;
    let no_who = ask(&unit, "GET /security/authenticate", BASIC, "").await;
    assert_eq!(no_who.0, 400);
    for authorization in [
        "",
        "Authorization: Basic QWRtaW5pc3RyYXRvcjp4\r\n",
        "Authorization: Basic !\r\n",
        "Authorization: Bearer x\r\n",
    ] {
        let headers = format!("{WHO}{authorization}");
        let (status, head, body) = ask(&unit, "GET /security/authenticate", &headers, "").await;
        assert_eq!((status, body.as_str()), (401, ""), "{authorization}");
        assert!(!head.contains("set-cookie"));
    }
    let session = log_in(&unit).await;
    assert!(
        get(&unit, &session, "systems")
            .await
            .contains("response status=\"1\"")
    );
    for other in [
        WHO.to_owned(),
        session.replace("SDK-Token=", "SDK-Token=0"),
        session.replace("JSESSIONID", "X"),
    ] {
        let body = get(&unit, &other, "systems").await;
        assert!(
            body.contains("<response status=\"0\"><error><error_code>461:SessionTimeout"),
            "{body}"
        );
    }
    assert_eq!(
        ask(&unit, "DELETE /security/authenticate", &session, "").await.0,
        200
    );
    assert!(
        get(&unit, &session, "systems")
            .await
            .contains("461:SessionTimeout")
    );
}

#[tokio::test]
async fn accounts_that_may_not_are_refused_and_failures_lock() {
    let (_simulator, unit) = unit(KEYS).await;
    let status = async |name: &str, password: &str| {
        let basic = base64_of(&format!("{name}:{password}"));
        let headers = format!("{WHO}Authorization: Basic {basic}\r\n");
        ask(&unit, "GET /security/authenticate", &headers, "").await.0
    };
    assert_eq!(status("Former", PASSWORD).await, 401);
    assert_eq!(status("Newcomer", PASSWORD).await, 401);
    assert_eq!(status("Merger", PASSWORD).await, 403);
    assert_eq!(status("Auditor", PASSWORD).await, 200);
    for _ in 0..3 {
        assert_eq!(status("Auditor", "wrong").await, 401);
    }
    assert_eq!(status("Auditor", PASSWORD).await, 401, "locked");
    unit.unlock();
    assert_eq!(status("Auditor", PASSWORD).await, 200);
}

/// By hand, so that it is not the unit's own.
fn base64_of(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS[(value & 63) as usize]);
    let mut out = String::new();
    for part in text.as_bytes().chunks(3) {
        let byte = |index: usize| u32::from(part.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let all = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
        out.extend(&all[..=part.len()]);
        out.push_str(&"=".repeat(3 - part.len()));
    }
    out
}

#[tokio::test]
async fn collections_show_the_configuration_that_unit_link_serves() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let held = String::from_utf8(unit.configuration().unwrap().to_vec()).unwrap();
    for (collection, kind) in [
        ("systems", "System"),
        ("users", "User"),
        ("extensions", "Extension"),
        ("huntgroups", "HuntGroup"),
        ("shortcodes", "ShortCode"),
        ("incoming_call_routes", "IncomingCallRoute"),
        ("licenses", "License"),
        ("siplines", "Line"),
    ] {
        let body = get(&unit, &session, collection).await;
        let objects = body.matches("<ws_object>").count();
        assert!(
            objects > 0 && body.contains(&format!("set=\"{collection}\" totalRecords=\"{objects}\"")),
            "{body}"
        );
        assert_eq!(body.matches(&format!("<{kind} GUID=")).count(), objects);
        let (entity, _) = first(&unit, &session, collection).await;
        assert!(held.contains(&entity), "{entity}");
    }
    assert!(get(&unit, &session, "siplines").await.contains("<LineType>SIP"));
    assert!(!get(&unit, &session, "siplines").await.contains("<LineType>ISDN"));
    let numbers = get(&unit, &session, "incoming_group_ids").await;
    assert!(
        numbers.contains("totalRecords=\"3\"") && numbers.contains("<IncomingGroupId><Id>1</Id>"),
        "{numbers}"
    );
    let address = get(&unit, &session, "provisionIPAddress").await;
    assert!(address.contains("<IPAddress>127.0.0.1</IPAddress>"), "{address}");
    let node = get(&unit, &session, "systems?ipaddress=127.0.0.1").await;
    assert!(node.contains("<System"), "{node}");
    let other = get(&unit, &session, "systems?ipaddress=10.9.9.9").await;
    assert!(
        other.contains("status=\"0\"") && other.contains("404:NoSuchNode"),
        "{other}"
    );
}

#[tokio::test]
async fn json_is_given_to_who_asks_for_it_or_sends_it() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let answer = async |headers: &str| {
        let headers = format!("{session}{headers}");
        let (_, head, body) = ask(&unit, "GET /admin/v1/systems", &headers, "").await;
        (head.contains("content-type: application/json"), body)
    };
    let (is_json, body) = answer("Accept: application/json\r\n").await;
    assert!(
        is_json && body.starts_with(r#"{"response":{"@status":"1","data":{"@set":"systems""#),
        "{body}"
    );
    assert!(body.contains(r#""ws_object":{"System":{"@GUID":""#), "{body}");
    assert!(
        answer("Accept: */*\r\nContent-Type: application/json\r\n")
            .await
            .0
    );
    assert!(
        !answer("Accept: application/xml\r\nContent-Type: application/json\r\n")
            .await
            .0
    );
    assert!(!answer("").await.0);

    let (_, guid) = first(&unit, &session, "shortcodes").await;
    let body = format!(
        r#"{{"data":{{"ws_object":{{"ShortCode":{{"@GUID":"{guid}","Code":"*1 & *2","LineGroupId":7}}}}}}}}"#
    );
    let headers = format!("{session}Content-Type: application/json\r\n");
    let (status, _, answer) = ask(&unit, "PUT /admin/v1/shortcodes", &headers, &body).await;
    assert_eq!(
        (status, answer.as_str()),
        (200, r#"{"response":{"@status":"1"}}"#)
    );
    let (entity, _) = first(&unit, &session, "shortcodes").await;
    assert_eq!(
        entity,
        format!(
            "<ShortCode GUID=\"{guid}\"><Code>*1 &amp; *2</Code><LineGroupId>7</LineGroupId></ShortCode>"
        )
    );
}

#[tokio::test]
async fn a_put_clears_what_it_leaves_out_and_every_change_is_a_revision() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let before = unit.revision();
    let (user, guid) = first(&unit, &session, "users").await;
    assert!(user.contains("<Password>") && user.contains("<Etag>"));
    // What stands around it stays, to the byte.
    let whole = user.replace("Extn200", "Zoë");
    let put = format!("PUT /admin/v1/users?guid={guid}");
    let (status, _, answer) = ask(&unit, &put, &session, &data(&whole)).await;
    assert_eq!(status, 200);
    assert!(answer.ends_with("<response status=\"1\"></response>"), "{answer}");
    let (after, _) = first(&unit, &session, "users").await;
    assert!(after.contains("<Name>Zoë</Name>") && after.contains("<Password>"));
    assert_ne!(after, whole, "the Etag is a new one");
    assert_ne!(unit.revision(), before);
    let part = format!("<User GUID=\"{guid}\"><Name>Zoë</Name></User>");
    assert_eq!(ask(&unit, &put, &session, &data(&part)).await.0, 200);
    assert_eq!(first(&unit, &session, "users").await.0, part);
    // Over Unit Link it is the same.
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    let object = raw.read(1, 0, &"00".repeat(32)).await;
    assert!(String::from_utf8(object.bytes()).unwrap().contains(&part));
    assert!(unit.audit_trail().contains("PUT users over the Management API"));
}

#[tokio::test]
async fn entities_come_and_go() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let users = get(&unit, &session, "users").await.matches("<User ").count();
    let new = data("<User><Name>Eva</Name><Extension>777</Extension></User>");
    let (status, _, answer) = ask(&unit, "POST /admin/v1/users", &session, &new).await;
    assert_eq!(status, 200);
    let guid = answer.split_once("GUID=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(hex(guid).len(), 16, "{answer}");
    assert_eq!(
        get(&unit, &session, "users").await.matches("<User ").count(),
        users + 1
    );
    let again = data(&format!("<User GUID='{guid}'><Name>Eve</Name></User>"));
    let (_, _, answer) = ask(&unit, "POST /admin/v1/users", &session, &again).await;
    assert!(
        answer.contains("status=\"0\"") && answer.contains("409:Exists"),
        "{answer}"
    );
    let delete = format!("DELETE /admin/v1/users?guid={guid}");
    assert_eq!(ask(&unit, &delete, &session, "").await.0, 200);
    assert_eq!(ask(&unit, &delete, &session, "").await.0, 404);
    assert!(!get(&unit, &session, "users").await.contains("Eva"));
}

#[tokio::test]
async fn what_can_not_be_is_refused_and_changes_nothing() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let (user, guid) = first(&unit, &session, "users").await;
    let before = unit.revision();
    let line = data("<Line><LineType>ISDN</LineType></Line>");
    for (request, body, expect) in [
        ("GET /admin/v1/gadgets".to_owned(), String::new(), 404),
        ("PATCH /admin/v1/users".to_owned(), String::new(), 405),
        ("POST /admin/v1/systems".to_owned(), data("<System/>"), 405),
        ("PUT /admin/v1/licenses".to_owned(), data("<License/>"), 405),
        ("POST /security/authenticate".to_owned(), String::new(), 405),
        (
            format!("PUT /admin/v1/users?guid={guid}"),
            "<data>".to_owned(),
            400,
        ),
        (
            format!("PUT /admin/v1/users?guid={guid}"),
            data(&format!("{user}{user}")),
            400,
        ),
        (
            format!("PUT /admin/v1/users?guid={guid}"),
            data("<User GUID='00'/>"),
            400,
        ),
        ("PUT /admin/v1/users".to_owned(), data("<User GUID='00'/>"), 404),
        ("PUT /admin/v1/huntgroups".to_owned(), data(&user), 404),
        ("POST /admin/v1/siplines".to_owned(), line, 400),
        ("POST /admin/v1/users".to_owned(), "x".repeat(3_000_000), 400),
    ] {
        let (status, _, _) = ask(&unit, &request, &session, &body).await;
        assert_eq!(status, expect, "{request}");
    }
    assert_eq!(unit.revision(), before);
}

#[tokio::test]
async fn a_change_that_needs_a_restart_says_so() {
    let (_simulator, unit) = unit(KEYS).await;
    let session = log_in(&unit).await;
    let (system, _) = first(&unit, &session, "systems").await;
    let renamed = data(&system.replacen("<Name>", "<Name>New ", 1));
    let (_, _, answer) = ask(&unit, "PUT /admin/v1/systems", &session, &renamed).await;
    assert!(answer.contains("status=\"1\"><REBOOT>true</REBOOT>"), "{answer}");
    let address = data("<ProvisionIPAddress><IPAddress>192.0.2.9</IPAddress></ProvisionIPAddress>");
    let (_, _, answer) = ask(&unit, "PUT /admin/v1/provisionIPAddress", &session, &address).await;
    assert!(answer.contains("REBOOT"), "{answer}");
    let held = String::from_utf8(unit.configuration().unwrap().to_vec()).unwrap();
    assert!(held.contains("<IPAddress>192.0.2.9</IPAddress>") && held.contains("<Name>New "));
}

#[tokio::test]
async fn a_unit_that_may_only_be_read_refuses_inside_of_success() {
    let (_simulator, unit) = unit(&format!("{KEYS}\nstate = 'read_only'")).await;
    let session = log_in(&unit).await;
    let (user, guid) = first(&unit, &session, "users").await;
    let (status, _, answer) = ask(
        &unit,
        &format!("PUT /admin/v1/users?guid={guid}"),
        &session,
        &data(&user),
    )
    .await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("status=\"0\"") && answer.contains("403:Forbidden"),
        "{answer}"
    );
}

#[tokio::test]
async fn faults_count_requests() {
    let faults = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
    let (_simulator, unit) = unit_with(
        KEYS,
        Options {
            faults: faults(&["api-busy:7:1"]),
            ..options()
        },
    )
    .await;
    let session = log_in(&unit).await;
    let mut raw = Raw::over_tls(&unit, unit.ports().management_api, Service::Configuration)
        .await
        .unwrap();
    let (status, head, _) = ask_on(&mut raw, "GET /admin/v1/systems", &session, "").await;
    assert!(status == 503 && head.contains("retry-after: 7"), "{head}");
    assert_eq!(ask(&unit, "GET /admin/v1/systems", &session, "").await.0, 200);
    unit.set_faults(&faults(&["api-status:404:1"]));
    assert_eq!(ask(&unit, "GET /admin/v1/systems", &session, "").await.0, 404);
    unit.set_faults(&faults(&["api-json"]));
    assert!(get(&unit, &session, "systems").await.starts_with('{'));
    unit.set_faults(&faults(&["api-session-timeout:1"]));
    assert!(
        get(&unit, &session, "systems")
            .await
            .contains("461:SessionTimeout")
    );
    assert!(
        get(&unit, &session, "systems").await.contains("461"),
        "the session is gone"
    );
    let session = log_in(&unit).await;
    unit.set_faults(&faults(&["api-refuse-after:1"]));
    let (user, guid) = first(&unit, &session, "users").await;
    let put = format!("PUT /admin/v1/users?guid={guid}");
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(ask(&unit, &put, &session, &data(&user)).await.2);
    }
    assert!(
        answers[0].contains("status=\"1\"") && answers[1].contains("409:Refused"),
        "{answers:?}"
    );
}

#[tokio::test]
async fn it_is_offered_only_where_it_is_wanted() {
    let (simulator, unit) = unit(KEYS).await;
    let port = unit.ports().management_api.unwrap();
    assert!(simulator.announcement().contains(&format!(" api {port} name")));
    let mut raw = Raw::discovery(&unit).await;
    let whois = raw.ask("00540001 00000007 01").await;
    // 32: Management API; with the services over plain TCP and TLS, and DevLink3.
    assert!(whois.contains("0054010700040000006f"), "{whois}");
    let (_simulator, without) = common::unit("").await;
    assert_eq!(without.ports().management_api, None);
    let (_simulator, no_tls) = common::unit("management_api = true\ntls = false").await;
    assert_eq!(no_tls.ports().management_api, None);
}
