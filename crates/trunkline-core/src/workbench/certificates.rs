//! Client certificates, as a site gets one.

use std::path::Path;
use std::sync::PoisonError;

use secrecy::SecretString;

use super::Workbench;
use crate::{ClientCertificateFile, ErrorKind, Result};

impl Workbench {
    /// Looks into a file that somebody chose for its client certificate; answers whether it needs a password that the
    /// keychain does not have.
    ///
    /// # Errors
    /// [`ErrorKind::ClientCertificate`] where it holds none that can be used; [`ErrorKind::Storage`].
    pub async fn choose_client_certificate(&self, file: &Path) -> Result<bool> {
        let found = self.local.open_client_certificate(file, None).await?;
        let mut chosen = self
            .chosen_certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *chosen = Some(file.to_owned());
        Ok(matches!(found, ClientCertificateFile::Locked))
    }

    /// Opens the file that was chosen last with this password, and keeps that in the keychain: without it nobody could
    /// open the file later.
    ///
    /// # Errors
    /// [`ErrorKind::ClientCertificate`] where the password does not open it, [`ErrorKind::Usage`] where nothing was
    /// chosen, and the keychain's.
    pub async fn unlock_client_certificate(&self, password: SecretString) -> Result<()> {
        let chosen = self
            .chosen_certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let file = chosen.ok_or_else(|| ErrorKind::Usage("choose the file first".into()))?;
        self.local
            .open_client_certificate(&file, Some(password.clone()))
            .await?;
        self.local.keep_client_certificate_password(&file, password).await
    }
}
