//! A client of chromedriver: the few commands of `WebDriver` that the scenarios need.
//!
//! By hand, because the libraries for it bring a `serde_json` that keeps the order of keys, and every test of the
//! workspace would then see other JSON than users do. <https://www.w3.org/TR/webdriver2/>

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The key under which an element's id stands. <https://www.w3.org/TR/webdriver2/#elements>
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that are no characters. <https://www.w3.org/TR/webdriver2/#keyboard-actions>
pub const ENTER: &str = "\u{E007}";
pub const ESCAPE: &str = "\u{E00C}";

/// What chromedriver refused, by the code of its answer.
#[derive(Debug)]
pub struct WebDriverError {
    pub code: String,
    message: String,
}

impl fmt::Display for WebDriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl From<reqwest::Error> for WebDriverError {
    fn from(error: reqwest::Error) -> Self {
        Self { code: "no answer".to_owned(), message: error.to_string() }
    }
}

pub type WebDriverResult<T> = Result<T, WebDriverError>;

/// A session: one browser.
pub struct WebDriver {
    client: Client,
    session: String,
}

impl WebDriver {
    /// Starts a browser with these capabilities.
    pub async fn open(driver: &str, capabilities: Value) -> WebDriverResult<Self> {
        let client = Client::new();
        let wanted = json!({"capabilities": {"alwaysMatch": capabilities}});
        let opened = answer(client.post(format!("{driver}/session")).json(&wanted)).await?;
        let session = format!("{driver}/session/{}", opened["sessionId"].as_str().unwrap_or_default());
        Ok(Self { client, session })
    }

    pub async fn goto(&self, url: &str) -> WebDriverResult<()> {
        self.post("url", json!({"url": url})).await.map(drop)
    }

    /// Runs a script and returns what it returns.
    pub async fn execute<T: DeserializeOwned>(&self, script: &str, arguments: Value) -> WebDriverResult<T> {
        self.run("execute/sync", script, arguments).await
    }

    /// Runs a script and returns what it calls its last argument with.
    pub async fn execute_async<T: DeserializeOwned>(
        &self,
        script: &str,
        arguments: Value,
    ) -> WebDriverResult<T> {
        self.run("execute/async", script, arguments).await
    }

    /// The first element that a selector matches.
    pub async fn find(&self, css: &str) -> WebDriverResult<Element<'_>> {
        let found = self.post("element", json!({"using": "css selector", "value": css})).await?;
        Ok(Element { driver: self, id: found[ELEMENT].as_str().unwrap_or_default().to_owned() })
    }

    pub async fn resize(&self, width: u32, height: u32) -> WebDriverResult<()> {
        self.post("window/rect", json!({"width": width, "height": height})).await.map(drop)
    }

    /// What the browser's console says. <https://chromedriver.chromium.org/logging>
    pub async fn console(&self) -> WebDriverResult<Vec<Value>> {
        let log = self.post("se/log", json!({"type": "browser"})).await?;
        Ok(log.as_array().cloned().unwrap_or_default())
    }

    pub async fn screenshot(&self, file: &Path) -> WebDriverResult<()> {
        save(&self.get("screenshot").await?, file)
    }

    pub async fn quit(&self) -> WebDriverResult<()> {
        answer(self.client.delete(&self.session)).await.map(drop)
    }

    async fn run<T: DeserializeOwned>(
        &self,
        how: &str,
        script: &str,
        arguments: Value,
    ) -> WebDriverResult<T> {
        let value = self.post(how, json!({"script": script, "args": arguments})).await?;
        serde_json::from_value(value)
            .map_err(|error| WebDriverError { code: "another type".to_owned(), message: error.to_string() })
    }

    async fn post(&self, command: &str, body: Value) -> WebDriverResult<Value> {
        answer(self.client.request(Method::POST, format!("{}/{command}", self.session)).json(&body)).await
    }

    async fn get(&self, command: &str) -> WebDriverResult<Value> {
        answer(self.client.get(format!("{}/{command}", self.session))).await
    }
}

/// An element of the page, as long as it is there.
pub struct Element<'d> {
    driver: &'d WebDriver,
    id: String,
}

impl Element<'_> {
    pub async fn click(&self) -> WebDriverResult<()> {
        self.does("click", json!({})).await
    }

    pub async fn clear(&self) -> WebDriverResult<()> {
        self.does("clear", json!({})).await
    }

    pub async fn send_keys(&self, keys: &str) -> WebDriverResult<()> {
        self.does("value", json!({"text": keys})).await
    }

    pub async fn screenshot(&self, file: &Path) -> WebDriverResult<()> {
        save(&self.driver.get(&format!("element/{}/screenshot", self.id)).await?, file)
    }

    async fn does(&self, what: &str, body: Value) -> WebDriverResult<()> {
        self.driver.post(&format!("element/{}/{what}", self.id), body).await.map(drop)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> WebDriverResult<Value> {
    let mut answer: Value = request.send().await?.json().await?;
    let value = answer["value"].take();
    match value["error"].as_str() {
        Some(code) => Err(WebDriverError { code: code.to_owned(), message: value["message"].to_string() }),
        None => Ok(value),
    }
}

fn save(png: &Value, file: &Path) -> WebDriverResult<()> {
    let bytes = BASE64_STANDARD.decode(png.as_str().unwrap_or_default()).unwrap_or_default();
    std::fs::write(file, bytes)
        .map_err(|error| WebDriverError { code: "not written".to_owned(), message: error.to_string() })
}
