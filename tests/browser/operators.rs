//! The operators' page in a real browser: signing in, finding a packet, mending what is stuck.

use std::path::Path;

use handoff_bridge::clock::{Clock, Entropy};
use handoff_bridge::commands::check::check;
use handoff_bridge::demo::Installation;
use handoff_bridge::server::Service;
use handoff_sandbox::{Fault, Times};

use crate::accessible::{finds_nothing_serious, prefers};
use crate::browser::{Scenario, Window};
use crate::scenarios;
use crate::webdriver::{ENTER, WebDriverResult};

/// Where the README looks for it.
const PICTURE: &str = "docs/images/packet.png";

const TOKEN: &str = "operators-only-0123456789";

pub fn trials() -> Vec<Scenario> {
    scenarios![
        a_wrong_token_is_refused_and_the_right_one_opens,
        a_dead_delivery_is_found_and_sent_again,
        a_gap_is_dismissed_by_keyboard,
        no_page_has_a_serious_fault_for_a_screen_reader,
        a_phone_scrolls_down_only,
    ]
}

pub fn pictures() -> Vec<Scenario> {
    scenarios![picture_of_a_packet]
}

/// The page of the demo's service, which asks for no token.
fn page(window: &Window) -> String {
    format!("http://{}", window.demo.service.operator_address.unwrap())
}

/// The half empty deal is won, and its digest is where it belongs.
async fn wins(window: &Window) -> WebDriverResult<()> {
    window.clicks("button[value=won]").await?;
    window.reads(".messages article", "Pinebrook Clinics").await
}

async fn opens_the_packet(window: &Window) -> WebDriverResult<()> {
    window.driver.goto(&format!("{}/", page(window))).await?;
    window.fills("#q", "pinebrook").await?;
    window.clicks(".filters button").await?;
    window.reads("tbody th", "Pinebrook").await?;
    window.clicks("tbody th a").await?;
    window.reads("h1", "Pinebrook").await
}

async fn a_wrong_token_is_refused_and_the_right_one_opens(window: &Window) -> WebDriverResult<()> {
    let directory = tempfile::tempdir().unwrap();
    let installation = Installation::write(directory.path(), &window.demo.sandbox, "").unwrap();
    let config = std::fs::read_to_string(&installation.config).unwrap();
    std::fs::write(directory.path().join("token"), TOKEN).unwrap();
    std::fs::write(&installation.config, format!("operator_token_file = \"token\"\n{config}")).unwrap();
    let config = check(&installation.config, &Installation::secret).config.unwrap();
    let service = Service::start(config, Clock::machine(), Entropy::machine()).await.unwrap();
    let url = format!("http://{}", service.operator_address.unwrap());

    window.driver.goto(&format!("{url}/stuck")).await?;
    window.types("#token", "operators-only-9876543210").await?;
    window.types("#token", ENTER).await?;
    window.reads("[role=alert]", "not known here").await?;
    window.types("#token", TOKEN).await?;
    window.clicks(".sign-in button").await?;
    window.reads("h1", "Stuck").await?;
    window.clicks("nav a[href='/packets']").await?;
    window.reads("h1", "Packets").await?;
    window.clicks("form[action='/sign-out'] button").await?;
    window.sees("#token").await?;
    window.driver.goto(&format!("{url}/packets")).await?;
    window.sees("#token").await?;
    service.stop().await;
    Ok(())
}

async fn a_dead_delivery_is_found_and_sent_again(window: &Window) -> WebDriverResult<()> {
    let slack = &window.demo.sandbox.slack;
    let refused = Fault::slack_error("channel_not_found");
    slack.fails("POST /api/chat.postMessage", refused, Times::UntilCleared);
    window.clicks("button[value=won]").await?;
    window.sees("#task .task").await?;
    let store = &window.demo.service.app.store;
    while store.stuck().await.unwrap().is_empty() {
        Clock::machine().sleep(std::time::Duration::from_millis(50)).await;
    }
    window.driver.goto(&format!("{}/packets?state=dead", page(window))).await?;
    window.reads("tbody .state", "slack_digest dead").await?;
    window.clicks("tbody th a").await?;
    window.reads(".deliveries", "was given up").await?;
    slack.clear_faults();
    window.clicks(".deliveries form[action$='/replay'] button[value=slack_digest]").await?;
    window.reads("[role=status]", "It is sent again.").await?;
    window.driver.goto(&format!("{}/", window.demo.page.url())).await?;
    window.reads(".messages article", "Pinebrook Clinics").await
}

async fn a_gap_is_dismissed_by_keyboard(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    opens_the_packet(window).await?;
    let dismissal = "tr:has([value=promises]) details:has(form)";
    window.types(&format!("{dismissal} summary"), ENTER).await?;
    window.types(&format!("{dismissal} input[name=reason]"), "None were made").await?;
    window.types(&format!("{dismissal} input[name=reason]"), ENTER).await?;
    window.reads("[role=status]", "Dismissed.").await?;
    window.reads("tr:has([value=promises]) td", "dismissed: None were made").await
}

async fn no_page_has_a_serious_fault_for_a_screen_reader(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    opens_the_packet(window).await?;
    for scheme in ["light", "dark"] {
        prefers(window, scheme).await?;
        finds_nothing_serious(window, &format!("a packet, {scheme}")).await?;
        for path in ["/packets", "/stuck", "/stats", "/events"] {
            window.driver.goto(&format!("{}{path}", page(window))).await?;
            prefers(window, scheme).await?;
            finds_nothing_serious(window, &format!("{path}, {scheme}")).await?;
        }
        opens_the_packet(window).await?;
    }
    Ok(())
}

async fn a_phone_scrolls_down_only(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    window.driver.resize(500, 844).await?;
    opens_the_packet(window).await?;
    for path in ["", "/packets", "/stats", "/events"] {
        if !path.is_empty() {
            window.driver.goto(&format!("{}{path}", page(window))).await?;
        }
        let widths = "return [document.documentElement.scrollWidth, window.innerWidth];";
        let widths: Vec<u64> = window.driver.execute(widths, serde_json::json!([])).await?;
        assert!(widths[0] <= widths[1], "{path}: {widths:?}");
    }
    Ok(())
}

async fn picture_of_a_packet(window: &Window) -> WebDriverResult<()> {
    wins(window).await?;
    window.driver.resize(1100, 1500).await?;
    opens_the_packet(window).await?;
    window.clicks(".reading .source summary").await?;
    window.sees(".reading .source code").await?;
    window.driver.screenshot(Path::new(PICTURE)).await
}
