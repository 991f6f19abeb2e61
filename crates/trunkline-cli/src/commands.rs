//! The commands.

mod audit;
mod completions;
mod conflict;
mod diff;
mod discover;
mod login;
mod logout;
mod man;
mod password;
mod preferences;
mod read;
mod reboot;
mod receive;
mod restarted;
mod security;
mod send;
mod show;
mod simulate;
mod site_arguments;
mod site_lists;
mod sites;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// What there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Discover(discover::Arguments),
    Receive(receive::Arguments),
    Send(send::Arguments),
    Reboot(reboot::Arguments),
    Read(read::Arguments),
    Security(Box<security::Arguments>),
    Audit(audit::Arguments),
    Login(login::Arguments),
    Logout(logout::Arguments),
    Password(password::Arguments),
    Sites(sites::Arguments),
    Preferences(preferences::Arguments),
    Show(show::Arguments),
    Diff(diff::Arguments),
    Simulate(simulate::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// Whether a signal is this command's ordinary end.
    pub(crate) by_signal_as_usual: bool,
}

impl From<Exit> for Ended {
    fn from(exit: Exit) -> Self {
        Self {
            exit,
            by_signal_as_usual: false,
        }
    }
}

/// Runs one command.
pub(crate) async fn run(command: Command, context: Context) -> Result<Ended, Failure> {
    match command {
        Command::Discover(arguments) => discover::run(&context, arguments).await,
        Command::Receive(arguments) => receive::run(&context, arguments).await,
        Command::Send(arguments) => send::run(&context, arguments).await,
        Command::Reboot(arguments) => reboot::run(&context, arguments).await,
        Command::Read(arguments) => read::run(&context, arguments).await,
        Command::Security(arguments) => security::run(&context, *arguments).await,
        Command::Audit(arguments) => audit::run(&context, arguments).await,
        Command::Login(arguments) => login::run(&context, arguments).await,
        Command::Logout(arguments) => logout::run(&context, arguments).await,
        Command::Password(arguments) => password::run(&context, arguments).await,
        Command::Sites(arguments) => sites::run(&context, arguments).await,
        Command::Preferences(arguments) => preferences::run(&context, arguments),
        Command::Show(arguments) => show::run(&context, arguments).await,
        Command::Diff(arguments) => diff::run(&context, arguments).await,
        Command::Simulate(arguments) => simulate::run(&context, arguments).await,
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}
