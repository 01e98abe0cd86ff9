//! The README's picture of a digest, as the demo page shows it.

use std::path::Path;

use crate::browser::{Scenario, Window};
use crate::scenarios;
use crate::webdriver::WebDriverResult;

/// Where the README looks for it.
const PICTURE: &str = "docs/images/digest.png";

pub fn trials() -> Vec<Scenario> {
    scenarios![of_a_digest]
}

async fn of_a_digest(window: &Window) -> WebDriverResult<()> {
    window.driver.resize(1900, 900).await?;
    window.clicks("button[value=won]").await?;
    window.reads(".messages article", "4 questions open").await?;
    window.driver.find(".messages article").await?.screenshot(Path::new(PICTURE)).await
}
