//! The Management API together with what this computer keeps: pins, archive, record of received files.

use std::path::Path;
use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use trunkline_document::{Document, MAX_BYTES};
use trunkline_protocol::link::Service;
use trunkline_protocol::ports;

use super::access::ApiAccess;
use super::read::Snapshot;
use super::session::{ApiConnection, ApiSession};
use crate::access::{TlsUse, Trust};
use crate::archive::{ArchiveReason, ArchivedObject, NewEntry};
use crate::conflict::Base;
use crate::error::InPart;
use crate::local::{Local, Overrides};
use crate::log_in_turn::Attempts;
use crate::operations::{SendOrder, SendSummary};
use crate::progress::{Progress, Report};
use crate::send::Outgoing;
use crate::session::ServiceUser;
use crate::store::StoreData;
use crate::target::Target;
use crate::way::WayRef;
use crate::{ContentHash, Error, ErrorKind, Result, Step};

/// The way to the Management API of a unit, as target, site, preferences and user have it.
pub(crate) fn access(
    target: &Target,
    service: Service,
    overrides: &Overrides,
    tls: TlsUse,
    data: &StoreData,
) -> Result<ApiAccess> {
    if service != Service::Configuration {
        let why =
            "the Management API has no security settings; the unit's own service has (--method service)";
        return Err(Error::new(ErrorKind::Unsupported(why.into()))
            .at(Step::Connect)
            .address(target.name()));
    }
    let fixed = overrides
        .api_port
        .or(target.site.as_ref().and_then(|site| site.management_api_port));
    let ports = fixed.map_or_else(|| ports::MANAGEMENT_API.to_vec(), |port| vec![port]);
    let pin = |&port: &u16| Some((port, data.pin(&target.host, port)?.sha256));
    let preferences = &data.preferences;
    Ok(ApiAccess {
        host: target.host.clone(),
        pins: ports.iter().filter_map(pin).collect(),
        ports,
        node: overrides.api_node,
        tls,
        fingerprint: overrides.fingerprint,
        client_certificate: None,
        connect_timeout: std::time::Duration::from_millis(preferences.connect_timeout_ms.into()),
        patience: std::time::Duration::from_millis(preferences.transfer_timeout_ms.into()),
        tries: overrides.tries.unwrap_or(preferences.transfer_tries).max(1),
    })
}

impl Local {
    /// Logs in to a unit's Management API, and keeps the pin: of a certificate that somebody accepted at first use, or
    /// named. It does not say how many attempts are left before it locks; it is taken to lock as the services do.
    ///
    /// # Errors
    /// As [`ApiConnection::log_in`], and [`ErrorKind::LastAttempt`].
    pub async fn log_in_to_api(
        &self,
        connection: ApiConnection,
        user: ServiceUser,
        overrides: &Overrides,
        cancel: &CancellationToken,
        report: Report<'_>,
    ) -> Result<ApiSession> {
        let (access, facts) = (connection.access(), connection.facts());
        let (address, peer) = (access.address(), facts.peer.ip());
        let turn = Attempts::at(&self.store, &access.host, peer, facts.port).turn(cancel);
        let turn = turn.await.and_then(|turn| {
            if !overrides.use_last_attempt {
                turn.refuse_the_last()?;
            }
            Ok(turn)
        });
        let mut turn = turn.map_err(|error| error.at(Step::LogIn).address(address))?;
        *turn.proof_sent() = true;
        let log_in = connection.log_in(user, report).await;
        turn.ended(&log_in)?;
        let session = log_in?;
        let facts = session.facts();
        if let (Trust::FirstUse | Trust::Pinned, Some(fingerprint)) = (facts.trust, facts.fingerprint) {
            let (host, port) = (session.access().host.clone(), facts.port);
            self.store.update(|data| {
                data.set_pin(&host, port, fingerprint);
                Ok(())
            })?;
        }
        Ok(session)
    }

    /// Sends the entities that changed. First a copy of what the unit has goes to the archive; afterwards everything is
    /// read again, and goes there too: the next changes are based on it.
    pub(crate) async fn send_entities(
        &self,
        session: &mut ApiSession,
        target: &Target,
        outgoing: &Outgoing,
        path: Option<&Path>,
        order: &SendOrder,
        report: Report<'_>,
    ) -> Result<SendSummary> {
        let mine = document(outgoing).await?;
        let now = session.read(Step::Backup, report).await?;
        let backup = self
            .keep(session, target, &now, ArchiveReason::BeforeSend)
            .await?;
        let base = self.find_base(&WayRef::Api(session), target, path, order)?;
        let base_document = self
            .base_document(session, target, &base, &now, order.force)
            .await?;
        let written = session
            .write(base_document.as_ref(), &now, &mine, order.force, report)
            .await?;
        let mut summary = SendSummary {
            revision_before: now.revision().to_owned(),
            revision_after: now.revision().to_owned(),
            bytes: outgoing.length(),
            sha256: ContentHash::from_bytes(*outgoing.sha256()),
            restart_in_s: None,
            backup_sha256: Some(backup),
            unchanged: written.changes.is_empty(),
            restart_needed: session.restart_needed(),
            written: Some(written.changes.clone()),
            kept_otherwise: Vec::new(),
        };
        if summary.unchanged {
            self.remember_if_equal(session, target, path, &now, &mine, backup)?;
            return Ok(summary);
        }
        let read_back = |progress| {
            report(match progress {
                Progress::Receiving { done, total } => Progress::ReadingBack { done, total },
                other => other,
            });
        };
        let after = match session.read(Step::Receive, &read_back).await {
            Ok(after) => after,
            Err(why) => {
                let part = InPart {
                    why,
                    written: written.changes,
                    unknown: Vec::new(),
                    not_written: Vec::new(),
                    restart_needed: session.restart_needed(),
                };
                return Err(ErrorKind::DoneInPart(Box::new(part)).into());
            }
        };
        let kept = self.keep(session, target, &after, ArchiveReason::Sent).await?;
        summary.revision_after = after.revision().to_owned();
        summary.kept_otherwise = written.kept_otherwise(&after, &mine);
        self.remember_if_equal(session, target, path, &after, &mine, kept)?;
        Ok(summary)
    }

    /// What the changes are based on. Where that is known to be something else than the unit has, and is not in the
    /// archive, nobody can say who changed what.
    async fn base_document(
        &self,
        session: &ApiSession,
        target: &Target,
        base: &Base,
        now: &Snapshot,
        force: bool,
    ) -> Result<Option<Document>> {
        if base.revision.as_deref() == Some(now.revision()) {
            return Ok(Some(now.document().clone()));
        }
        if let Some(sha256) = self.find_in_archive(target, session.access().port(), base) {
            let archive = Arc::clone(&self.archive);
            let read = spawn_blocking(move || archive.read_verified(&sha256)).await;
            if let Ok(bytes) = read.map_err(|_| ErrorKind::Cancelled(""))? {
                return Ok(Some(Document::load(bytes)));
            }
        }
        if base.revision.is_some() && !force {
            return Err(ErrorKind::Conflict {
                unit_revision: Some(now.revision().to_owned()),
            }
            .into());
        }
        Ok(None)
    }

    async fn keep(
        &self,
        session: &ApiSession,
        target: &Target,
        snapshot: &Snapshot,
        reason: ArchiveReason,
    ) -> Result<ContentHash> {
        let (archive, unit) = (
            Arc::clone(&self.archive),
            target.archive_key(session.access().port()),
        );
        let (bytes, name) = (snapshot.document().as_bytes().to_vec(), target.name().to_owned());
        let (revision, sha256) = (snapshot.revision().to_owned(), snapshot.sha256());
        let keep = move || {
            let entry = NewEntry {
                unit: &unit,
                object: ArchivedObject::Configuration,
                revision: &revision,
                reason,
                system_name: Some(&name),
            };
            archive.put(&bytes, &entry).map(drop)
        };
        spawn_blocking(keep)
            .await
            .map_err(|_| ErrorKind::Cancelled(""))??;
        Ok(sha256)
    }

    /// Only a file that says what the unit holds is based on that from now on. Where somebody else's changes stayed in
    /// the unit, they would otherwise look as if they had been taken out of the file.
    fn remember_if_equal(
        &self,
        session: &mut ApiSession,
        target: &Target,
        path: Option<&Path>,
        held: &Snapshot,
        mine: &Document,
        sha256: ContentHash,
    ) -> Result<()> {
        let Some(path) = path.filter(|_| super::plan::is_same(held.document(), mine)) else {
            return Ok(());
        };
        let object = trunkline_protocol::link::Object::Configuration;
        let way = WayRef::Api(session);
        self.remember_file(path, target, &way, object, held.revision(), sha256)
    }
}

/// The document that is to be sent, in memory: it is taken apart there.
async fn document(outgoing: &Outgoing) -> Result<Document> {
    if outgoing.length() > MAX_BYTES as u64 {
        return Err(ErrorKind::TooLarge {
            limit: Some(MAX_BYTES as u64),
        }
        .into());
    }
    let outgoing = outgoing.clone();
    let read = move || {
        let mut bytes = Vec::new();
        outgoing.for_each_part(|part| {
            bytes.extend_from_slice(&part);
            Ok(true)
        })?;
        Ok(Document::load(bytes))
    };
    spawn_blocking(read).await.map_err(|_| ErrorKind::Cancelled(""))?
}
