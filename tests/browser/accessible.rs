//! The page with a screen reader's eyes, on a phone, and in the dark.

use serde_json::{Value, json};

use crate::browser::{Scenario, Window};
use crate::scenarios;
use crate::webdriver::WebDriverResult;

pub fn trials() -> Vec<Scenario> {
    scenarios![axe_finds_nothing_serious, a_phone_scrolls_down_only, it_reads_without_scripts]
}

/// Where `.ci/run` unpacks axe-core.
const AXE: &str = "target/axe/package/axe.min.js";

/// Every finding that its authors call serious or critical, with the first element.
const FINDINGS: &str = "const done = arguments[0];
    axe.run().then(({violations}) => done(violations
        .filter(({impact}) => impact === 'serious' || impact === 'critical')
        .map(({id, nodes}) => `${id}: ${nodes[0].html}`)));";

async fn axe_finds_nothing_serious(window: &Window) -> WebDriverResult<()> {
    window.clicks("#play").await?;
    window.reads("#play", "Play again").await?;
    for scheme in ["light", "dark"] {
        prefers(window, scheme).await?;
        finds_nothing_serious(window, scheme).await?;
    }
    window.clicks("#shelf a[href*='301000000417']").await?;
    window.clicks("button[value=won]").await?;
    window.reads(".messages article", "Northlight Foods").await?;
    window.clicks(".messages > div > article:nth-last-of-type(1) button[value=send_back]").await?;
    window.sees("dialog.modal").await?;
    finds_nothing_serious(window, "a modal in the dark").await
}

/// Asks axe-core about the page as it stands.
pub async fn finds_nothing_serious(window: &Window, of: &str) -> WebDriverResult<()> {
    let Ok(axe) = std::fs::read_to_string(AXE) else {
        eprintln!("left out: axe-core, because {AXE} is not there; .ci/run fetches it");
        return Ok(());
    };
    window.driver.execute::<Value>(&axe, json!([])).await?;
    let found: Vec<String> = window.driver.execute_async(FINDINGS, json!([])).await?;
    assert!(found.is_empty(), "{of}: {found:#?}");
    Ok(())
}

/// The scheme that the person's system asks for.
pub async fn prefers(window: &Window, scheme: &str) -> WebDriverResult<()> {
    let page = "document.documentElement.style.colorScheme = arguments[0];";
    window.driver.execute::<Value>(page, json!([scheme])).await.map(drop)
}

async fn a_phone_scrolls_down_only(window: &Window) -> WebDriverResult<()> {
    window.driver.resize(500, 844).await?;
    window.clicks("button[value=won]").await?;
    window.sees(".messages article").await?;
    let widths = "return [document.documentElement.scrollWidth, window.innerWidth];";
    let widths: Vec<Value> = window.driver.execute(widths, json!([])).await?;
    assert!(widths[0].as_u64() <= widths[1].as_u64(), "{widths:?}");
    Ok(())
}

async fn it_reads_without_scripts(window: &Window) -> WebDriverResult<()> {
    let url = window.demo.page.url();
    let client = reqwest::Client::new();
    let won = client.post(format!("{url}/act/move")).form(&[("deal", "301000000418"), ("to", "won")]);
    assert!(won.send().await.unwrap().status().is_success());
    window.reads(".messages article", "Pinebrook").await?;
    let page = client.get(format!("{url}/")).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("Pinebrook Clinics") && html.contains("4 questions open"), "{html}");
    let foreign = client.post(format!("{url}/act/story")).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    Ok(())
}
