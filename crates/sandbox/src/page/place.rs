//! What a page shows: which deal, which channel, whose eyes. It stands in the address, so that a reload shows the same.

use super::Playground;
use super::form::Form;
use super::shelf::HALF_EMPTY;
use crate::deals::CHANNEL;

/// The seller of the half empty deal, as the demo's workspace knows him.
pub(super) const TOM: &str = "U0TOM";

/// The deal, the channel and the person that a page is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) deal: String,
    pub(super) channel: String,
    pub(super) person: String,
}

impl Place {
    /// Reads a place; what is missing or unknown is that of the half empty deal.
    pub(super) fn parse(form: &Form, playground: &Playground) -> Self {
        let get = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let deal = Some(get("deal")).filter(|id| super::shelf::exists(playground, id));
        playground.slack.see(|slack| {
            let person = Some(get("as")).filter(|id| slack.people().any(|(known, _)| known == id));
            let person = person.unwrap_or_else(|| TOM.to_owned());
            let channel = Some(get("channel")).filter(|id| {
                slack.channels().any(|(known, _)| known == id) || slack.direct(&person) == Some(id)
            });
            Self {
                deal: deal.unwrap_or_else(|| HALF_EMPTY.to_owned()),
                channel: channel.unwrap_or_else(|| CHANNEL.to_owned()),
                person,
            }
        })
    }

    /// The address of this place.
    pub(super) fn href(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("deal", &self.deal).append_pair("channel", &self.channel);
        format!("/?{}", query.append_pair("as", &self.person).finish())
    }

    pub(super) fn in_channel(&self, channel: &str) -> Self {
        Self { channel: channel.to_owned(), ..self.clone() }
    }

    pub(super) fn at_deal(&self, deal: &str) -> Self {
        Self { deal: deal.to_owned(), ..self.clone() }
    }
}
