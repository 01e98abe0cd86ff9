//! One Chromium on one demo, and what a person does in it.

use std::io::{BufRead as _, BufReader, Lines};
use std::pin::Pin;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use handoff_bridge::clock::Clock;
use handoff_bridge::commands::demo::Demo;
use serde_json::json;

use crate::webdriver::{Element, WebDriver, WebDriverResult};

/// How long one look at the page waits for what it is to show, in milliseconds, and how many looks there are. Slack takes
/// one message a second in each channel.
const LOOK: u64 = 5_000;
const LOOKS: usize = 5;

/// What happens on a page that is open.
pub type Play = fn(&Window) -> Pin<Box<dyn Future<Output = WebDriverResult<()>> + '_>>;

/// A test in a browser.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// How clicks in Slack reach the service: `http` or `socket`.
    pub transport: &'static str,
    pub play: Play,
}

/// Lists scenarios by the name of their function, with clicks over HTTP.
#[macro_export]
macro_rules! scenarios {
    ($($scenario:ident),* $(,)?) => {
        vec![$($crate::browser::Scenario {
            name: concat!(module_path!(), "::", stringify!($scenario)),
            transport: "http",
            play: |window| Box::pin($scenario(window)),
        }),*]
    };
}

/// The program that starts browsers, killed when this is dropped.
pub struct ChromeDriver {
    pub url: String,
    process: Child,
    /// Open until the end: what the program says later must go somewhere.
    _said: Lines<BufReader<ChildStdout>>,
}

impl ChromeDriver {
    /// Starts it on a free port.
    ///
    /// # Errors
    ///
    /// It or the browser is not installed.
    pub fn start() -> Result<Self, String> {
        let version =
            Command::new("chromium").arg("--version").stderr(Stdio::null()).stdout(Stdio::null()).status();
        version.map_err(|error| format!("chromium does not start: {error}"))?;
        let mut driver = Command::new("chromedriver");
        let mut process = driver
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromedriver does not start: {error}"))?;
        let out = process.stdout.take().ok_or("chromedriver says nothing")?;
        let mut said = BufReader::new(out).lines();
        let port = said.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let url = format!("http://127.0.0.1:{}", port.ok_or("chromedriver ended at once")?);
        Ok(Self { url, process, _said: said })
    }
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A window of the browser on the demo page.
pub struct Window {
    pub driver: WebDriver,
    pub demo: Demo,
}

/// Runs a scenario on a demo and a browser of its own. At its end the browser's console holds no error.
pub fn run(driver: &str, Scenario { transport, play, .. }: Scenario) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        // A Tuesday morning: people are asked on working days only.
        let clock = Clock::running_from("2026-11-24T09:00:00Z".parse().unwrap());
        let demo = Demo::start(clock, transport, Duration::from_millis(500)).await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let window = Window { driver: open(driver, profile.path()).await.unwrap(), demo };
        let told = async {
            window.driver.goto(&format!("{}/", window.demo.page.url())).await?;
            play(&window).await?;
            window.console_is_clean().await
        };
        let told = told.await;
        if told.is_err() {
            let _ = window.driver.screenshot(std::path::Path::new("target/browser-failure.png")).await;
        }
        window.driver.quit().await.unwrap();
        window.demo.service.stop().await;
        told.unwrap();
    });
}

async fn open(driver: &str, profile: &std::path::Path) -> WebDriverResult<WebDriver> {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1440,900",
        &format!("--user-data-dir={}", profile.display()),
    ];
    let options = json!({"args": arguments});
    let capabilities = json!({
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
        "timeouts": {"script": 3 * LOOK},
    });
    WebDriver::open(driver, capabilities).await
}

/// Resolves once an element that can be seen has this text, or after so many milliseconds. It looks at every change of
/// the document, not from time to time.
const WAIT: &str = "const [css, text, patience, done] = arguments;
    const has = () => [...document.querySelectorAll(css)]
        .some((one) => one.getClientRects().length > 0 && one.innerText.includes(text));
    const end = (found) => { observer.disconnect(); done(found); };
    const observer = new MutationObserver(() => has() && end(true));
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => end(has()), patience);
    if (has()) end(true);";

/// How a script ends whose page goes away, as after a form was sent.
const LOST: [&str; 2] = ["script timeout", "javascript error"];

/// What is refused while the page changes.
const PASSING: [&str; 4] =
    ["stale element reference", "element click intercepted", "element not interactable", "no such element"];

impl Window {
    /// Waits for an element that can be seen.
    pub async fn sees(&self, css: &str) -> WebDriverResult<()> {
        self.reads(css, "").await
    }

    /// Waits for an element with this text in it.
    pub async fn reads(&self, css: &str, text: &str) -> WebDriverResult<()> {
        for _ in 0..LOOKS {
            match self.driver.execute_async(WAIT, json!([css, text, LOOK])).await {
                Ok(true) => return Ok(()),
                Err(error) if !LOST.contains(&error.code.as_str()) => return Err(error),
                Ok(false) | Err(_) => {}
            }
        }
        panic!("{css} does not say {text:?}, but {:?}", self.text(css).await);
    }

    /// Waits until nothing matches.
    pub async fn loses(&self, css: &str) -> WebDriverResult<()> {
        self.sees(&format!("html:not(:has({css}))")).await
    }

    /// The text of the first element that matches.
    pub async fn text(&self, css: &str) -> WebDriverResult<String> {
        let text = "return document.querySelector(arguments[0])?.innerText ?? '';";
        self.driver.execute(text, json!([css])).await
    }

    /// What the first field that matches holds.
    pub async fn value(&self, css: &str) -> WebDriverResult<String> {
        let value = "return document.querySelector(arguments[0])?.value ?? '';";
        self.driver.execute(value, json!([css])).await
    }

    /// How many elements match.
    pub async fn count(&self, css: &str) -> WebDriverResult<u64> {
        let count = "return document.querySelectorAll(arguments[0]).length;";
        self.driver.execute(count, json!([css])).await
    }

    /// Clicks what is waited for.
    pub async fn clicks(&self, css: &str) -> WebDriverResult<()> {
        self.does(css, async |element| element.click().await).await
    }

    /// Types keys into what is waited for.
    pub async fn types(&self, css: &str, keys: &str) -> WebDriverResult<()> {
        self.does(css, async |element| element.send_keys(keys).await).await
    }

    /// Chooses an option by its value.
    pub async fn chooses(&self, css: &str, value: &str) -> WebDriverResult<()> {
        let option = format!("{css} option[value='{value}']");
        self.does(css, async |_| self.driver.find(&option).await?.click().await).await
    }

    /// Replaces what a field holds.
    pub async fn fills(&self, css: &str, text: &str) -> WebDriverResult<()> {
        self.does(css, async |element| element.clear().await).await?;
        self.types(css, text).await
    }

    /// Does something with an element. An update may replace it in between: then it is done with the new one.
    async fn does(
        &self,
        css: &str,
        act: impl AsyncFn(Element<'_>) -> WebDriverResult<()>,
    ) -> WebDriverResult<()> {
        self.sees(css).await?;
        for _ in 0..10 {
            let done = match self.driver.find(css).await {
                Ok(element) => act(element).await,
                Err(error) => Err(error),
            };
            match &done {
                Err(error) if PASSING.contains(&error.code.as_str()) => {}
                _ => return done,
            }
        }
        act(self.driver.find(css).await?).await
    }

    /// Fails if the console holds an error, violations of the page's policy included.
    async fn console_is_clean(&self) -> WebDriverResult<()> {
        let log = self.driver.console().await?;
        let errors: Vec<String> = log
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].to_string())
            .collect();
        assert!(errors.is_empty(), "the console: {errors:?}");
        Ok(())
    }
}
