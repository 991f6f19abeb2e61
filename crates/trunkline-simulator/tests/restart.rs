//! Units that go away and come back.

mod common;

use std::time::Duration;

use common::{MERGE, Raw, Write, options, soon, unit, unit_with};
use trunkline_simulator::{Options, Power, Simulator, Unit};

async fn logged_in(keys: &str) -> (Simulator, Unit, Raw) {
    let (simulator, unit) = unit(keys).await;
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    (simulator, unit, raw)
}

#[tokio::test]
async fn a_restart_closes_everything_and_opens_it_again() {
    let options = Options {
        restart: Some(Duration::from_hours(1)),
        ..options()
    };
    let (_simulator, unit) = unit_with("", options).await;
    let mut raw = Raw::configuration_tls(&unit).await;
    let mut discovery = Raw::discovery(&unit).await;
    raw.log_in("Administrator").await;
    assert_eq!(
        raw.ask("00540031 00000003 02 0000 00").await,
        "80540031000000030000000000000000"
    );
    assert!(raw.is_closed().await && discovery.is_closed().await);
    soon(unit.wait_for(Power::Off)).await;
    let refused = tokio::net::TcpStream::connect(unit.discovery().unwrap()).await;
    assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    soon(unit.start()).await;
    Raw::configuration_tls(&unit).await.log_in("Administrator").await;
    assert_eq!(unit.restarts(), 1);
}

#[tokio::test]
async fn a_restart_ends_by_itself() {
    let (_simulator, unit, mut raw) = logged_in("when_free_seconds = 0").await;
    assert_eq!(
        raw.ask("00540031 00000003 03 0000 03").await,
        "80540031000000030000000000000000"
    );
    soon(unit.wait_for(Power::Off)).await;
    soon(unit.wait_for(Power::Running)).await;
    Raw::configuration(&unit).await.log_in("Administrator").await;
}

#[tokio::test]
async fn a_unit_that_is_starting_says_so_and_asks_to_come_back_later() {
    let options = Options {
        starting: Some(Duration::from_hours(1)),
        ..options()
    };
    let (_simulator, unit) = unit_with("", options).await;
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    raw.ask("00540031 00000003 02 0000 00").await;
    soon(unit.wait_for(Power::Starting)).await;
    assert!(
        Raw::discovery(&unit)
            .await
            .ask("00540001 00000007 01")
            .await
            .contains("00540109000102")
    );
    let answer = Raw::configuration(&unit).await.request_challenge().await;
    assert_eq!(answer, "80300001000000018000004300540205000400000001");
}

#[tokio::test]
async fn a_configuration_that_restarts_the_unit_is_there_afterwards() {
    for (mode, keys, seconds) in [
        (2, "", "00000000"),
        (3, "when_free_seconds = 0", "00000000"),
        (4, "timed_seconds = 0", "00000000"),
    ] {
        // What a merge may not change, a restart may.
        let (_simulator, unit, mut raw) = logged_in(&format!("merge_needs_reboot = ['User']\n{keys}")).await;
        let head = Write {
            mode,
            minutes: 1439,
            ..MERGE
        };
        assert_eq!(
            raw.write(&head, b"<data><User/></data>").await,
            format!("000000000004{}{seconds}", "72343139")
        );
        assert!(raw.is_closed().await);
        soon(unit.wait_for(Power::Running)).await;
        assert_eq!(
            (unit.configuration().unwrap(), unit.revision()),
            ("<data><User/></data>".into(), "r419".into())
        );
    }
}

#[tokio::test]
async fn a_restart_that_is_to_come_says_when_and_lets_work_go_on() {
    let (_simulator, unit, mut raw) = logged_in("when_free_seconds = 300").await;
    assert_eq!(
        raw.ask("00540031 00000003 03 0000 00").await,
        "8054003100000003000000000000012c"
    );
    // By the clock: within a day, whatever time it is.
    let answer = raw.ask("00540031 00000004 04 0000 00").await;
    let seconds = u32::from_str_radix(answer.strip_prefix("805400310000000400000000").unwrap(), 16).unwrap();
    assert!(seconds < 86_400, "{seconds}");
    assert!(
        raw.ask("00540071 00000005 01")
            .await
            .starts_with("805400710000000500000000")
    );
    assert_eq!(unit.power(), Power::Running);
    for no_mode in ["01 0000", "05 0000", "04 05a0"] {
        assert_eq!(
            raw.ask(&format!("00540031 00000006 {no_mode} 00")).await,
            "805400310000000680000051"
        );
    }
}

#[tokio::test]
async fn a_unit_can_be_taken_away_and_brought_back() {
    let (_simulator, unit, mut raw) = logged_in("").await;
    unit.change_configuration(&b"<data/>"[..]);
    soon(unit.stop()).await;
    assert!(raw.is_closed().await);
    assert_eq!(unit.power(), Power::Off);
    // Windows closes a port in its own time.
    let closes = async {
        while tokio::net::TcpStream::connect(unit.discovery().unwrap())
            .await
            .is_ok()
        {}
    };
    soon(closes).await;
    soon(unit.start()).await;
    let mut raw = Raw::configuration(&unit).await;
    raw.log_in("Administrator").await;
    assert_eq!(
        (unit.restarts(), unit.configuration().unwrap()),
        (0, "<data/>".into())
    );
}
