//! Logging in.

use super::Managed;
use crate::failure::Answer;
use crate::wire::log_in::{LogInAnswer, LogInOutcome, LogInRequest};
use crate::wire::sites::Target;

/// Uses the session or the keychain.
#[tauri::command]
#[specta::specta]
pub async fn resume_log_in(shell: Managed<'_>, target: Target) -> Answer<LogInOutcome> {
    Ok(shell.bench.resume_log_in(&target.into()).await?.into())
}

/// Logs in.
#[tauri::command]
#[specta::specta]
pub async fn log_in(shell: Managed<'_>, request: LogInRequest) -> Answer<LogInOutcome> {
    Ok(shell.bench.log_in(request.into()).await?.into())
}

/// Goes on with a log-in that asked something.
#[tauri::command]
#[specta::specta]
pub async fn answer_log_in(shell: Managed<'_>, attempt: String, answer: LogInAnswer) -> Answer<LogInOutcome> {
    Ok(shell
        .bench
        .answer_log_in(&attempt, answer.try_into()?)
        .await?
        .into())
}
