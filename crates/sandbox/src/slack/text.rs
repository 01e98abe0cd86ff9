//! Rules about text: how it is counted, and what may stand in `mrkdwn`.
//!
//! <https://docs.slack.dev/messaging/formatting-message-text>

/// Characters as Slack may count them: code points or UTF-16 units, whichever is more.
pub(super) fn length(text: &str) -> usize {
    text.chars().count().max(text.encode_utf16().count())
}

/// Refuses text that turns the direction of everything behind it.
pub(super) fn check_direction(text: &str) -> Result<(), String> {
    if text.contains(['\u{202D}', '\u{202E}']) {
        return Err("a direction override is in the text".to_owned());
    }
    Ok(())
}

/// Every `&`, `<` and `>` must be escaped or belong to a token that mentions one person, names a date or
/// links to the web. Nothing may mention everybody.
pub(super) fn check_mrkdwn(text: &str) -> Result<(), String> {
    check_direction(text)?;
    let mut rest = text;
    let mut line_start = true;
    while let Some(letter) = rest.chars().next() {
        let mut used = letter.len_utf8();
        match letter {
            '&' => {
                let entity = ["&amp;", "&lt;", "&gt;"].into_iter().find(|entity| rest.starts_with(entity));
                used = entity.ok_or("an ampersand is not escaped")?.len();
            }
            '<' => {
                let (token, _) = rest.split_once('>').ok_or("a < is not escaped")?;
                check_token(token.trim_start_matches('<'))?;
                used = token.len() + 1;
            }
            '>' if !line_start => return Err("a > is not escaped".to_owned()),
            _ => {}
        }
        line_start = letter == '\n';
        rest = rest.get(used..).unwrap_or_default();
    }
    Ok(())
}

fn check_token(token: &str) -> Result<(), String> {
    let (target, label) =
        token.split_once('|').map_or((token, None), |(target, label)| (target, Some(label)));
    let is_id = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if label.is_some_and(|label| label.is_empty() || label.contains(['<', '\n', '|'])) {
        return Err(format!("the label of <{token}> is not clean"));
    }
    if let Some(id) = target.strip_prefix('@') {
        return if is_id(id) { Ok(()) } else { Err(format!("<{token}> mentions nobody")) };
    }
    if let Some(date) = target.strip_prefix("!date^") {
        let (seconds, format) = date.split_once('^').unwrap_or_default();
        let whole = seconds.parse::<i64>().is_ok() && format.contains('{') && label.is_some();
        return if whole { Ok(()) } else { Err(format!("<{token}> is not a whole date")) };
    }
    if target.starts_with("https://") || target.starts_with("http://") {
        return check_url(target);
    }
    Err(format!("<{token}> is neither a person, a date nor a web link"))
}

/// Web links only, without anything that could end a token early.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    let clean = !url.contains([' ', '|', '<', '>', '\n', '"']);
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if clean && !host.is_empty() => Ok(()),
        _ => Err("a link must be http or https, with nothing in it that ends a token".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_text_people_dates_and_links_pass() {
        for fine in [
            "Acme &amp; Sons &lt;3 &gt; *bold*",
            "owner <@U012AB3CD>",
            "<!date^1795334400^{date_short_pretty}|22 Nov 2026 UTC>",
            "<https://app.hubspot.com/contacts/1/deal/2?a=1&amp;b=2|Open in CRM>",
            "> a quote\n> goes on",
        ] {
            assert_eq!(check_mrkdwn(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn whatever_mentions_everybody_or_was_never_escaped_is_refused() {
        for bad in [
            "<!channel>",
            "<!here>",
            "<!everyone|hey>",
            "<!subteam^S012>",
            "Acme & Sons",
            "&#39;quoted&#39;",
            "a < b",
            "a > b",
            "<javascript:alert(1)|Open>",
            "<https://evil.example/a b|Open>",
            "<@iris>",
            "<!date^soon^{date}|soon>",
            "<!date^1795334400^{date}>",
            "\u{202E}desrever",
        ] {
            assert!(check_mrkdwn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_character_outside_the_basic_plane_counts_twice() {
        assert_eq!(length("a🚀"), 3);
    }
}
