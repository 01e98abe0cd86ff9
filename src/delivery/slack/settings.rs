//! What the configuration says about Slack.

use secrecy::SecretString;

#[derive(Debug, Clone)]
pub struct Settings {
    /// Base of the Web API, `https://slack.com/api`.
    pub api_url: String,
    /// Processes that serve this installation together, which take turns in a channel.
    pub replicas: u32,
    pub auth: Auth,
}

#[derive(Debug, Clone)]
pub enum Auth {
    /// A bot token (`xoxb-…`), with read-back and mentions.
    Bot(SecretString),
    /// An incoming webhook: post only, one fixed channel, nothing can be read back.
    IncomingWebhook(SecretString),
}
