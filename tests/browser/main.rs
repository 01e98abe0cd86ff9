//! The demo page and the operators' page in a real browser: headless Chromium behind `chromedriver`. `story` is the scenario to read first.
//!
//! They need Debian's packages `chromium` and `chromium-driver`. Without them every scenario is left out and said to be;
//! `HANDOFF_REQUIRE_BROWSER=1` makes that a failure. axe-core is looked for in `target/axe`, where `.ci/run` puts it.
//!
//! The README's pictures are made by `cargo test --test browser -- --ignored picture`.

mod accessible;
mod browser;
mod by_hand;
mod operators;
mod picture;
mod story;
mod webdriver;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Set where the browser must be there.
const REQUIRE: &str = "HANDOFF_REQUIRE_BROWSER";

fn main() -> ExitCode {
    // The same provider as in the binary.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let driver = browser::ChromeDriver::start();
    if let Err(why) = &driver {
        eprintln!("left out: the scenarios in a browser, because {why}");
        if std::env::var_os(REQUIRE).is_some() {
            return ExitCode::FAILURE;
        }
    }
    let url = driver.as_ref().map(|driver| driver.url.clone()).unwrap_or_default();
    let told = |scenario: browser::Scenario| {
        let url = url.clone();
        let name = scenario.name.trim_start_matches("browser::").to_owned();
        Trial::test(name, move || {
            browser::run(&url, scenario);
            Ok(())
        })
    };
    let all =
        [story::trials(), by_hand::trials(), accessible::trials(), operators::trials()].into_iter().flatten();
    let mut trials: Vec<Trial> = all.map(|one| told(one).with_ignored_flag(driver.is_err())).collect();
    let pictures = picture::trials().into_iter().chain(operators::pictures());
    trials.extend(pictures.map(|picture| told(picture).with_ignored_flag(true)));
    libtest_mimic::run(&arguments, trials).exit_code()
}
