use std::path::PathBuf;

use super::*;

/// Files as OpenSSL 3 wrote them: one certificate, one key, in each form.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/client-certificate")
        .join(name)
}

/// What comes of a file with a password: `open`, `locked`, or a part of the error's sentence.
#[track_caller]
fn check(name: &str, password: Option<&str>, expect: &str) {
    let password = password.map(SecretString::from);
    let came = match ClientCertificate::read(&file(name), password.as_ref()) {
        Ok(ClientCertificateFile::Open(certificate)) => {
            assert_eq!(certificate.certified().cert.len(), 1, "{name}");
            assert_eq!(format!("{certificate:?}"), "ClientCertificate(1 in its chain)");
            "open".to_owned()
        }
        Ok(ClientCertificateFile::Locked) => "locked".to_owned(),
        Err(error) => format!("{} {error}", error.code()),
    };
    assert!(came.contains(expect), "{name}: {came}");
    assert!(!came.contains("42"), "the password is in it: {came}");
}

#[test]
fn every_form_that_authorities_hand_out_is_read() {
    check("open.pem", None, "open");
    check("locked.pem", Some("Gr\u{fc}\u{df}e-42"), "open");
    check("modern.p12", Some("Gr\u{fc}\u{df}e-42"), "open");
    check("legacy.p12", Some("plain-42"), "open");
}

#[test]
fn a_locked_file_asks_for_its_password() {
    for name in ["locked.pem", "modern.p12", "legacy.p12"] {
        check(name, None, "locked");
        check(name, Some("wrong-42"), "client_certificate ");
        check(name, Some("wrong-42"), "does not open it");
    }
}

#[test]
fn what_is_no_certificate_with_its_key_is_told() {
    check("certificate.pem", None, "no private key");
    check("mismatched.pem", None, "does not belong");
    check("absent.pem", None, "storage");
}

#[test]
fn hostile_files_are_refused_and_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile");
    let whole = std::fs::read(file("modern.p12")).unwrap();
    let pem = std::fs::read(file("locked.pem")).unwrap();
    let password = SecretString::from("Gr\u{fc}\u{df}e-42");
    for content in [&whole, &pem] {
        for cut in (0..content.len()).step_by(7) {
            std::fs::write(&path, &content[..cut]).unwrap();
            let read = ClientCertificate::read(&path, Some(&password));
            assert!(read.is_err(), "cut at {cut} of {}", content.len());
        }
    }
    std::fs::write(&path, vec![b'-'; 300 * 1024]).unwrap();
    let large = ClientCertificate::read(&path, None).unwrap_err();
    assert!(large.to_string().contains("too large"), "{large}");
}
