//! Ctrl-C and SIGTERM: everything stops, in order, within a second.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_core::ErrorKind;

use crate::commands::Ended;
use crate::failure::{Exit, Failure};

/// How long a command may take for its last word, such as asking how a send ended.
const LAST_WORD: Duration = Duration::from_millis(900);

/// Runs a command until it ends, or until a signal ends it.
pub(crate) async fn guard(
    cancel: &CancellationToken,
    command: impl Future<Output = Result<Ended, Failure>>,
) -> Result<Exit, Failure> {
    let mut command = std::pin::pin!(command);
    let signalled = tokio::select! {
        ended = &mut command => return ended.map(|ended| ended.exit),
        signalled = signal() => signalled,
    };
    if let Err(error) = signalled {
        tracing::warn!(%error, "signals can not be heard");
        return command.await.map(|ended| ended.exit);
    }
    cancel.cancel();
    tokio::select! {
        ended = tokio::time::timeout(LAST_WORD, &mut command) => match ended {
            Ok(Ok(ended)) if ended.by_signal_as_usual => Ok(ended.exit),
            Ok(Ok(_)) => Ok(Exit::Interrupted),
            Ok(Err(failure)) if failure.exit() == Exit::Interrupted => Err(failure),
            // What a command says when its connections go because it is stopped is not why it ended.
            Ok(Err(failure)) if failure.error().code() == "outcome_unknown" => {
                Err(ErrorKind::Cancelled("it is not known whether the unit took what was sent; receive and compare").into())
            }
            Ok(Err(_)) | Err(_) => Err(ErrorKind::Cancelled("").into()),
        },
        // Somebody who presses it twice means it.
        _ = signal() => Err(ErrorKind::Cancelled("").into()),
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
