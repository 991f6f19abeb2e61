//! The certificate that is shown to a unit which lets nobody in without one, and the password that opens its file.

use std::path::Path;

use trunkline_core::{ClientCertificate, ClientCertificateFile, Error, ErrorKind, Local, Step, Target};

use crate::arguments::Way;
use crate::failure::Failure;
use crate::password;

/// The environment variable that holds the password of the file.
const VARIABLE: &str = "TRUNKLINE_CLIENT_CERTIFICATE_PASSWORD";

/// The certificate in the file that was named for this command, else in the site's.
pub(crate) async fn of(
    local: &Local,
    target: &Target,
    way: &Way,
) -> Result<Option<ClientCertificate>, Failure> {
    let sites = target
        .site
        .as_ref()
        .and_then(|site| site.client_certificate.as_deref());
    let Some(file) = way.client_certificate.as_deref().or(sites.map(Path::new)) else {
        return Ok(None);
    };
    match local
        .open_client_certificate(file, password::from_environment(VARIABLE)?)
        .await?
    {
        ClientCertificateFile::Open(certificate) => Ok(Some(certificate)),
        ClientCertificateFile::Locked if password::can_ask() => ask(local, file).await.map(Some),
        ClientCertificateFile::Locked => Err(locked(file)),
    }
}

/// A person opens the file, and says whether the keychain is to do so next time.
async fn ask(local: &Local, file: &Path) -> Result<ClientCertificate, Failure> {
    let question = format!("Password of the client certificate {}: ", file.display());
    let password = password::ask(crate::text::one_line(&question)).await?;
    let ClientCertificateFile::Open(certificate) = local
        .open_client_certificate(file, Some(password.clone()))
        .await?
    else {
        return Err(locked(file));
    };
    if password::confirm("Keep this password in the keychain?").await? {
        local.keep_client_certificate_password(file, password).await?;
    }
    Ok(certificate)
}

fn locked(file: &Path) -> Failure {
    let why = format!("{} is locked with a password", file.display());
    let error = Error::new(ErrorKind::ClientCertificate(why)).at(Step::Tls);
    Failure::from(error).hint(format!("Give the password in {VARIABLE}, or on a terminal."))
}
