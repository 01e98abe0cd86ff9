//! The direct message that asks the owner on the day of first value whether it happened.

use super::calls::day_of;
use super::{Delivered, Edit, Job, Prepared};
use crate::delivery::slack::{self, FirstValue, Message, Metadata};
use crate::failure::Failure;
use crate::store::{Act, StoredAct, first_value_day};
use handoff_core::messages;
use handoff_core::packet::FirstValueParams;

impl Job<'_> {
    /// The message; nothing if the owner said already, or it is another day's question by now.
    pub(super) async fn prepare_first_value(&self) -> Result<Prepared<'_>, Failure> {
        let FirstValueParams { day, address } = self.params()?;
        let pointless = |why: &str| Ok(Prepared::Pointless(why.to_owned()));
        if self.packet.no_longer_won {
            return pointless("the deal is no longer won");
        }
        let state = self.first_value_state().await?;
        if state != FirstValue::Asked {
            return pointless("it was said already, or is due on another day");
        }
        if let Some(not_now) = self.outside_hours() {
            return Ok(not_now);
        }
        match self.conversation(&address).await? {
            Ok(channel) => {
                let message = slack::first_value(self.packet, self.record, day, &state);
                Ok(self.post(channel, message))
            }
            Err(why) => Ok(Prepared::Pointless(why)),
        }
    }

    pub(super) async fn find_first_value(&self) -> Result<Option<Delivered>, Failure> {
        let FirstValueParams { day, address } = self.params()?;
        let marker = Metadata::of_first_value(&self.packet.packet_id, day);
        self.find_direct(&address, &marker).await
    }

    pub(super) async fn edit_first_value(&self, there: &str) -> Result<Edit, Failure> {
        let FirstValueParams { day, .. } = self.params()?;
        let message: Message =
            slack::first_value(self.packet, self.record, day, &self.first_value_state().await?);
        self.edit_message(there, &message).await
    }

    async fn first_value_state(&self) -> Result<FirstValue, Failure> {
        let FirstValueParams { day, .. } = self.params()?;
        let acts = self.context.store.acts(&self.packet.packet_id).await?;
        let latest = acts.iter().rfind(|act| act.act.is_about_first_value());
        if let Some(said) = latest.filter(|act| act.day.is_none_or(|moved_to| moved_to > day)) {
            return Ok(FirstValue::Decided(self.said_of_first_value(said)));
        }
        Ok(match first_value_day(self.packet, &acts) {
            Some(due) if due > day => FirstValue::Later(due),
            _ => FirstValue::Asked,
        })
    }

    /// What a person said about first value, in words.
    pub(super) fn said_of_first_value(&self, said: &StoredAct) -> String {
        self.packet.locale.scope(|| {
            let today = self.packet.today();
            let near = |day| messages::value::near(day, today);
            match (said.act, said.day) {
                (Act::NotYet, Some(day)) => messages::first_value::moved(&said.name, &near(day)),
                (Act::Missed, _) => messages::first_value::missed(&said.name),
                _ => messages::first_value::reached(&near(day_of(said)), &said.name),
            }
        })
    }
}
