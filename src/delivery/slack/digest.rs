//! The digest: what customer success reads in twenty seconds.
//!
//! First line: customer, value, who takes over, and the one thing that matters. Then one line for each section, where
//! a gap stands in the place of its answer. The last line leads to the deal and to the task, which asks the questions.

use super::action;
use super::blocks::{Block, Button, Line, Message, Metadata, Span};
use super::escape;
use crate::delivery::headline::{Headline, subject};
use crate::delivery::{excerpt, lines};
use handoff_core::answers;
use handoff_core::messages;
use handoff_core::packet::{
    DigestParams, Entry, Link, Packet, PacketStatus, Question, Questions, SectionName,
};
use handoff_core::record::DealRecord;

/// Longest top-level text: `chat.update` refuses more.
/// <https://docs.slack.dev/reference/methods/chat.update>
const TEXT: usize = 4_000;

/// Most lines.
const LINES: usize = 12;

/// Longest line, in UTF-16 units.
const WIDTH: usize = 140;

/// Plain lines are cut down to the first of these lengths to keep to its number of words, then to the next; the others in
/// proportion to their shares. At 238 words a minute, 87 are read in 22 seconds and 110 in 28.
const BUDGETS: [(usize, usize); 2] = [(54, 87), (NARROWEST, 110)];

/// Longest plain line of a digest that keeps to no number of words.
const NARROWEST: usize = 44;

/// From here on every line has all of [`WIDTH`], whatever its share.
const WIDEST: usize = 200;

/// Longest names in the first line; the first of these is taken that leaves the customer's name as much.
const NAMES: [usize; 4] = [40, 28, 20, 12];

/// Longest name of the deal.
const DEAL: usize = 50;

/// Stands in a message where a span is put in; no name holds it.
pub(super) const HERE: &str = "\u{0}";

/// Where the links lead; what is not a web link is shown without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The deal in the CRM.
    pub deal: Option<String>,
    /// The task on the deal; empty where it is still to be created. Without a task the digest asks the questions.
    pub task: Option<String>,
    /// The packet's page, where operators have one to open.
    pub packet: Option<String>,
    /// A person closed the task, whether or not its questions were answered.
    pub task_closed: bool,
    /// What was decided: `Accepted by Mia Sand, 2 Dec`.
    pub decided: Option<String>,
    /// The digest ends in buttons, because clicks reach us.
    pub buttons: Option<Decisions>,
}

/// What was decided, and is not offered any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decisions {
    /// The handoff was accepted.
    pub accepted: bool,
    /// The review was held.
    pub reviewed: bool,
}

/// Slack user ids of the people in the first line; a person without one is shown by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Who takes the handoff.
    pub owner: Option<String>,
    /// Who is asked.
    pub seller: Option<String>,
}

/// The digest of a packet. The record is the one the packet was made from.
pub fn digest(
    packet: &Packet,
    record: &DealRecord,
    params: &DigestParams,
    links: &Links,
    mentions: &Mentions,
) -> Message {
    packet.locale.scope(|| {
        let headline = &Headline::of(packet, record, params.questions.as_ref());
        let writer = Writer { packet, headline, params, links, mentions };
        let (first, last) = (writer.first_line(), writer.last_line());
        let around = words(&[first.clone(), last.clone()]);
        let body = writer.fitted(around);
        let block = |name: &str, lines: &[Line]| Block::of(format!("{}.{name}", packet.packet_id), lines);
        let mut blocks = vec![block("headline", &[first]), block("packet", &body), block("links", &[last])];
        let text = blocks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let buttons = writer.buttons();
        if !buttons.is_empty() {
            blocks.push(Block::Actions {
                block_id: format!("{}.buttons", packet.packet_id),
                elements: buttons,
            });
        }
        Message {
            text: escape::escaped(&text, TEXT),
            blocks,
            metadata: Metadata::of(&packet.packet_id),
            unfurl_links: false,
            unfurl_media: false,
        }
    })
}

struct Writer<'a> {
    packet: &'a Packet,
    headline: &'a Headline,
    params: &'a DigestParams,
    links: &'a Links,
    mentions: &'a Mentions,
}

impl Writer<'_> {
    fn first_line(&self) -> Line {
        if self.packet.no_longer_won {
            let account = excerpt::name(&self.headline.account, NAMES[0]);
            let state = Span::bold(messages::headline::no_longer_won());
            return vec![state, Span::plain(lines::BETWEEN), Span::plain(account)];
        }
        let mut rest = Line::new();
        let mut room = 0;
        for name in NAMES {
            let parts = [self.value(name), self.owner(name), self.state(name)];
            let between = || vec![Span::plain(lines::BETWEEN)];
            rest = parts.into_iter().flat_map(|part| [between(), part]).flatten().collect();
            let taken = excerpt::units(&Block::of(String::new(), &[rest.clone()]).to_string());
            room = WIDTH.saturating_sub(taken);
            if room >= excerpt::units(&self.headline.account).min(name) {
                break;
            }
        }
        let account = excerpt::name(&self.headline.account, room);
        [vec![Span::bold(account)], rest].concat()
    }

    /// The amount, and why the account is important.
    fn value(&self, name: usize) -> Line {
        let deal = &self.packet.deal;
        let amount = deal.amount.as_deref().filter(|amount| !amount.trim().is_empty());
        let value = amount.map(|amount| messages::headline::amount(amount, deal.currency.as_deref()));
        let value = value.map(|value| excerpt::name(&value, name)).filter(|value| !value.is_empty());
        let value = value.unwrap_or_else(|| messages::headline::no_value().to_owned());
        if !self.packet.important.is {
            return vec![Span::plain(value)];
        }
        let reasons = excerpt::line(&self.params.important.join(", "), name);
        let reasons: Vec<String> = [reasons, value].into_iter().filter(|reason| !reason.is_empty()).collect();
        vec![Span::plain(messages::headline::important(&reasons.join(", ")))]
    }

    fn owner(&self, longest: usize) -> Line {
        let Some(name) = &self.headline.owner else {
            return vec![Span::plain(messages::headline::no_owner())];
        };
        let takes_over = if self.packet.owner.fallback {
            messages::headline::stands_in
        } else {
            messages::headline::takes_over
        };
        put(&takes_over(HERE), person(name, longest, self.mentions.owner.as_deref()))
    }

    /// By when first value is due, or how many questions are open and whom they are asked of.
    fn state(&self, longest: usize) -> Line {
        let Headline { seller, seller_left, questions, .. } = self.headline;
        let open = |count| messages::headline::open_questions(count);
        match (questions.for_seller.len(), questions.for_revops.len(), seller) {
            (0, 0, _) => {
                let first_value = self.packet.sections.get(&SectionName::FirstValue);
                let day =
                    first_value.into_iter().flat_map(|section| &section.entries).find_map(Entry::given_due);
                let day = day.map(|day| messages::value::near(day, self.packet.today()));
                vec![Span::plain(day.map_or_else(
                    || messages::headline::complete().to_owned(),
                    |day| messages::headline::first_value(&day),
                ))]
            }
            (0, for_revops, _) => vec![Span::plain(messages::headline::for_revops(&open(for_revops)))],
            (asked, _, None) => vec![Span::plain(open(asked))],
            (asked, _, Some(name)) => {
                let words =
                    if *seller_left { messages::headline::seller_left } else { messages::headline::asked };
                let mention = self.mentions.seller.as_deref().filter(|_| !seller_left);
                put(&words(&open(asked), HERE), person(name, longest, mention))
            }
        }
    }

    /// The widest body that, with `around` words above and below it, reads quickly enough.
    fn fitted(&self, around: usize) -> Vec<Line> {
        let mut sections = Vec::new();
        for name in lines::read(self.packet) {
            if name == SectionName::Stakeholders {
                sections.extend(lines::people(self.packet));
            } else {
                sections.extend(lines::section(self.packet, &self.headline.questions, name));
            }
        }
        for fact in sections.iter_mut().flat_map(|line| &mut line.facts) {
            fact.text = excerpt::joined(&fact.text, 2 * WIDTH);
        }
        let widths = |(least, most)| (least..=WIDEST).rev().step_by(8).map(move |width| (width, most));
        let mut bodies =
            BUDGETS.into_iter().flat_map(widths).map(|(width, most)| (self.body(&sections, width), most));
        let fitting = bodies.find(|(body, most)| words(body).saturating_add(around) <= *most);
        fitting.map_or_else(|| self.body(&sections, NARROWEST), |(body, _)| body)
    }

    /// The sections, the review, and the questions if no task asks them; a plain line has at most `width` units.
    fn body(&self, sections: &[lines::Line], width: usize) -> Vec<Line> {
        let titled = |line: &lines::Line| {
            let title = messages::value::titled(&line.label, "");
            let width = (width * line.share / 100).min(WIDTH);
            let text = line.joined(width.saturating_sub(excerpt::units(&title)));
            vec![Span::bold(title), Span::plain(text)]
        };
        let mut body: Vec<Line> = sections.iter().map(titled).collect();
        body.extend(self.review(width).map(|line| vec![Span::plain(excerpt::line(&line, WIDTH))]));
        if self.links.task.is_none() {
            let Questions { for_seller, for_revops, .. } = &self.headline.questions;
            let question = |question: &Question| {
                messages::task::question(&subject(self.packet, question), &question.text)
            };
            let questions = for_seller.iter().chain(for_revops).map(question).collect();
            let questions = lines::capped(questions, LINES.saturating_sub(body.len() + 3));
            body.extend(questions.iter().map(|question| vec![Span::plain(excerpt::line(question, WIDTH))]));
        }
        body
    }

    /// When to talk; the agenda stands in the task, but for what only the seller can answer.
    fn review(&self, width: usize) -> Option<String> {
        let Packet { review, important, status, .. } = self.packet;
        if !important.unreadable.is_empty() && !review.due {
            let perhaps = messages::packet::perhaps_important(&important.unreadable.join("; "));
            return Some(excerpt::line(&perhaps, width.min(WIDTH)));
        }
        let talk = messages::review::in_short(self.headline.asked(), review.day, self.packet.today());
        let unanswered =
            review.agenda.iter().filter(|point| point.to_ask && *status == PacketStatus::Complete);
        let parts = [talk].into_iter().chain(unanswered.map(|point| point.answer.clone()).take(1));
        (review.due && !self.packet.no_longer_won).then(|| parts.collect::<Vec<_>>().join(lines::BETWEEN))
    }

    /// The deal under its name, the task, and what the mapping links to.
    fn last_line(&self) -> Line {
        let mut line = Vec::new();
        let open = self.headline.open();
        if open == 0 && !self.packet.no_longer_won {
            line.push(Span::plain(format!("{} ", messages::digest::complete())));
        }
        let deal = &self.packet.deal;
        let name = excerpt::name(&deal.name, DEAL);
        let name = if name.is_empty() { messages::value::deal_without_name(&deal.id) } else { name };
        line.push(link(&name, self.links.deal.as_deref()));
        if let Some(task) = &self.links.task {
            line.extend([Span::plain(lines::BETWEEN), link(messages::digest::task(), Some(task))]);
        }
        if let Some(packet) = &self.links.packet {
            line.extend([Span::plain(lines::BETWEEN), link(messages::digest::packet(), Some(packet))]);
        }
        for Link { name, url, .. } in &self.packet.links {
            line.extend([Span::plain(lines::BETWEEN), link(name, Some(url))]);
        }
        if self.links.task_closed && open > 0 {
            line.extend([Span::plain(lines::BETWEEN), Span::plain(messages::digest::closed_task(open))]);
        }
        if let Some(decided) = &self.links.decided {
            line.extend([Span::plain(lines::BETWEEN), Span::plain(excerpt::line(decided, WIDTH))]);
        }
        line
    }

    /// What a person may press: to answer what is open, to accept the handoff or send it back, to say that the review was
    /// held. None where clicks do not reach us.
    fn buttons(&self) -> Vec<Button> {
        let decisions = self.links.buttons.filter(|_| !self.packet.no_longer_won);
        let Some(Decisions { accepted, reviewed }) = decisions else { return Vec::new() };
        let button = |action: &str, label: String| Button::new(action, label, &self.packet.packet_id);
        let open = answers::topics(self.packet).len();
        let answer = (open > 0).then(|| button(action::ANSWER, messages::digest::answer_questions(open)));
        let accept = || button(action::ACCEPT, messages::digest::accept().to_owned());
        let send_back = || button(action::SEND_BACK, messages::digest::send_back().to_owned());
        let held = || button(action::REVIEW_HELD, messages::digest::review_held().to_owned());
        let decide = (!accepted).then(|| [accept(), send_back()]);
        let review = (self.packet.review.due && !reviewed).then(held);
        answer.into_iter().chain(decide.into_iter().flatten()).chain(review).collect()
    }
}

fn words(lines: &[Line]) -> usize {
    let text = Block::of(String::new(), lines).to_string();
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

fn link(text: &str, url: Option<&str>) -> Span {
    match url.and_then(escape::link) {
        Some(url) => Span::Link { url, text: text.to_owned() },
        None => Span::plain(text),
    }
}

/// A person by mention, else by name.
pub(super) fn person(name: &str, longest: usize, mention: Option<&str>) -> Span {
    let name = excerpt::name(name, longest);
    match mention.filter(|id| is_user_id(id)) {
        Some(id) => Span::User { user_id: id.to_owned(), name },
        None => Span::plain(name),
    }
}

/// The message with the span in the place of [`HERE`].
pub(super) fn put(message: &str, span: Span) -> Line {
    let (before, after) = message.split_once(HERE).unwrap_or((message, ""));
    let text = |text: &str| (!text.is_empty()).then(|| Span::plain(text));
    [text(before), Some(span), text(after)].into_iter().flatten().collect()
}

fn is_user_id(id: &str) -> bool {
    id.starts_with(['U', 'W'])
        && id.len() <= 32
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::delivery::example::{self, Deal};
    use handoff_core::packet::Role;

    fn links() -> Links {
        Links {
            deal: Some("https://app.hubspot.com/contacts/48210077/record/0-3/301000000417".to_owned()),
            task: Some("https://app.hubspot.com/contacts/48210077/record/0-27/8800".to_owned()),
            task_closed: false,
            ..Links::default()
        }
    }

    fn post(deal: &Deal) -> Message {
        post_with(deal, &links(), &Mentions::default())
    }

    fn post_with(deal: &Deal, links: &Links, mentions: &Mentions) -> Message {
        digest(&deal.packet, &deal.record, &example::digest_params(), links, mentions)
    }

    /// The message as it reads; its text must read the same.
    fn shown(message: &Message) -> String {
        let unescaped = message.text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert_eq!(format!("{unescaped}\n"), message.to_string());
        unescaped
    }

    /// The line with this label.
    fn line(deal: &Deal, label: &str) -> Option<String> {
        let shown = shown(&post(deal));
        shown.lines().find_map(|line| line.strip_prefix(&format!("{label}: "))).map(ToOwned::to_owned)
    }

    fn first_line(deal: &Deal) -> String {
        shown(&post(deal)).lines().next().unwrap().to_owned()
    }

    #[test]
    fn a_complete_packet_is_calm() {
        insta::assert_snapshot!(shown(&post(&example::complete_and_important())), @"
        Acme GmbH · important: 54,000 EUR · Dana Ito takes over · first value by 11 Dec
        Why now: Forecast visibility is poor; the board…
        Outcome: Forecast error below 10 % by the end of Q1.
        First value: VP Sales uses the dashboard in the… (by 11 Dec)
        Sponsor: Sarah Lind · backed by Ida Falk, CRO
        Others: Tom Roy, VP Sales (operator, evaluator)
        Promised: Field mapping done by us · First report template
        Risk: Field quality: stages are used…
        Later: Service team, 25 seats,…
        15 minutes with Anna Berg: agenda in the task · Ask Anna Berg: Which result do they want first?
        Complete. Acme GmbH – Forecasting, 40 seats · task
        ");
    }

    #[test]
    fn a_gap_stands_where_its_answer_would() {
        insta::assert_snapshot!(shown(&post(&example::half_empty())), @"
        Müller & Söhne · 8,200.50 EUR · revops@seller.example stands in · 3 questions open, asked of Anna Berg
        Why now: They need reporting.
        Outcome: not answered yet
        First value: not answered yet
        Sponsor: not known yet
        Others: Sarah (role not known yet) · operator not known yet
        Promised: not answered yet
        Risk: None
        Müller & Söhne · task
        ");
    }

    #[test]
    fn hostile_text_stays_text() {
        insta::assert_snapshot!(shown(&post(&example::hostile())), @"
        <!channel> *ACME* & `Co` · 54,000 EUR · *Dana* @channel takes over · 2 questions open, asked of <@U000EVIL> _Anna_
        Why now: ```; <!everyone> <script>alert(1)</script> &amp; *bold*; > quote (asked again)
        Outcome: not answered yet
        First value: not answered yet
        Sponsor: <@U000EVIL>, `CEO`
        Promised: not answered yet
        Risk: not answered yet
        <https://evil.example|Open deal> {{deal.name}} %s… · task
        ");
    }

    #[test]
    fn what_the_mapping_links_to_reads_as_its_own_word() {
        let deal = Deal::won("Acme").links_to("Order <form> & *more*", "https://forms.example/7?a=1&b=2");
        let message = post(&deal.links_to("Call", "javascript:alert(1)"));
        assert!(shown(&message).ends_with("· task · Order <form> & *more* · Call"));
        let json = serde_json::to_value(&message).unwrap();
        let last = json.pointer("/blocks/2/elements/0/elements").and_then(Value::as_array).unwrap();
        let link = serde_json::json!(
            {"type": "link", "url": "https://forms.example/7?a=1&b=2", "text": "Order <form> & *more*"}
        );
        assert!(last.contains(&link), "{json:#}");
        assert!(last.contains(&serde_json::json!({"type": "text", "text": "Call"})), "{json:#}");
    }

    #[test]
    fn a_packet_without_anything_says_so() {
        insta::assert_snapshot!(shown(&post(&example::everything_missing())), @"
        Unnamed deal · value not known yet · who takes over is not known yet · 6 questions open for RevOps
        Why now: not answered yet
        Outcome: not answered yet
        First value: not answered yet
        People: not known yet
        Promised: not answered yet
        Risk: not answered yet
        Deal 301000000417 · task
        ");
    }

    #[test]
    fn a_huge_packet_is_shortened_and_says_so() {
        insta::assert_snapshot!(shown(&post(&example::huge())), @"
        Acme Acme Acme Acme Acme Acme… · important: 54,000 EUR · Dana Dana Dana Dana… takes over · 28 questions open, asked of Anna Anna Anna Anna…
        Why now: The board wants one… · +59 more (asked again)
        Outcome: The board wants one… · +59 more (asked again)
        First value: The board wants one… · +59 more (asked again)
        Sponsor: The board wants one… (also operator, evaluator, likely blocker, executive backer,…) · +59 more
        Others: The board wants one… · +59 more
        Promised: The board wants one forecast that… · +59 more (asked again)
        Risk: The board wants one… · +59 more (asked again)
        Later: The board wants one… · +59 more (asked again)
        15 minutes with Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna Anna…: agenda in the task
        Forecasting Forecasting Forecasting Forecasting… · task
        ");
    }

    #[test]
    fn the_first_line_says_who_takes_over_and_what_matters() {
        let deal = || Deal::won("Acme").worth("24000", "EUR").sold_by("Tom Roy");
        let asked = |deal: Deal| deal.asks_seller("empty", SectionName::Promises, "What?");
        for (deal, said) in [
            (deal().handed_to("Iris Okafor"), "Acme · 24,000 EUR · Iris Okafor takes over · complete"),
            (
                deal().handed_to_fallback("cs@x.example"),
                "Acme · 24,000 EUR · cs@x.example stands in · complete",
            ),
            // Handing over to oneself is handing over to no one.
            (deal().handed_to("Tom Roy"), "Acme · 24,000 EUR · who takes over is not known yet · complete"),
            (deal().worth("48000", ""), "Acme · value 48,000 · who takes over is not known yet · complete"),
            (
                asked(deal().handed_to("Iris Okafor")),
                "Acme · 24,000 EUR · Iris Okafor takes over · 1 question open, asked of Tom Roy",
            ),
            (
                asked(deal().handed_to("Iris Okafor").left()),
                "Acme · 24,000 EUR · Iris Okafor takes over · 1 question open, the seller Tom Roy has left",
            ),
            (
                deal().handed_to("Iris Okafor").asks_revops("unmapped", SectionName::Promises, "Which?"),
                "Acme · 24,000 EUR · Iris Okafor takes over · 1 question open for RevOps",
            ),
            (
                deal().says_by(SectionName::FirstValue, "Runs it", Some(date(2026, 12, 11))),
                "Acme · 24,000 EUR · who takes over is not known yet · first value by 11 Dec",
            ),
        ] {
            assert_eq!(first_line(&deal), said);
        }
        let params = DigestParams { important: vec!["Enterprise".to_owned()], ..example::digest_params() };
        let deal = deal().important_because("customer_tier is Enterprise");
        let message = digest(&deal.packet, &deal.record, &params, &links(), &Mentions::default());
        assert!(message.text.starts_with("Acme · important: Enterprise, 24,000 EUR · "), "{}", message.text);
    }

    #[test]
    fn what_is_missing_or_weak_is_said_once_in_its_place() {
        use SectionName::{FirstValue, Promises, Risks};
        let stand_in = |deal: &Deal| {
            let stand_ins = [(Promises, "TBD".to_owned())].into();
            let questions = Questions { stand_ins, ..Questions::default() };
            let params = DigestParams { questions: Some(questions), ..example::digest_params() };
            shown(&digest(&deal.packet, &deal.record, &params, &links(), &Mentions::default()))
        };
        let tbd = Deal::won("Acme").asks_seller("placeholder", Promises, "What?");
        for tbd in [tbd.clone(), tbd.says(Promises, "TBD")] {
            assert!(
                stand_in(&tbd).contains("\nPromised: not answered yet (\"TBD\")\n"),
                "{}",
                stand_in(&tbd)
            );
        }
        let weak = |id, text| Deal::won("Acme").says(Risks, text).asks_seller(id, Risks, "Which?");
        for id in ["vague", "duplicate", "conflict", "too_long", "placeholder"] {
            assert_eq!(
                line(&weak(id, "It is hard"), "Risk").as_deref(),
                Some("It is hard (asked again)"),
                "{id}"
            );
        }
        let two = weak("conflict", "None").says(Risks, "Field quality");
        assert_eq!(line(&two, "Risk").as_deref(), Some("None · Field quality (asked again)"));
        let hint = Deal::won("Acme").says(Risks, "It is hard").doubts("vague", Risks, "Which?");
        assert_eq!(line(&hint, "Risk").as_deref(), Some("It is hard"));

        let dated = |id, day| {
            let deal = Deal::won("Acme").says_by(FirstValue, "Runs it", day);
            line(&deal.asks_seller(id, FirstValue, "When?"), "First value").unwrap()
        };
        assert_eq!(dated("no_date", None), "Runs it · no date yet");
        assert_eq!(dated("stale_date", Some(date(2026, 8, 12))), "Runs it (by 12 Aug 2026, asked again)");
        assert_eq!(dated("outside_window", Some(date(2027, 2, 28))), "Runs it (by 28 Feb, asked again)");
        let mut unreadable =
            Deal::won("Acme").says(FirstValue, "Runs it").asks_seller("bad_date", FirstValue, "When?");
        unreadable.packet.sections.get_mut(&FirstValue).unwrap().entries[0].due_words =
            Some("asap".to_owned());
        assert_eq!(line(&unreadable, "First value").as_deref(), Some("Runs it · no date yet (\"asap\")"));
    }

    #[test]
    fn people_stand_under_what_they_are() {
        use Role::{Blocker, Evaluator, ExecutiveBacker, Operator, Sponsor};
        let missing = |deal: Deal, role| deal.asks_seller(role, SectionName::Stakeholders, "Who?");
        let acme = || Deal::won("Acme");
        let sarah = || acme().knows("Sarah Lind", "RevOps lead", "", &[Sponsor]);
        let people = |deal: &Deal| ["Sponsor", "Others", "People"].map(|label| line(deal, label));
        let said = |lines: [Option<&str>; 3]| lines.map(|line| line.map(ToOwned::to_owned));
        for (deal, lines) in [
            (acme(), [None, None, Some("not known yet")]),
            (sarah(), [Some("Sarah Lind, RevOps lead"), None, None]),
            (
                sarah().knows("Ida Falk", "CRO", "", &[ExecutiveBacker]),
                [Some("Sarah Lind, RevOps lead · backed by Ida Falk, CRO"), None, None],
            ),
            (
                acme().knows("Ida Falk", "CRO", "", &[Sponsor, ExecutiveBacker]),
                [Some("Ida Falk, CRO (also executive backer)"), None, None],
            ),
            (
                missing(sarah(), "role_missing:executive_backer"),
                [Some("Sarah Lind, RevOps lead · executive backer not known yet"), None, None],
            ),
            (
                sarah().knows("Tom Roy", "VP Sales", "", &[Operator, Evaluator]).knows(
                    "Ben Ude",
                    "",
                    "",
                    &[Blocker],
                ),
                [
                    Some("Sarah Lind, RevOps lead"),
                    Some("Tom Roy, VP Sales (operator, evaluator) · Ben Ude (likely blocker)"),
                    None,
                ],
            ),
            (
                missing(
                    missing(acme().knows("Eve", "", "", &[]), "role_missing:sponsor"),
                    "role_missing:blocker",
                ),
                [
                    Some("not known yet"),
                    Some("Eve (role not known yet) · likely blocker not known yet"),
                    None,
                ],
            ),
            (
                acme().knows("it@acme.test", "", "", &[Sponsor]).asks_seller(
                    "unnamed:sponsor",
                    SectionName::Stakeholders,
                    "Who?",
                ),
                [Some("it@acme.test (person not known yet)"), None, None],
            ),
        ] {
            assert_eq!(people(&deal), said(lines));
        }
    }

    #[test]
    fn a_seller_who_says_none_is_told_from_the_data_that_shows_something() {
        let mut deal =
            Deal::won("Acme").says(SectionName::Risks, "None").says(SectionName::Risks, "One contact");
        let risks = deal.packet.sections.get_mut(&SectionName::Risks).unwrap();
        risks.entries[1].origin = handoff_core::packet::Origin::Derived(None);
        assert_eq!(line(&deal, "Risk").as_deref(), Some("None (says the seller) · One contact"));
        let alone = Deal::won("Acme").says(SectionName::Risks, "None");
        assert_eq!(line(&alone, "Risk").as_deref(), Some("None"));
    }

    #[test]
    fn a_pasted_mail_is_read_without_its_greeting() {
        let promised = |text| line(&Deal::won("Acme").says(SectionName::Promises, text), "Promised");
        for (text, said) in [
            ("Hi Tom,\n\nSSO is in.\nTwo seats are free", "SSO is in. Two seats are free"),
            ("Hallo Tom,\nSSO ist dabei", "SSO ist dabei"),
            ("Bonjour Madame Lefèvre,\nle SSO est inclus", "le SSO est inclus"),
            ("We do:\n• Field mapping\n• First template", "We do: Field mapping; First template"),
            ("Hi Tom,", "Hi Tom,"),
        ] {
            assert_eq!(promised(text).as_deref(), Some(said));
        }
        let listed =
            Deal::won("Acme").says(SectionName::Promises, "Hi Tom,").says(SectionName::Promises, "SSO");
        assert_eq!(line(&listed, "Promised").as_deref(), Some("SSO"));
    }

    #[test]
    fn without_a_task_the_digest_asks() {
        let links = Links { task: None, ..links() };
        let shown = shown(&post_with(&example::half_empty(), &links, &Mentions::default()));
        assert!(shown.contains("\nOutcome: What result do they want first"), "{shown}");
        assert!(!shown.contains("task"), "{shown}");
        assert!(shown.lines().count() <= 12, "{shown}");
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a whole message")]
    fn the_wire_format_is_what_slack_documents() {
        let deal = Deal::won("Müller & Söhne")
            .worth("8200", "EUR")
            .sold_by("Anna Berg")
            .handed_to("Dana Ito")
            .says(SectionName::Risks, "None")
            .asks_seller("empty", SectionName::Promises, "What did sales commit to?");
        let mentions = Mentions { owner: Some("U012AB3CD".to_owned()), seller: Some("W99".to_owned()) };
        let message = post_with(&deal, &links(), &mentions);
        insta::assert_snapshot!(serde_json::to_string_pretty(&message).unwrap(), @r#"
        {
          "text": "Müller &amp; Söhne · 8,200 EUR · Dana Ito takes over · 1 question open, asked of Anna Berg\nWhy now: not answered yet\nOutcome: not answered yet\nFirst value: not answered yet\nPeople: not known yet\nPromised: not answered yet\nRisk: None\nDeal 301000000417 · task",
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
                      "text": " · "
                    },
                    {
                      "type": "text",
                      "text": "8,200 EUR"
                    },
                    {
                      "type": "text",
                      "text": " · "
                    },
                    {
                      "type": "user",
                      "user_id": "U012AB3CD"
                    },
                    {
                      "type": "text",
                      "text": " takes over"
                    },
                    {
                      "type": "text",
                      "text": " · "
                    },
                    {
                      "type": "text",
                      "text": "1 question open, asked of "
                    },
                    {
                      "type": "user",
                      "user_id": "W99"
                    }
                  ]
                }
              ]
            },
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.packet",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "text",
                      "text": "Why now: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "not answered yet"
                    },
                    {
                      "type": "text",
                      "text": "\n"
                    },
                    {
                      "type": "text",
                      "text": "Outcome: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "not answered yet"
                    },
                    {
                      "type": "text",
                      "text": "\n"
                    },
                    {
                      "type": "text",
                      "text": "First value: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "not answered yet"
                    },
                    {
                      "type": "text",
                      "text": "\n"
                    },
                    {
                      "type": "text",
                      "text": "People: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "not known yet"
                    },
                    {
                      "type": "text",
                      "text": "\n"
                    },
                    {
                      "type": "text",
                      "text": "Promised: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "not answered yet"
                    },
                    {
                      "type": "text",
                      "text": "\n"
                    },
                    {
                      "type": "text",
                      "text": "Risk: ",
                      "style": {
                        "bold": true
                      }
                    },
                    {
                      "type": "text",
                      "text": "None"
                    }
                  ]
                }
              ]
            },
            {
              "type": "rich_text",
              "block_id": "pkt_3f9c1a2b4c5d.links",
              "elements": [
                {
                  "type": "rich_text_section",
                  "elements": [
                    {
                      "type": "link",
                      "url": "https://app.hubspot.com/contacts/48210077/record/0-3/301000000417",
                      "text": "Deal 301000000417"
                    },
                    {
                      "type": "text",
                      "text": " · "
                    },
                    {
                      "type": "link",
                      "url": "https://app.hubspot.com/contacts/48210077/record/0-27/8800",
                      "text": "task"
                    }
                  ]
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
    fn a_mention_that_is_no_user_id_is_not_sent() {
        let deal = example::half_empty();
        for forged in ["!channel", "U1> <!here", "S0123", "u012", ""] {
            let mentions = Mentions { owner: Some(forged.to_owned()), seller: Some(forged.to_owned()) };
            assert_eq!(post_with(&deal, &links(), &mentions), post(&deal), "{forged}");
        }
    }

    #[test]
    fn nothing_in_a_digest_waits_for_a_press_and_only_web_links_are_links() {
        let wire = |links: &Links| {
            serde_json::to_string(&post_with(&example::half_empty(), links, &Mentions::default())).unwrap()
        };
        assert!(wire(&links()).contains("\"type\":\"link\"") && !wire(&links()).contains("button"));
        let nowhere = Links {
            deal: Some("javascript:alert(1)".to_owned()),
            task: Some(String::new()),
            task_closed: false,
            ..Links::default()
        };
        assert!(!wire(&nowhere).contains("\"type\":\"link\""), "{}", wire(&nowhere));
    }

    #[test]
    fn a_digest_links_to_the_page_of_its_packet_where_there_is_one() {
        let page = "https://handoff.example.com/packets/pkt_3f9c1a2b4c5d".to_owned();
        let with = post_with(
            &example::half_empty(),
            &Links { packet: Some(page.clone()), ..links() },
            &Mentions::default(),
        );
        assert!(shown(&with).ends_with(" · task · packet"), "{with}");
        assert!(serde_json::to_string(&with).unwrap().contains(&page));
        assert_eq!(shown(&with).replace(" · packet", ""), shown(&post(&example::half_empty())));
    }

    #[test]
    fn where_clicks_reach_us_a_digest_ends_in_what_can_be_pressed() {
        let buttons = |links: &Links| {
            let message = post_with(&example::half_empty(), links, &Mentions::default());
            let blocks = serde_json::to_value(&message.blocks).unwrap();
            let last = blocks.as_array().unwrap().last().unwrap().clone();
            (message.text, last)
        };
        let (off, last) = buttons(&links());
        assert_eq!(last["type"], "rich_text");
        let (on, last) = buttons(&Links { buttons: Some(Decisions::default()), ..links() });
        assert_eq!(on, off, "the text is the same");
        insta::assert_snapshot!(last, @r#"{"block_id":"pkt_3f9c1a2b4c5d.buttons","elements":[{"action_id":"answer","text":{"text":"Answer 4 questions","type":"plain_text"},"type":"button","value":"pkt_3f9c1a2b4c5d"},{"action_id":"accept","text":{"text":"Accept","type":"plain_text"},"type":"button","value":"pkt_3f9c1a2b4c5d"},{"action_id":"send_back","text":{"text":"Send back","type":"plain_text"},"type":"button","value":"pkt_3f9c1a2b4c5d"}],"type":"actions"}"#);
        let decided = Some("Accepted by Mia Sand, 2 Dec".to_owned());
        let (text, last) = buttons(&Links {
            buttons: Some(Decisions { accepted: true, reviewed: false }),
            decided,
            ..links()
        });
        assert!(text.ends_with("Accepted by Mia Sand, 2 Dec"), "{text}");
        assert_eq!(last["elements"].as_array().unwrap().len(), 1, "it is accepted already");
    }

    proptest! {
        #[test]
        fn any_packet_makes_a_message_that_slack_takes(deal in example::any_deal(), mention in any::<bool>()) {
            let mention = |id: &str| mention.then(|| id.to_owned());
            let mentions = Mentions { owner: mention("U012AB3CD"), seller: mention("U1") };
            let message = post_with(&deal, &links(), &mentions);
            if message.text.len() < TEXT {
                shown(&message);
            }
            prop_assert_eq!(check(&message), Ok(()));
        }
    }

    /// Every limit that Slack documents or is known to apply, and our own, over the JSON that is sent.
    fn check(message: &Message) -> Result<(), String> {
        let json = serde_json::to_value(message).map_err(|error| error.to_string())?;
        let text = json["text"].as_str().unwrap_or_default();
        within("text", text, 1, 4_000)?;
        let unescaped = text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "");
        if unescaped.contains(['<', '>', '&']) {
            return Err(format!("something is not escaped: {text}"));
        }
        let shown = message.to_string();
        if shown.lines().count() > LINES {
            return Err(format!("{} lines", shown.lines().count()));
        }
        shown.lines().try_for_each(|line| within("line", line, 1, WIDTH))?;
        let (mut ids, mut mentions) = (BTreeSet::new(), Vec::new());
        for block in json["blocks"].as_array().ok_or("no blocks")? {
            let id = block["block_id"].as_str().unwrap_or_default();
            within("block_id", id, 1, 255)?;
            if !ids.insert(id) || block["type"] != "rich_text" {
                return Err(format!("block {id}, type {}", block["type"]));
            }
            let section = &block["elements"][0];
            if section["type"] != "rich_text_section" {
                return Err(format!("{section}"));
            }
            for element in section["elements"].as_array().ok_or("no elements")? {
                element_fits(element, &mut mentions)?;
            }
        }
        let mentioned: BTreeSet<&String> = mentions.iter().collect();
        (mentioned.len() == mentions.len()).then_some(()).ok_or_else(|| format!("mentions {mentions:?}"))
    }

    fn element_fits(element: &Value, mentions: &mut Vec<String>) -> Result<(), String> {
        let text = element["text"].as_str().unwrap_or_default();
        match element["type"].as_str() {
            Some("text") => within("text", text, 1, 3_000),
            Some("link") => {
                within("url", element["url"].as_str().unwrap_or_default(), 1, 3_000)?;
                within("text", text, 1, 3_000)
            }
            Some("user") => {
                mentions.push(element["user_id"].as_str().unwrap_or_default().to_owned());
                Ok(())
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
