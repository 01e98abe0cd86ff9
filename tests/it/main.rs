//! The product from outside: a real service, real HTTP, the sandbox's HubSpot and Slack.

mod admin_package;
mod announcements;
mod catch_up;
mod command_line;
mod digest_text;
mod faults;
mod invariants;
mod kill;
mod process;
mod receive;
mod reload;
mod salesforce;
mod side;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    // The same provider as in the binary; a second test in this process finds it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::from_args();
    let trials: Vec<Trial> = [
        admin_package::trials(),
        receive::trials(),
        salesforce::trials(),
        announcements::trials(),
        digest_text::trials(),
        invariants::trials(),
        faults::trials(),
        reload::trials(),
        catch_up::trials(),
        kill::trials(),
        command_line::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
