//! The digest: what customer success reads in under thirty seconds.
//!
//! First line: account, value, owner, how much is filled and what is missing. Then what to ask whom, then
//! the sections, then the review, then two buttons. At most twelve blocks.

use super::blocks::{Block, Button, Line, List, Message, Metadata, PlainText, Rich, Span};
use super::escape;
use super::questions::Questions;
use crate::delivery::headline::{Headline, subject, title};
use crate::delivery::{excerpt, lines};
use handoff_core::messages;
use handoff_core::packet::{Packet, Questions as OpenQuestions, Section, SectionName};
use handoff_core::record::DealRecord;

/// Longest top-level text: `chat.update` refuses more.
/// <https://docs.slack.dev/reference/methods/chat.update>
const TEXT: usize = 4_000;

/// Longest question in it.
const NOTIFIED: usize = 200;

/// What a reader takes in within thirty seconds, in UTF-16 units.
const COMFORTABLE: usize = 1_500;

/// How much of the packet is written out. The first of [`LAYOUTS`] that makes a comfortable digest is taken.
/// The last one, far within Slack's limits, is taken for packets that make none.
struct Layout {
    /// Entries, and people, of one section.
    entries: usize,
    /// UTF-16 units of one entry.
    entry: usize,
    /// UTF-16 units of one answer of the review.
    answer: usize,
    /// UTF-16 units of one question.
    question: usize,
}

const LAYOUTS: [Layout; 4] = [
    Layout { entries: 8, entry: 400, answer: 200, question: 200 },
    Layout { entries: 5, entry: 220, answer: 140, question: 200 },
    Layout { entries: 4, entry: 140, answer: 90, question: 160 },
    Layout { entries: 2, entry: 80, answer: 60, question: 120 },
];

/// Where the buttons lead; what is `None`, or not a web link, gets no button.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The deal in the CRM.
    pub deal: Option<String>,
    /// The task on the deal.
    pub task: Option<String>,
}

/// The digest of a packet. The record is the one the packet was made from; `owner_mention` is the Slack
/// user id of the handoff's owner, without which their name is shown as text.
pub fn digest(
    packet: &Packet,
    record: &DealRecord,
    questions: Option<&OpenQuestions>,
    links: &Links,
    owner_mention: Option<&str>,
) -> Message {
    let headline = Headline::of(packet, record, questions);
    let mut blocks = Vec::new();
    for layout in &LAYOUTS {
        blocks =
            Writer { packet, headline: &headline, layout, shortened: false }.blocks(links, owner_mention);
        if blocks.iter().map(Block::units).sum::<usize>() <= COMFORTABLE {
            break;
        }
    }
    Message {
        text: notification(&headline),
        blocks,
        metadata: Metadata::of(&packet.packet_id),
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// The first line and what to ask, for people who read the notification or have it read to them.
fn notification(headline: &Headline) -> String {
    let mut lines = vec![messages::digest::notification(&headline.line())];
    let questions = Questions::of(headline);
    for (who, questions) in &questions.groups {
        lines.push(format!("{who}:"));
        lines.extend(questions.iter().map(|question| {
            let text = excerpt::line(&question.text, NOTIFIED);
            format!("• {}", messages::task::question(&subject(question), &text))
        }));
    }
    if questions.left > 0 {
        lines.push(messages::digest::and_more_in_task(questions.left));
    }
    if headline.open() == 0 {
        lines.push(messages::digest::ready().to_owned());
    }
    escape::escaped(&lines.join("\n"), TEXT)
}

/// Writes the blocks within one [`Layout`], and remembers whether anything had to be left out.
struct Writer<'a> {
    packet: &'a Packet,
    headline: &'a Headline,
    layout: &'a Layout,
    shortened: bool,
}

impl Writer<'_> {
    fn blocks(mut self, links: &Links, mention: Option<&str>) -> Vec<Block> {
        let mut blocks = vec![self.prose("headline", vec![self.first_line(mention)])];
        blocks.extend(self.questions());
        blocks.extend(self.sections());
        blocks.extend(self.review());
        blocks.push(self.small_print());
        blocks.extend(self.buttons(links));
        blocks
    }

    fn first_line(&self, mention: Option<&str>) -> Rich {
        let headline = self.headline;
        let value = headline.value.as_deref().unwrap_or(messages::headline::no_value());
        let before_owner = format!(" · {value} · {} ", messages::headline::owner());
        let mut spans = vec![Span::bold(&headline.account), Span::plain(before_owner)];
        spans.push(match mention.filter(|id| is_user_id(id)) {
            Some(id) => Span::User { user_id: id.to_owned() },
            None => Span::plain(headline.owner.as_deref().unwrap_or(messages::headline::no_owner())),
        });
        let name = if headline.open() == 0 { "white_check_mark" } else { "warning" };
        spans.extend([
            Span::plain(" · "),
            Span::bold(messages::headline::filled_of_six(headline.filled)),
            Span::plain(" · "),
            Span::Emoji { name },
            Span::plain(format!(" {}", headline.state())),
        ]);
        Rich::Line(Line { elements: spans })
    }

    fn questions(&self) -> Option<Block> {
        let questions = Questions::of(self.headline);
        let mut elements = Vec::new();
        for (who, questions) in questions.groups {
            elements.push(line([Span::bold(who)]));
            let asked = questions.iter().map(|question| {
                titled(&subject(question), &excerpt::line(&question.text, self.layout.question))
            });
            elements.push(Rich::List(List::of(asked.collect())));
        }
        if questions.left > 0 {
            elements.push(line([Span::italic(messages::digest::and_more_in_task(questions.left))]));
        }
        (!elements.is_empty()).then(|| self.prose("questions", elements))
    }

    fn sections(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut absent = Vec::new();
        for name in SectionName::ALL {
            let section = self.packet.sections.get(&name);
            let lines = section.map(|section| self.lines(section)).unwrap_or_default();
            let title = title(name, section);
            match lines.as_slice() {
                [] if SectionName::REQUIRED.contains(&name) => absent.push(name.title()),
                [] => {}
                [only] => blocks.push(self.prose(name.as_str(), vec![Rich::Line(titled(&title, only))])),
                _ => {
                    let items = lines.into_iter().map(|text| Line { elements: vec![Span::plain(text)] });
                    let elements = vec![line([Span::bold(title)]), Rich::List(List::of(items.collect()))];
                    blocks.push(self.prose(name.as_str(), elements));
                }
            }
        }
        if !absent.is_empty() {
            let spans = [
                Span::bold(absent.join(", ")),
                Span::plain(": "),
                Span::italic(messages::packet::not_in_crm()),
            ];
            blocks.push(self.prose("absent", vec![line(spans)]));
        }
        blocks
    }

    fn lines(&mut self, section: &Section) -> Vec<String> {
        let entries = lines::entries(&section.entries, |text| self.fitted(text, self.layout.entry));
        let mut lines = self.first_of(lines::people(&section.people));
        lines.extend(self.first_of(entries));
        lines
    }

    fn first_of(&mut self, lines: Vec<String>) -> Vec<String> {
        self.shortened |= lines.len() > self.layout.entries;
        lines::capped(lines, self.layout.entries)
    }

    fn fitted(&mut self, text: &str, max: usize) -> String {
        let whole = excerpt::joined(text, usize::MAX);
        let fitted = excerpt::cut(&whole, max);
        self.shortened |= fitted != whole;
        fitted
    }

    fn review(&mut self) -> Option<Block> {
        let packet = self.packet;
        if !packet.review.due {
            return None;
        }
        let mut title = vec![Span::bold(messages::review::titled(packet.review.day))];
        let reasons = self.fitted(&packet.important.in_words(), self.layout.answer);
        if !reasons.is_empty() {
            title.push(Span::plain(format!(" {}", messages::digest::review_important(&reasons))));
        }
        let agenda: Vec<Line> = packet
            .review
            .agenda
            .iter()
            .take(4)
            .map(|point| {
                // What is answered stands above already.
                let answer = if point.to_ask { point.answer.as_str() } else { "" };
                titled_question(&excerpt::line(&point.point, 90), &self.fitted(answer, self.layout.answer))
            })
            .collect();
        let mut elements = vec![Rich::Line(Line { elements: title })];
        if !agenda.is_empty() {
            elements.push(Rich::List(List::of(agenda)));
        }
        Some(self.prose("review", elements))
    }

    fn small_print(&self) -> Block {
        let deal = &self.packet.deal;
        let name = excerpt::name(&deal.name, 120);
        let unreadable = excerpt::line(&self.packet.important.unreadable.join("; "), 150);
        let parts = [
            Some(messages::digest::closed_on(deal.close_date)),
            (!name.is_empty() && name != self.headline.account).then(|| messages::digest::deal(&name)),
            (!unreadable.is_empty()).then(|| messages::packet::perhaps_important(&unreadable)),
            self.shortened.then(|| messages::digest::shortened().to_owned()),
        ];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        Block::Context { block_id: self.block_id("deal"), elements: vec![PlainText::of(text)] }
    }

    fn buttons(&self, links: &Links) -> Option<Block> {
        let button = |action_id, label, link: &Option<String>| {
            let url = escape::link(link.as_deref()?)?;
            Some(Button { action_id, text: PlainText::of(label), url })
        };
        let buttons: Vec<Button> = [
            button("handoff_open_deal", messages::digest::open_deal(), &links.deal),
            button("handoff_open_task", messages::digest::open_task(), &links.task),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!buttons.is_empty()).then(|| Block::Actions { block_id: self.block_id("links"), elements: buttons })
    }

    fn prose(&self, name: &str, elements: Vec<Rich>) -> Block {
        Block::RichText { block_id: self.block_id(name), elements }
    }

    fn block_id(&self, name: &str) -> String {
        format!("{}.{name}", self.packet.packet_id)
    }
}

fn line(spans: impl Into<Vec<Span>>) -> Rich {
    Rich::Line(Line { elements: spans.into() })
}

fn titled(title: &str, text: &str) -> Line {
    Line { elements: vec![Span::bold(title), Span::plain(format!(": {text}"))] }
}

fn titled_question(question: &str, answer: &str) -> Line {
    let question = if question.is_empty() { messages::packet::not_in_crm() } else { question };
    let answer = (!answer.is_empty()).then(|| Span::plain(format!(" {answer}")));
    Line { elements: [Span::bold(question)].into_iter().chain(answer).collect() }
}

fn is_user_id(id: &str) -> bool {
    id.starts_with(['U', 'W'])
        && id.len() <= 32
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::delivery::example::{self, Deal};

    fn links() -> Links {
        Links {
            deal: Some("https://app.hubspot.com/contacts/48210077/record/0-3/301000000417".to_owned()),
            task: Some("https://app.hubspot.com/contacts/48210077/record/0-27/8800".to_owned()),
        }
    }

    fn post(deal: &Deal) -> Message {
        digest(&deal.packet, &deal.record, None, &links(), None)
    }

    fn shown(message: &Message) -> String {
        format!("{}\n---\n{message}", message.text)
    }

    #[test]
    fn a_complete_packet_is_calm() {
        insta::assert_snapshot!(shown(&post(&example::complete_and_important())), @"
        Handoff: Acme GmbH · 54,000 EUR · owner Dana Ito · 6 of 6 · nothing missing
        Nothing to ask. The packet is in this message and in the task.
        ---
        Acme GmbH · 54,000 EUR · owner Dana Ito · 6 of 6 · ✓ nothing missing
        Buying reason: Forecast visibility is poor; the board wants one number by March.
        Success outcome: Forecast error below 10 % by the end of Q1.
        Stakeholders
          • Sarah Lind, RevOps lead: sponsor
          • Tom Roy, VP Sales: operator, evaluator
          • Ida Falk, CRO: executive backer
        Promises
          • Field mapping done by us
          • First report template
        Risks: Field quality: stages are used differently by each region.
        First value: VP Sales uses the dashboard in the weekly call within 21 days (by 11 Dec 2026)
        Expansion: Service team, 25 seats, after the summer.
        15-minute review (amount 54000 ≥ 50000)
          • What mattered most in the sale?
          • Where did the buyer feel risk?
          • What must happen first?
          • What would feel like a win by day 30? Ask Anna Berg: Which result do they want first?
        Closed 20 Nov 2026 · deal: Acme GmbH – Forecasting, 40 seats
        [Open deal] https://app.hubspot.com/contacts/48210077/record/0-3/301000000417
        [Open task] https://app.hubspot.com/contacts/48210077/record/0-27/8800
        ");
    }

    #[test]
    fn a_half_empty_packet_asks_three_questions_first() {
        insta::assert_snapshot!(shown(&post(&example::half_empty())), @"
        Handoff: Müller &amp; Söhne · 8,200.50 EUR · owner revops@seller.example (stand-in) · 2 of 6 · missing: success outcome, promises, first value; weak: stakeholders
        For the seller, Anna Berg:
        • Success outcome: What result do they want first, and how will they measure it?
        • Stakeholders: Who are the sponsor and operator at Müller &amp; Söhne?
        • First value: Who does what by when in the first 30 days?
        +1 more in the task
        ---
        Müller & Söhne · 8,200.50 EUR · owner revops@seller.example (stand-in) · 2 of 6 · ⚠ missing: success outcome, promises, first value; weak: stakeholders
        For the seller, Anna Berg
          • Success outcome: What result do they want first, and how will they measure it?
          • Stakeholders: Who are the sponsor and operator at Müller & Söhne?
          • First value: Who does what by when in the first 30 days?
        +1 more in the task
        Buying reason: They need reporting.
        Stakeholders (weak): Sarah: role unknown
        Risks: None
        Success outcome, Promises, First value: Not in the CRM
        Closed 19 Nov 2026
        [Open deal] https://app.hubspot.com/contacts/48210077/record/0-3/301000000417
        [Open task] https://app.hubspot.com/contacts/48210077/record/0-27/8800
        ");
    }

    #[test]
    fn hostile_text_stays_text() {
        insta::assert_snapshot!(shown(&post(&example::hostile())), @r#"
        Handoff: &lt;!channel&gt; *ACME* &amp; `Co` · 54,000 EUR · owner *Dana* @channel · 1 of 6 · missing: success outcome, promises, risks, first value; weak: buying reason
        For the seller, &lt;@U000EVIL&gt; _Anna_:
        • Buying reason: Does "&lt;!channel&gt;" mean @here &amp; *now*?
        • Promises and risks: What did sales commit to, said or implied? What could slow them down?
        ---
        <!channel> *ACME* & `Co` · 54,000 EUR · owner *Dana* @channel · 1 of 6 · ⚠ missing: success outcome, promises, risks, first value; weak: buying reason
        For the seller, <@U000EVIL> _Anna_
          • Buying reason: Does "<!channel>" mean @here & *now*?
          • Promises and risks: What did sales commit to, said or implied? What could slow them down?
        Buying reason (weak): ``` / <!everyone> <script>alert(1)</script> &amp; *bold* / > quote
        Stakeholders: <@U000EVIL>, `CEO`: sponsor
        Success outcome, Promises, Risks, First value: Not in the CRM
        Close date not in the CRM · deal: <https://evil.example|Open deal> {{deal.name}} %s $(id)
        [Open deal] https://app.hubspot.com/contacts/48210077/record/0-3/301000000417
        [Open task] https://app.hubspot.com/contacts/48210077/record/0-27/8800
        "#);
    }

    #[test]
    fn a_packet_without_anything_says_so() {
        insta::assert_snapshot!(shown(&post(&example::everything_missing())), @"
        Handoff: Unnamed deal · value not in the CRM · owner not in the CRM · 0 of 6 · missing: all six sections
        For RevOps, once in the mapping:
        • Buying reason: Which field answers buying_reason?
        • Success outcome: Which field answers success_outcome?
        • Stakeholders: Which field answers stakeholders?
        +3 more in the task
        ---
        Unnamed deal · value not in the CRM · owner not in the CRM · 0 of 6 · ⚠ missing: all six sections
        For RevOps, once in the mapping
          • Buying reason: Which field answers buying_reason?
          • Success outcome: Which field answers success_outcome?
          • Stakeholders: Which field answers stakeholders?
        +3 more in the task
        Buying reason, Success outcome, Stakeholders, Promises, Risks, First value: Not in the CRM
        Close date not in the CRM
        [Open deal] https://app.hubspot.com/contacts/48210077/record/0-3/301000000417
        [Open task] https://app.hubspot.com/contacts/48210077/record/0-27/8800
        ");
    }

    #[test]
    fn a_huge_packet_is_shortened_and_says_so() {
        let message = post(&example::huge());
        check(&message, None).unwrap();
        insta::assert_snapshot!(shown(&message), @"
        Handoff: Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme… · 54,000 EUR · owner Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana… · 0 of 6 · weak: buying reason, success outcome, promises, risks, first value
        For the seller, Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna…:
        • Buying reason: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast…
        • Success outcome: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast…
        • Stakeholders: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The board wants one forecast…
        +53 more in the task
        ---
        Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme Acme… · 54,000 EUR · owner Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana Dana… · 0 of 6 · ⚠ weak: buying reason, success outcome, promises, risks, first value
        For the seller, Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna…
          • Buying reason: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The…
          • Success outcome: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The…
          • Stakeholders: vague: The board wants one forecast that everybody believes. The board wants one forecast that everybody believes. The…
        +53 more in the task
        Buying reason (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        Success outcome (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        Stakeholders
          • The board wants one forecast that everybody believes. The…: sponsor, operator, evaluator, blocker, executive backer
          • The board wants one forecast that everybody believes. The…: sponsor, operator, evaluator, blocker, executive backer
          • +58 more
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        Promises (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        Risks (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        First value (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        Expansion (weak)
          • The board wants one forecast that everybody believes. The board wants one…
          • The board wants one forecast that everybody believes. The board wants one…
          • +58 more
        15-minute review (amount 54000 ≥ 50000 amount 54000 ≥ 50000 amount 54000 ≥…)
          • The board wants one forecast that everybody believes. The board wants one forecast that… The board wants one forecast that everybody believes. The…
          • The board wants one forecast that everybody believes. The board wants one forecast that… The board wants one forecast that everybody believes. The…
          • The board wants one forecast that everybody believes. The board wants one forecast that… The board wants one forecast that everybody believes. The…
          • The board wants one forecast that everybody believes. The board wants one forecast that… The board wants one forecast that everybody believes. The…
        Closed 20 Nov 2026 · deal: Forecasting Forecasting Forecasting Forecasting Forecasting Forecasting Forecasting Forecasting Forecasting Forecasting… · shortened, the task has all of it
        [Open deal] https://app.hubspot.com/contacts/48210077/record/0-3/301000000417
        [Open task] https://app.hubspot.com/contacts/48210077/record/0-27/8800
        ");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a whole message")]
    fn the_wire_format_is_what_slack_documents() {
        let deal = Deal::won("Müller & Söhne")
            .worth("8200", "EUR")
            .says(SectionName::Risks, "None")
            .asks_seller("empty", SectionName::Promises, "What did sales commit to?");
        let message = digest(&deal.packet, &deal.record, None, &links(), Some("U012AB3CD"));
        insta::assert_snapshot!(serde_json::to_string_pretty(&message).unwrap(), @r#"
        {
          "text": "Handoff: Müller &amp; Söhne · 8,200 EUR · owner not in the CRM · 1 of 6 · missing: buying reason, success outcome, stakeholders, promises, first value\nFor the seller:\n• Promises: What did sales commit to?",
          "blocks": [
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.headline",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "Müller & Söhne",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": " · 8,200 EUR · owner "
                    },
                    {
                      "type": "user",
                      "user_id": "U012AB3CD"
                    },
                    {
                      "type": "text",
                      "text": " · "
                    },
                    {
                      "type": "text",
                      "text": "1 of 6",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": " · "
                    },
                    {
                      "type": "emoji",
                      "name": "warning"
                    },
                    {
                      "type": "text",
                      "text": " missing: buying reason, success outcome, stakeholders, promises, first value"
                    }
                  ]
                }
              ]
            },
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.questions",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "For the seller",
                      "style": {
                        "bold": true
                      }
                    }
                  ]
                },
                {
                  "type": "rich_text_list",
                  "style": "bullet",
                  "elements": [
                    {
                      "type": "rich_text_section",
                      "elements": [
                        {
                          "type": "text",
                          "text": "Promises",
                          "style": {
                            "bold": true
                          }
                        },
                        {
                          "type": "text",
                          "text": ": What did sales commit to?"
                        }
                      ]
                    }
                  ]
                }
              ]
            },
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.risks",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "Risks",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": ": None"
                    }
                  ]
                }
              ]
            },
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.absent",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "Buying reason, Success outcome, Stakeholders, Promises, First value",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": ": "
                    },
                    {
                      "type": "text",
                      "text": "Not in the CRM",
                      "style": {
                        "italic": true
                      }
                    }
                  ]
                }
              ]
            },
            {
              "type": "context",
              "block_id": "pkt_3f9c1a2b4c5d.deal",
              "elements": [
                {
                  "type": "plain_text",
                  "text": "Close date not in the CRM",
                  "emoji": false
                }
              ]
            },
            {
              "type": "actions",
              "block_id": "pkt_3f9c1a2b4c5d.links",
              "elements": [
                {
                  "type": "button",
                  "action_id": "handoff_open_deal",
                  "text": {
                    "type": "plain_text",
                    "text": "Open deal",
                    "emoji": false
                  },
                  "url": "https://app.hubspot.com/contacts/48210077/record/0-3/301000000417"
                },
                {
                  "type": "button",
                  "action_id": "handoff_open_task",
                  "text": {
                    "type": "plain_text",
                    "text": "Open task",
                    "emoji": false
                  },
                  "url": "https://app.hubspot.com/contacts/48210077/record/0-27/8800"
                }
              ]
            }
          ],
          "metadata": {
            "event_type": "handoff_packet_posted",
            "event_payload": {
              "packet_id": "pkt_3f9c1a2b4c5d",
              "revision": 1
            }
          },
          "unfurl_links": false,
          "unfurl_media": false
        }
        "#);
    }

    #[test]
    fn an_ordinary_digest_is_read_in_thirty_seconds() {
        for deal in [example::complete_and_important(), example::half_empty(), example::everything_missing()]
        {
            let message = post(&deal);
            assert!(message.units() <= COMFORTABLE, "{}", message.units());
            assert!(message.blocks.len() <= 12);
        }
    }

    #[test]
    fn a_mention_that_is_no_user_id_is_not_sent() {
        let deal = example::complete_and_important();
        for forged in ["!channel", "U1> <!here", "S0123", "u012", ""] {
            let message = digest(&deal.packet, &deal.record, None, &links(), Some(forged));
            assert_eq!(message, post(&deal), "{forged}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_gets_no_button() {
        let deal = example::half_empty();
        let links = Links { deal: Some("javascript:alert(1)".to_owned()), task: None };
        let message = digest(&deal.packet, &deal.record, None, &links, None);
        assert!(!message.blocks.iter().any(|block| matches!(block, Block::Actions { .. })));
    }

    proptest! {
        #[test]
        fn any_packet_makes_a_message_that_slack_takes(deal in example::any_deal(), mention in any::<bool>()) {
            let mention = mention.then_some("U012AB3CD");
            let message = digest(&deal.packet, &deal.record, None, &links(), mention);
            prop_assert_eq!(check(&message, mention), Ok(()));
        }
    }

    /// Every limit that Slack documents or is known to apply, over the JSON that is sent.
    fn check(message: &Message, mention: Option<&str>) -> Result<(), String> {
        let json = serde_json::to_value(message).map_err(|error| error.to_string())?;
        let text = json["text"].as_str().unwrap_or_default();
        within("text", text, 1, 4_000)?;
        let unescaped = text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "");
        if unescaped.contains(['<', '>', '&']) {
            return Err(format!("something is not escaped: {text}"));
        }
        let blocks = json["blocks"].as_array().ok_or("no blocks")?;
        let mut found = Found::default();
        for block in blocks {
            block_fits(block, &mut found)?;
        }
        let budget = found.units + 125 * blocks.len();
        if !(1..=12).contains(&blocks.len()) || budget > 12_000 {
            return Err(format!("{} blocks, {budget} in all", blocks.len()));
        }
        if found.mentions.len() > 1 || found.mentions.iter().any(|user| Some(user.as_str()) != mention) {
            return Err(format!("mentions {:?}", found.mentions));
        }
        (found.emoji <= 2).then_some(()).ok_or_else(|| format!("{} emoji", found.emoji))
    }

    #[derive(Default)]
    struct Found {
        ids: BTreeSet<String>,
        units: usize,
        mentions: Vec<String>,
        emoji: usize,
    }

    fn block_fits(block: &Value, found: &mut Found) -> Result<(), String> {
        let id = block["block_id"].as_str().unwrap_or_default();
        within("block_id", id, 1, 255)?;
        if !found.ids.insert(id.to_owned()) {
            return Err(format!("block_id {id} twice"));
        }
        let elements = block["elements"].as_array().ok_or("no elements")?;
        let most = match block["type"].as_str() {
            Some("rich_text") => 50,
            Some("context") => 10,
            Some("actions") => 25,
            other => return Err(format!("block type {other:?}")),
        };
        if !(1..=most).contains(&elements.len()) {
            return Err(format!("{} elements in {id}", elements.len()));
        }
        elements.iter().try_for_each(|element| element_fits(element, found))
    }

    fn element_fits(element: &Value, found: &mut Found) -> Result<(), String> {
        let text = element["text"].as_str().unwrap_or_default();
        match element["type"].as_str() {
            Some("rich_text_section" | "rich_text_list") => {
                let elements = element["elements"].as_array().ok_or("no elements")?;
                if elements.is_empty() {
                    return Err("an empty element".to_owned());
                }
                elements.iter().try_for_each(|element| element_fits(element, found))
            }
            Some("text" | "plain_text") => {
                found.units += text.encode_utf16().count();
                within("text", text, 1, 3_000)
            }
            Some("user") => {
                found.mentions.push(element["user_id"].as_str().unwrap_or_default().to_owned());
                Ok(())
            }
            Some("emoji") => {
                found.emoji += 1;
                Ok(())
            }
            Some("button") => {
                within("url", element["url"].as_str().unwrap_or_default(), 1, 3_000)?;
                within("label", element["text"]["text"].as_str().unwrap_or_default(), 1, 30)?;
                element_fits(&element["text"], found)
            }
            other => Err(format!("element type {other:?}")),
        }
    }

    fn within(what: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
        let units = text.encode_utf16().count();
        (least..=most)
            .contains(&units)
            .then_some(())
            .ok_or_else(|| format!("{what} has {units} units: {text}"))
    }
}
