//! Where something stands in the configuration file.

use handoff_core::record::AccountKey;
use handoff_core::source::{self, Entry, Node, Problems, Span, Value};

/// Where an account's block has this key, else where it names the account.
pub(super) fn of_account(settings: &Problems, account: &AccountKey, key: &str) -> Option<Span> {
    let root = source::toml(settings.text(), &mut Problems::default())?;
    let Value::List(blocks) = &entry(&root, account.crm.as_str())?.value.value else { return None };
    let id = account.crm.dialect().nouns.account;
    // An org may be written with 15 or 18 characters.
    let is_named =
        |text: &str| !text.is_empty() && account.account.starts_with(text.get(..15).unwrap_or(text));
    let block = blocks
        .iter()
        .find(|block| entry(block, id).and_then(|entry| entry.value.text()).is_some_and(is_named))?;
    let found = entry(block, key).or_else(|| entry(block, id))?;
    Some(found.value.span)
}

/// Where Slack is set up.
pub(super) fn of_slack(settings: &Problems) -> Option<Span> {
    let root = source::toml(settings.text(), &mut Problems::default())?;
    let slack = entry(&root, "slack")?;
    let keys = ["bot_token_env", "bot_token_file", "webhook_url_env", "webhook_url_file"];
    let token = keys.into_iter().find_map(|key| entry(&slack.value, key));
    Some(token.map_or(slack.span, |entry| entry.value.span))
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key == key)
}
