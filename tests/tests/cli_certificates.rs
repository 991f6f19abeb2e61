//! Certificates, the unit's and ours: what is accepted, and what is said of everything else.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod cli_support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use cli_support::{Computer, Outcome, Site, USER};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

/// SHA-256 of the certificate in the files of `client-certificate`.
const OURS: &str = "3550ff88e2b15fbb6ccab3cfce1ecb8840f2c3165d7b406c81eb75f141f55a11";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/trunkline-core/tests/data")
        .join(name)
}

fn ours(name: &str) -> String {
    data("client-certificate")
        .join(name)
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_unit_that_demands_a_client_certificate_is_shown_one() {
    let computer = Computer::new();
    let site = Site::one(&computer, &format!("client_certificate = '{OURS}'"));
    let receive = ["receive", &site.target(), "--out", "a.xml"];

    let without = computer
        .run_as_user(&[&receive[..], &["--json"]].concat())
        .exits(4);
    assert_eq!(without.code(), "client_certificate");
    without.says("--client-certificate");

    let open = ours("open.pem");
    computer
        .run_as_user(&[&receive[..], &["--client-certificate", &open]].concat())
        .exits(0);

    let base = site.target().replace("127.0.0.1:", "");
    let add = ["sites", "add", "Head Office", "127.0.0.1", "--base-port", &base];
    let add = [&add[..], &["--client-certificate", &open, "--user", USER]].concat();
    computer.run(&add).exits(0);
    computer
        .run_as_user(&["receive", "Head Office", "--out", "b.xml"])
        .exits(0);
    assert_eq!(computer.text("a.xml"), computer.text("b.xml"));
}

#[test]
fn a_locked_file_is_opened_by_the_environment_alone() {
    let computer = Computer::new();
    let site = Site::one(&computer, &format!("client_certificate = '{OURS}'"));
    for (file, password) in [
        ("locked.pem", "Grüße-42"),
        ("modern.p12", "Grüße-42"),
        ("legacy.p12", "plain-42"),
    ] {
        let file = ours(file);
        let target = site.target();
        let receive = [
            "receive",
            &target,
            "--out",
            "a.xml",
            "--client-certificate",
            &file,
        ];
        computer
            .run_as_user(&receive)
            .exits(4)
            .says("locked with a password");
        let variable = "TRUNKLINE_CLIENT_CERTIFICATE_PASSWORD";
        let wrong = computer
            .run_as_user_with(&[(variable, "wrong")], &receive)
            .exits(4);
        wrong.says("does not open it");
        computer
            .run_as_user_with(&[(variable, password)], &receive)
            .exits(0);
    }
}

#[test]
fn a_certificate_that_the_unit_does_not_trust_is_told_apart() {
    let computer = Computer::new();
    let other = OURS.replace('3', "4");
    let site = Site::one(&computer, &format!("client_certificate = '{other}'"));
    let (target, open) = (site.target(), ours("open.pem"));
    let refused = computer
        .run_as_user(&[
            "receive",
            &target,
            "--out",
            "a.xml",
            "--client-certificate",
            &open,
            "--json",
        ])
        .exits(4);
    assert_eq!(refused.code(), "client_certificate");
    refused.says("does not trust");
    for (file, says) in [
        ("certificate.pem", "no private key"),
        ("mismatched.pem", "does not belong"),
    ] {
        let file = ours(file);
        computer
            .run_as_user(&[
                "receive",
                &target,
                "--out",
                "a.xml",
                "--client-certificate",
                &file,
            ])
            .exits(4)
            .says(says);
    }
    computer
        .run_as_user(&[
            "receive",
            &target,
            "--out",
            "a.xml",
            "--client-certificate",
            "absent.pem",
        ])
        .exits(1)
        .says("absent.pem");
}

#[test]
fn a_unit_with_tls_1_2_that_demands_a_certificate_says_so_too() {
    let (certificate, key) = self_signed();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let unit = Tls::serve(config);
    let answer = unit.receive(&Computer::new(), &[], &[]).exits(4);
    assert_eq!(answer.code(), "client_certificate");
}

#[test]
fn a_certificate_of_version_1_is_named_as_what_is_too_old() {
    let file = data("version-1.pem");
    let chain = vec![CertificateDer::from_pem_file(&file).unwrap()];
    let unit = Tls::serve(config(chain, &PrivateKeyDer::from_pem_file(&file).unwrap()));
    for level in ["pin", "verified", "none"] {
        let answer = unit.receive(&Computer::new(), &["--tls", level], &[]).exits(4);
        assert_eq!(answer.code(), "certificate_refused", "{level}");
        answer.says("version 1");
    }
}

#[test]
fn tls_below_1_2_is_named_as_what_is_too_old() {
    // TLS 1.0, an alert of two bytes: fatal, protocol version (RFC 5246 7.2).
    let unit = Tls::answering(b"\x15\x03\x01\x00\x02\x02\x46");
    let answer = unit.receive(&Computer::new(), &[], &[]).exits(4);
    assert_eq!(answer.code(), "certificate_refused");
    answer.says("only TLS below 1.2");
}

/// Certificates of an authority that the computer trusts, each wrong in its own way.
#[test]
fn expired_wrong_name_and_unknown_signer_are_told_apart() {
    let computer = Computer::new();
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::default();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&key).unwrap();
    std::fs::write(computer.file("trusted.pem"), authority.pem()).unwrap();
    let trusted = computer.file("trusted.pem").to_string_lossy().into_owned();
    let issuer = Issuer::new(parameters, key);
    let signed = |name: &str, year: i32| {
        let mut parameters = CertificateParams::default();
        let address = name.parse().map(SanType::IpAddress);
        parameters.subject_alt_names =
            vec![address.unwrap_or_else(|_| SanType::DnsName(name.try_into().unwrap()))];
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &issuer).unwrap();
        config(vec![certificate.into()], &key.into())
    };
    let unknown = self_signed();
    for (config, says) in [
        (signed("127.0.0.1", 2021), "expired"),
        (signed("other.example", 2090), "another name"),
        (
            config(vec![unknown.0], &unknown.1),
            "nobody whom this system trusts",
        ),
    ] {
        let unit = Tls::serve(config);
        let environment = [("SSL_CERT_FILE", trusted.as_str())];
        let answer = unit
            .receive(&computer, &["--tls", "verified"], &environment)
            .exits(4);
        assert_eq!(answer.code(), "certificate_refused", "{says}");
        answer.says(says);
    }
    // The one that is right gets past the certificate: this unit then hangs up.
    let unit = Tls::serve(signed("127.0.0.1", 2090));
    let environment = [("SSL_CERT_FILE", trusted.as_str())];
    let answer = unit
        .receive(&computer, &["--tls", "verified"], &environment)
        .exits(3);
    assert_eq!(answer.code(), "connection_lost");
}

fn self_signed() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
    (parameters.self_signed(&key).unwrap().into(), key.into())
}

fn config(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let resolver = rustls::sign::CertifiedKey::new(
        chain,
        rustls::crypto::ring::sign::any_supported_type(key).unwrap(),
    );
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(resolver)))
}

/// Something that listens where a unit's TLS would be, and hangs up after the handshake.
struct Tls {
    base: u16,
}

impl Tls {
    fn serve(config: ServerConfig) -> Self {
        let config = Arc::new(config);
        Self::listen(move |mut stream| {
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whether it fails is the client's to tell.
            while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
            tls.send_close_notify();
            while tls.wants_write() && tls.write_tls(&mut stream).is_ok() {}
        })
    }

    fn answering(bytes: &'static [u8]) -> Self {
        Self::listen(move |mut stream| {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello);
            let _ = stream.write_all(bytes);
        })
    }

    fn listen(each: impl Fn(std::net::TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // It ends with the test program.
        thread::spawn(move || listener.incoming().flatten().for_each(each));
        Self { base: port - 1 }
    }

    fn receive(&self, computer: &Computer, level: &[&str], environment: &[(&str, &str)]) -> Outcome {
        let target = format!("127.0.0.1:{}", self.base);
        let receive = ["receive", &target, "--out", "never.xml", "--tries", "1", "--json"];
        let outcome = computer.run_as_user_with(environment, &[&receive[..], level].concat());
        assert!(!computer.file("never.xml").exists());
        outcome
    }
}
