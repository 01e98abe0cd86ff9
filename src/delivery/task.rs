//! The task on the deal: every open question, then the whole packet.

use crate::crm::{TaskBlock, TaskDraft};
use crate::delivery::excerpt;
use crate::delivery::headline::{Headline, subject};
use crate::delivery::lines::{self, Fact};
use handoff_core::messages;
use handoff_core::messages::due_note::with_due_note;
use handoff_core::packet::{Packet, Placeholder, Question, Questions, SectionName, TaskParams, Template};
use handoff_core::record::{DealRecord, FieldPath};

/// Longest subject, in UTF-16 units. Salesforce allows 255.
pub const SUBJECT: usize = 200;

/// Longest body over all blocks, in UTF-16 units: Salesforce takes 32,000 plain, HubSpot 65,536 as HTML,
/// where escaping can make one character five.
pub const BODY: usize = 12_500;

/// Longest note of the mapping, filled in.
const NOTE: usize = 1_000;

/// Longest question or agenda line.
const QUESTION: usize = 200;

/// Longest label of a field.
const LABEL: usize = 60;

/// Longest answer to an agenda line.
const ANSWER: usize = 300;

/// How much is written out. The first of [`LAYOUTS`] that keeps the body within [`BODY`] is taken; the last
/// one always does.
struct Layout {
    /// Questions for one addressee.
    questions: usize,
    /// Entries, and people, of one section.
    entries: usize,
    /// UTF-16 units of one entry.
    entry: usize,
}

const LAYOUTS: [Layout; 3] = [
    Layout { questions: 30, entries: 30, entry: 1_000 },
    Layout { questions: 16, entries: 10, entry: 300 },
    Layout { questions: 10, entries: 4, entry: 120 },
];

/// The text by which the task of a packet is found again; it is the last line of the body.
pub fn marker(packet_id: &str) -> String {
    format!("[handoff:{}]", packet_id.strip_prefix("pkt_").unwrap_or(packet_id))
}

/// The task for a packet. The record is the one the packet was made from.
pub fn draft(packet: &Packet, record: &DealRecord, params: &TaskParams) -> TaskDraft {
    packet.locale.scope(|| {
        let headline = Headline::of(packet, record, params.questions.as_ref());
        let subject = match headline.open() {
            _ if packet.no_longer_won => messages::task::subject_no_longer_won(&headline.account),
            0 => messages::task::subject_ready(&headline.account),
            open => messages::task::subject_with_questions(open, &headline.account),
        };
        let added = params
            .texts
            .subject
            .as_ref()
            .map(|text| excerpt::line(&filled(text, packet, &headline), SUBJECT));
        let subject = [Some(subject), added.filter(|added| !added.is_empty())].into_iter().flatten();
        TaskDraft {
            subject: excerpt::cut(&subject.collect::<Vec<_>>().join(lines::BETWEEN), SUBJECT),
            body: body(packet, record, params, &headline),
            marker: marker(&packet.packet_id),
            assignee: params.assignee.clone(),
            due: params.due,
            deal: packet.deal.id.clone(),
            contacts: ids(record.contacts.iter().map(|contact| &contact.object.id)),
            company: ids(record.company.iter().map(|company| &company.id)).pop(),
            urgent: packet.important.is,
        }
    })
}

fn ids<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<String> {
    ids.filter(|id| !id.is_empty()).cloned().collect()
}

/// A text of the mapping with what the packet says in its placeholders; what is not known is said to be.
fn filled(text: &Template, packet: &Packet, headline: &Headline) -> String {
    text.fill(|placeholder| {
        let value = match placeholder {
            Placeholder::Account => Some(headline.account.clone()),
            Placeholder::Deal => Some(excerpt::name(&packet.deal.name, QUESTION)),
            Placeholder::Owner => headline.owner.clone(),
            Placeholder::Seller => headline.seller.clone(),
            Placeholder::Value => headline.value.clone(),
            Placeholder::CloseDate => packet.deal.close_date.map(messages::value::date),
            Placeholder::Open => Some(headline.open().to_string()),
        };
        let value = value.filter(|value| !value.is_empty());
        value.unwrap_or_else(|| messages::packet::not_known().to_owned())
    })
}

fn body(packet: &Packet, record: &DealRecord, params: &TaskParams, headline: &Headline) -> Vec<TaskBlock> {
    let note = params.texts.note.as_ref().filter(|_| !packet.no_longer_won);
    let note = note.map(|text| excerpt::lines(&filled(text, packet, headline), NOTE));
    let note = note.filter(|note| !note.is_empty()).map(TaskBlock::Paragraph);
    let mut body = Vec::new();
    for layout in &LAYOUTS {
        body = questions(packet, record, headline, layout);
        body.splice(1..1, note.clone());
        body.extend(facts(packet, headline));
        body.extend(links(packet));
        body.extend(sections(packet, headline, layout));
        body.extend(review(packet, headline));
        if length(&body) <= BODY {
            break;
        }
    }
    body
}

fn length(body: &[TaskBlock]) -> usize {
    body.iter()
        .map(|block| match block {
            TaskBlock::Heading(text) | TaskBlock::Paragraph(text) => excerpt::units(text),
            TaskBlock::List(items) => items.iter().map(|item| excerpt::units(item)).sum(),
            TaskBlock::Links(links) => {
                links.iter().map(|(name, url)| excerpt::units(name) + excerpt::units(url)).sum()
            }
        })
        .sum()
}

fn questions(packet: &Packet, record: &DealRecord, headline: &Headline, layout: &Layout) -> Vec<TaskBlock> {
    let Questions { for_seller, for_revops, .. } = &headline.questions;
    let opening = match (for_seller.is_empty(), for_revops.is_empty()) {
        (true, true) if packet.no_longer_won => messages::task::no_longer_won().to_owned(),
        (true, true) => ready(packet, headline),
        (true, false) => messages::task::revops_asked().to_owned(),
        (false, _) => messages::task::seller_asked().to_owned(),
    };
    let mut blocks = vec![TaskBlock::Paragraph(opening)];
    if !for_seller.is_empty() {
        let heading = match (&headline.seller, headline.seller_left) {
            (None, _) => messages::task::for_seller().to_owned(),
            (Some(name), false) => messages::task::for_seller_named(name),
            (Some(name), true) => messages::task::for_seller_left(name),
        };
        blocks.push(TaskBlock::Heading(heading));
        // Numbered by hand: the seller can answer "2: in March", whatever the CRM makes of a list.
        let numbered =
            (1..).zip(asked(packet, record, for_seller, layout)).map(|(n, ask)| format!("{n}. {ask}"));
        blocks.push(TaskBlock::Paragraph(numbered.collect::<Vec<_>>().join("\n")));
    }
    if !for_revops.is_empty() {
        blocks.push(TaskBlock::Heading(messages::task::for_revops().to_owned()));
        blocks.push(TaskBlock::List(asked(packet, record, for_revops, layout)));
    }
    blocks
}

/// What the task of a complete packet is for: the person who takes over, or the one who has to find them.
fn ready(packet: &Packet, headline: &Headline) -> String {
    match (&headline.owner, headline.asked()) {
        (None, _) => messages::task::ready_unowned().to_owned(),
        (Some(owner), _) if packet.owner.fallback => messages::task::ready_stand_in(owner),
        (Some(owner), None) => messages::task::ready(owner),
        (Some(owner), Some(seller)) => messages::task::ready_from(owner, seller),
    }
}

/// Questions, each with the place where its answer belongs.
fn asked(packet: &Packet, record: &DealRecord, questions: &[Question], layout: &Layout) -> Vec<String> {
    let line = |question: &Question| {
        let of_people = question.sections == [SectionName::Stakeholders];
        let place = if of_people {
            messages::task::contacts(messages::task::carried(record.crm.dialect().nouns.label))
        } else {
            let field = |path: &FieldPath| {
                messages::task::field(path.object, &excerpt::name(&record.label(path), LABEL))
            };
            let fields: Vec<String> = question.fields.iter().map(field).collect();
            messages::value::list(&fields.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let subject = subject(packet, question);
        let subject = if place.is_empty() { subject } else { messages::task::place(&subject, &place) };
        messages::task::question(&subject, &excerpt::line(&question.text, QUESTION))
    };
    lines::capped(questions.iter().map(line).collect(), layout.questions)
}

fn facts(packet: &Packet, headline: &Headline) -> [TaskBlock; 2] {
    use messages::task::{fact, fact_closed, fact_closes, fact_deal, fact_owner, fact_seller, fact_value};
    let deal = &packet.deal;
    let is_named = deal.name != messages::value::deal_without_name(&deal.id);
    let name = if is_named { &deal.name } else { &deal.id };
    let name = Some(excerpt::line(name, QUESTION)).filter(|name| !name.is_empty());
    let seller = headline.seller.as_deref();
    let left = seller.filter(|_| headline.seller_left).map(messages::task::left);
    let owner = headline.owner.as_deref();
    let stand_in = owner.filter(|_| packet.owner.fallback).map(messages::task::stand_in);
    let lies_ahead = deal.close_date.is_some_and(|day| day > packet.today());
    let closed = deal.close_date.map(messages::value::date);
    let mut facts = vec![
        fact(fact_deal, name.as_deref()),
        fact(fact_value, headline.value.as_deref()),
        fact(if lies_ahead { fact_closes } else { fact_closed }, closed.as_deref()),
        fact(fact_owner, stand_in.as_deref().or(owner)),
        fact(fact_seller, left.as_deref().or(seller)),
    ];
    if !packet.important.unreadable.is_empty() {
        let unreadable = excerpt::line(&packet.important.unreadable.join("; "), QUESTION);
        facts.push(messages::packet::perhaps_important(&unreadable));
    }
    [TaskBlock::Heading(messages::task::deal().to_owned()), TaskBlock::Paragraph(facts.join("\n"))]
}

fn links(packet: &Packet) -> Vec<TaskBlock> {
    if packet.links.is_empty() {
        return Vec::new();
    }
    let links = packet.links.iter().map(|link| (link.name.clone(), link.url.clone())).collect();
    vec![TaskBlock::Heading(messages::packet::links().to_owned()), TaskBlock::Links(links)]
}

fn sections(packet: &Packet, headline: &Headline, layout: &Layout) -> Vec<TaskBlock> {
    let mut blocks = Vec::new();
    for name in lines::read(packet) {
        let line = match name {
            SectionName::Stakeholders => Some(lines::everybody(packet)),
            _ => lines::section(packet, &headline.questions, name),
        };
        let Some(line) = line else { continue };
        let fit = |Fact { text, note, .. }: &Fact| {
            lines::with_note(text, note.as_deref(), layout.entry, excerpt::lines)
        };
        let mut lines = lines::capped(line.facts.iter().map(fit).collect(), layout.entries);
        lines.extend(line.open.as_deref().map(messages::value::capitalised));
        let asked_again = line.asked_again.then(|| messages::packet::asked_again().to_owned());
        blocks.push(TaskBlock::Heading(with_due_note(packet.title(name).into_owned(), asked_again)));
        blocks.push(match lines.as_slice() {
            [only] => TaskBlock::Paragraph(only.clone()),
            _ => TaskBlock::List(lines),
        });
    }
    blocks
}

fn review(packet: &Packet, headline: &Headline) -> Vec<TaskBlock> {
    if !packet.review.due {
        return Vec::new();
    }
    let reasons = excerpt::line(&packet.important.in_words(), QUESTION);
    let why = Some(messages::review::important(&reasons)).filter(|_| !reasons.is_empty());
    // The two who talk: who hands over, and who takes over.
    let people: Vec<&str> = headline.owner.as_deref().into_iter().chain(headline.asked()).collect();
    let proposal = messages::review::proposed(packet.review.day, &people);
    let opening = why.into_iter().chain([proposal]).collect::<Vec<_>>().join(" ");
    let mut blocks =
        vec![TaskBlock::Heading(messages::review::title().to_owned()), TaskBlock::Paragraph(opening)];
    blocks.extend(packet.review.agenda.iter().take(4).map(|point| {
        let (question, answer) =
            (excerpt::line(&point.point, QUESTION), excerpt::line(&point.answer, ANSWER));
        TaskBlock::Paragraph(format!("{question}\n{answer}"))
    }));
    blocks
}

#[cfg(test)]
mod tests {
    use handoff_core::packet::TaskTexts;
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::example::{self, Deal};

    fn task(deal: &Deal) -> TaskDraft {
        draft(&deal.packet, &deal.record, &example::order())
    }

    fn shown(task: &TaskDraft) -> String {
        let blocks = task.body.iter().map(|block| match block {
            TaskBlock::Heading(text) => format!("== {text}"),
            TaskBlock::Paragraph(text) => text.clone(),
            TaskBlock::List(items) => {
                items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
            }
            TaskBlock::Links(links) => format!("{links:?}"),
        });
        format!("{}\n\n{}", task.subject, blocks.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_complete_packet_makes_a_calm_task() {
        insta::assert_snapshot!(shown(&task(&example::complete_and_important())), @"
        Handoff ready: Acme GmbH

        Dana Ito takes over from Anna Berg. Every question is answered; the packet is below.
        == The deal
        Deal: Acme GmbH – Forecasting, 40 seats
        Value: 54,000 EUR
        Closed: 20 Nov 2026
        Takes over: Dana Ito
        Seller: Anna Berg
        == Why now
        Forecast visibility is poor; the board wants one number by March.
        == Outcome
        Forecast error below 10 % by the end of Q1.
        == First value
        VP Sales uses the dashboard in the weekly call within 21 days (by 11 Dec)
        == People
        - Sponsor: Sarah Lind, RevOps lead (sarah@acme.example)
        - Operator, evaluator: Tom Roy, VP Sales (tom@acme.example)
        - Executive backer: Ida Falk, CRO (ida@acme.example)
        == Promised
        - Field mapping done by us
        - First report template
        == Risk
        Field quality: stages are used differently by each region.
        == Later
        Service team, 25 seats, after the summer.
        == 15-minute review
        This account is important (amount 54000 ≥ 50000). Take 15 minutes together before the kickoff and settle these four points:
        What mattered most in the sale?
        Forecast visibility is poor.
        Where did the buyer feel risk?
        Field quality.
        What must happen first?
        VP Sales uses the dashboard in the weekly call.
        What would feel like a win by day 30?
        Ask Anna Berg: Which result do they want first?
        ");
    }

    #[test]
    fn a_half_empty_packet_asks_before_it_tells() {
        insta::assert_snapshot!(shown(&task(&example::half_empty())), @"
        Handoff: 4 open questions about Müller & Söhne

        The deal is won. Please answer each question in the place it names; a sentence is enough.
        == For the seller, Anna Berg
        1. Outcome: What result do they want first, and how will they measure it?
        2. People (association label of each contact): Who are the sponsor and operator at Müller & Söhne?
        3. First value: Who does what by when in the first 30 days?
        == For RevOps, once in the mapping
        - Promised: Which field holds what sales promised?
        == The deal
        Deal: Müller & Söhne
        Value: 8,200.50 EUR
        Closed: 19 Nov 2026
        Takes over: revops@seller.example (stand-in)
        Seller: Anna Berg
        == Why now
        They need reporting.
        == Outcome
        not answered yet
        == First value
        not answered yet
        == People
        - Role not known yet: Sarah (sarah@mueller.example)
        - Sponsor and operator not known yet
        == Promised
        not answered yet
        == Risk
        None
        ");
    }

    #[test]
    fn hostile_text_stays_text() {
        insta::assert_snapshot!(shown(&task(&example::hostile())), @r#"
        Handoff: 2 open questions about <!channel> *ACME* & `Co`

        The deal is won. Please answer each question in the place it names; a sentence is enough.
        == For the seller, <@U000EVIL> _Anna_
        1. Why now: Does "<!channel>" mean @here & *now*?
        2. Promised and risk: What did sales commit to, said or implied? What could slow them down?
        == The deal
        Deal: <https://evil.example|Open deal> {{deal.name}} %s $(id)
        Value: 54,000 EUR
        Closed: not known yet
        Takes over: *Dana* @channel
        Seller: <@U000EVIL> _Anna_
        == Why now (asked again)
        ```
        <!everyone> <script>alert(1)</script> &amp; *bold*
        > quote
        == Outcome
        not answered yet
        == First value
        not answered yet
        == People
        Sponsor: <@U000EVIL>, `CEO` (evil|x@example.com)
        == Promised
        not answered yet
        == Risk
        not answered yet
        "#);
    }

    #[test]
    fn a_packet_without_anything_asks_revops() {
        insta::assert_snapshot!(shown(&task(&example::everything_missing())), @"
        Handoff: 6 open questions about Unnamed deal

        The deal is won. There is nothing for the seller to add; RevOps can close the gaps below.
        == For RevOps, once in the mapping
        - Why now: Which field answers buying_reason?
        - Outcome: Which field answers success_outcome?
        - People (association label of each contact): Which field answers stakeholders?
        - Promised: Which field answers promises?
        - Risk: Which field answers risks?
        - First value: Which field answers first_value?
        == The deal
        Deal: not known yet
        Value: not known yet
        Closed: not known yet
        Takes over: not known yet
        Seller: not known yet
        == Why now
        not answered yet
        == Outcome
        not answered yet
        == First value
        not answered yet
        == People
        not known yet
        == Promised
        not answered yet
        == Risk
        not answered yet
        ");
    }

    #[test]
    fn a_huge_packet_fits_and_says_what_it_leaves_out() {
        let task = task(&example::huge());
        assert!(excerpt::units(&task.subject) <= SUBJECT);
        assert!(length(&task.body) <= BODY, "{}", length(&task.body));
        let shown = shown(&task);
        assert!(shown.contains("+18 more"), "questions beyond the tenth");
        assert!(shown.contains("- +56 more"), "entries beyond the fourth");
    }

    /// The order of a task to which the mapping adds this.
    fn adding(subject: &str, note: &str) -> TaskParams {
        let texts = TaskTexts {
            subject: Some(Template::parse(subject).unwrap()),
            note: Some(Template::parse(note).unwrap()),
        };
        TaskParams { texts, ..example::order() }
    }

    #[test]
    fn what_a_mapping_adds_stands_behind_the_subject_and_below_the_opening() {
        let order = adding(
            "{value}, {close_date}",
            "Welcome call with {account} ({deal}).\n{open} open, {seller} to {owner}.",
        );
        let deal = example::half_empty();
        let task = draft(&deal.packet, &deal.record, &order);
        assert_eq!(
            task.subject, "Handoff: 4 open questions about Müller & Söhne · 8,200.50 EUR, 19 Nov 2026",
            "what is open comes first"
        );
        let note =
            "Welcome call with Müller & Söhne (Müller & Söhne).\n4 open, Anna Berg to revops@seller.example.";
        assert_eq!(task.body[1], TaskBlock::Paragraph(note.to_owned()));

        let mut lost = deal.packet.clone();
        lost.no_longer_won = true;
        let task = draft(&lost, &deal.record, &order);
        assert!(task.subject.starts_with("Deal is no longer won: "), "{}", task.subject);
        assert!(!shown(&task).contains("Welcome call"), "there is nothing to do any more");
    }

    #[test]
    fn text_of_the_crm_in_a_placeholder_stays_one_line_of_text() {
        let deal = example::hostile();
        let order = adding("{deal}\u{202e}", "{deal}");
        let task = draft(&deal.packet, &deal.record, &order);
        assert!(
            task.subject.ends_with(" · <https://evil.example|Open deal> {{deal.name}} %s $(id)"),
            "{}",
            task.subject
        );
        let long = example::huge();
        let task =
            draft(&long.packet, &long.record, &adding(&"{account} ".repeat(11), &"{deal} ".repeat(70)));
        assert!(task.subject.starts_with("Handoff: ") && excerpt::units(&task.subject) <= SUBJECT);
        assert!(length(&task.body) <= BODY, "{}", length(&task.body));
        let nothing = example::everything_missing();
        let task =
            draft(&nothing.packet, &nothing.record, &adding("{owner}, {value}, {close_date}", "{seller}"));
        assert!(task.subject.ends_with(" · not known yet, not known yet, not known yet"), "{}", task.subject);
    }

    #[test]
    fn links_stand_below_the_deal() {
        let task = task(&Deal::won("Acme").links_to("Order form", "https://forms.example/7"));
        let at = task.body.iter().position(|block| *block == TaskBlock::Heading("Links".to_owned())).unwrap();
        let link = ("Order form".to_owned(), "https://forms.example/7".to_owned());
        assert_eq!(task.body[at + 1], TaskBlock::Links(vec![link]));
        assert!(task.body[..at].contains(&TaskBlock::Heading("The deal".to_owned())));
    }

    #[test]
    fn the_task_hangs_on_deal_company_and_contacts() {
        let task = task(&example::complete_and_important());
        assert_eq!(task.deal, "301000000417");
        assert_eq!(task.company.as_deref(), Some("9001"));
        assert_eq!(task.contacts, ["500", "501", "502"]);
        assert_eq!(task.assignee.as_deref(), Some("70000001"));
        assert_eq!(task.due, example::order().due);
        assert_eq!(task.marker, "[handoff:3f9c1a2b4c5d]");
        assert!(task.urgent);
    }

    #[test]
    fn a_doubt_for_the_preview_is_not_asked() {
        let task = task(&Deal::won("Acme").doubts("vague", SectionName::Risks, "Really?"));
        assert_eq!(task.subject, "Handoff ready: Acme");
        assert!(!shown(&task).contains("Really?"));
    }

    #[test]
    fn a_seller_who_left_is_named_as_gone() {
        let shown = shown(&task(&example::half_empty().left()));
        assert!(shown.contains("Seller: Anna Berg (left)"), "{shown}");
        assert!(shown.contains("== For whoever knows: the seller, Anna Berg, has left"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_packet_makes_a_task_that_fits(deal in example::any_deal()) {
            let task = draft(&deal.packet, &deal.record, &adding("{deal}", &"{deal} ".repeat(70)));
            prop_assert!(!task.subject.contains('\n'));
            prop_assert!(excerpt::units(&task.subject) <= SUBJECT);
            prop_assert!(length(&task.body) <= BODY);
            for block in &task.body {
                let empty = match block {
                    TaskBlock::Heading(text) | TaskBlock::Paragraph(text) => text.is_empty(),
                    TaskBlock::List(items) => items.len() < 2 || items.iter().any(String::is_empty),
                    TaskBlock::Links(links) => links.is_empty(),
                };
                prop_assert!(!empty || matches!(block, TaskBlock::List(items) if items.len() == 1), "{block:?}");
            }
        }
    }
}
