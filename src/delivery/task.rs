//! The task on the deal: every open question, then the whole packet.

use crate::crm::{TaskBlock, TaskDraft};
use crate::delivery::headline::{Headline, subject, title};
use crate::delivery::{excerpt, lines};
use handoff_core::messages;
use handoff_core::packet::{Packet, Question, Questions, Section, SectionName, TaskParams};
use handoff_core::record::DealRecord;

/// Longest subject, in UTF-16 units. Salesforce allows 255.
pub const SUBJECT: usize = 200;

/// Longest body over all blocks, in UTF-16 units: Salesforce takes 32,000 plain, HubSpot 65,536 as HTML,
/// where escaping can make one character five.
pub const BODY: usize = 12_500;

/// Longest question or agenda line.
const QUESTION: usize = 200;

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
    let headline = Headline::of(packet, record, params.questions.as_ref());
    let subject = match headline.open() {
        0 => messages::task::subject_ready(&headline.account),
        open => messages::task::subject_with_questions(open, &headline.account),
    };
    TaskDraft {
        subject: excerpt::cut(&subject, SUBJECT),
        body: body(packet, &headline),
        marker: marker(&packet.packet_id),
        assignee: params.assignee.clone(),
        due: params.due,
        deal: packet.deal.id.clone(),
        contacts: ids(record.contacts.iter().map(|contact| &contact.object.id)),
        company: ids(record.company.iter().map(|company| &company.id)).pop(),
        urgent: packet.important.is,
    }
}

fn ids<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<String> {
    ids.filter(|id| !id.is_empty()).cloned().collect()
}

fn body(packet: &Packet, headline: &Headline) -> Vec<TaskBlock> {
    let mut body = Vec::new();
    for layout in &LAYOUTS {
        body = questions(headline, layout);
        body.extend(facts(packet, headline));
        body.extend(sections(packet, layout));
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
        })
        .sum()
}

fn questions(headline: &Headline, layout: &Layout) -> Vec<TaskBlock> {
    let Headline { filled, questions: Questions { for_seller, for_revops }, .. } = headline;
    let won = messages::task::won_with(*filled, &headline.state());
    let opening = match (for_seller.is_empty(), for_revops.is_empty()) {
        (true, true) => messages::task::all_there().to_owned(),
        (true, false) => messages::task::revops_asked(&won),
        (false, _) => messages::task::seller_asked(&won),
    };
    let mut blocks = vec![TaskBlock::Paragraph(opening)];
    if !for_seller.is_empty() {
        blocks.push(TaskBlock::Heading(headline.to_seller()));
        // Numbered by hand: the seller can answer "2: in March", whatever the CRM makes of a list.
        let numbered = asked(for_seller, layout.questions)
            .into_iter()
            .enumerate()
            .map(|(n, ask)| format!("{}. {ask}", n + 1));
        blocks.push(TaskBlock::Paragraph(numbered.collect::<Vec<_>>().join("\n")));
    }
    if !for_revops.is_empty() {
        blocks.push(TaskBlock::Heading(messages::task::for_revops().to_owned()));
        blocks.push(TaskBlock::List(asked(for_revops, layout.questions)));
    }
    blocks
}

fn asked(questions: &[Question], max: usize) -> Vec<String> {
    let line = |question: &Question| {
        messages::task::question(&subject(question), &excerpt::line(&question.text, QUESTION))
    };
    lines::capped(questions.iter().map(line).collect(), max)
}

fn facts(packet: &Packet, headline: &Headline) -> [TaskBlock; 2] {
    let deal = &packet.deal;
    let is_named = deal.name != messages::value::deal_without_name(&deal.id);
    let name = if is_named { &deal.name } else { &deal.id };
    let name = Some(excerpt::line(name, QUESTION)).filter(|name| !name.is_empty());
    let seller = headline.seller.as_deref();
    let left = seller.filter(|_| headline.seller_left).map(messages::headline::left);
    let mut facts = messages::task::facts(
        name.as_deref(),
        headline.value.as_deref(),
        deal.close_date.map(messages::value::date).as_deref(),
        headline.owner.as_deref(),
        left.as_deref().or(seller),
    );
    if !packet.important.unreadable.is_empty() {
        let unreadable = excerpt::line(&packet.important.unreadable.join("; "), QUESTION);
        facts = format!("{facts}\n{}", messages::packet::perhaps_important(&unreadable));
    }
    [TaskBlock::Heading(messages::task::deal().to_owned()), TaskBlock::Paragraph(facts)]
}

fn sections(packet: &Packet, layout: &Layout) -> Vec<TaskBlock> {
    let mut blocks = Vec::new();
    for name in SectionName::ALL {
        let section = packet.sections.get(&name);
        let lines = section.map(|section| content(section, layout)).unwrap_or_default();
        if lines.is_empty() && !SectionName::REQUIRED.contains(&name) {
            continue;
        }
        blocks.push(TaskBlock::Heading(title(name, section)));
        blocks.push(match lines.as_slice() {
            [] => TaskBlock::Paragraph(messages::packet::not_in_crm().to_owned()),
            [only] => TaskBlock::Paragraph(only.clone()),
            _ => TaskBlock::List(lines),
        });
    }
    blocks
}

fn content(section: &Section, layout: &Layout) -> Vec<String> {
    let people = lines::people_with_addresses(&section.people);
    let entries = lines::entries(&section.entries, |text| excerpt::lines(text, layout.entry));
    let mut lines = lines::capped(people, layout.entries);
    lines.extend(lines::capped(entries, layout.entries));
    lines
}

fn review(packet: &Packet, headline: &Headline) -> Vec<TaskBlock> {
    if !packet.review.due {
        return Vec::new();
    }
    let reasons = excerpt::line(&packet.important.in_words(), QUESTION);
    let why = Some(messages::review::important(&reasons)).filter(|_| !reasons.is_empty());
    let proposal = messages::review::proposed(packet.review.day, &headline.people());
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
        });
        format!("{}\n\n{}", task.subject, blocks.collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_complete_packet_makes_a_calm_task() {
        insta::assert_snapshot!(shown(&task(&example::complete_and_important())), @"
        Handoff ready: Acme GmbH

        The deal is won and all six sections are filled. There is nothing to add; the packet is below.
        == The deal
        Deal: Acme GmbH – Forecasting, 40 seats
        Value: 54,000 EUR
        Closed: 20 Nov 2026
        Handoff owner: Dana Ito
        Seller: Anna Berg
        == Buying reason
        Forecast visibility is poor; the board wants one number by March.
        == Success outcome
        Forecast error below 10 % by the end of Q1.
        == Stakeholders
        - Sarah Lind, RevOps lead (sarah@acme.example): sponsor
        - Tom Roy, VP Sales (tom@acme.example): operator, evaluator
        - Ida Falk, CRO (ida@acme.example): executive backer
        == Promises
        - Field mapping done by us
        - First report template
        == Risks
        Field quality: stages are used differently by each region.
        == First value
        VP Sales uses the dashboard in the weekly call within 21 days (by 11 Dec 2026)
        == Expansion
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

        The deal is won, and 2 of 6 sections are filled; missing: success outcome, promises, first value; weak: stakeholders. Please answer on the deal itself; a sentence each is enough.
        == For the seller, Anna Berg
        1. Success outcome: What result do they want first, and how will they measure it?
        2. Stakeholders: Who are the sponsor and operator at Müller & Söhne?
        3. First value: Who does what by when in the first 30 days?
        == For RevOps, once in the mapping
        - Promises: Which field holds what sales promised?
        == The deal
        Deal: Müller & Söhne
        Value: 8,200.50 EUR
        Closed: 19 Nov 2026
        Handoff owner: revops@seller.example (stand-in)
        Seller: Anna Berg
        == Buying reason
        They need reporting.
        == Success outcome
        Not in the CRM
        == Stakeholders (weak)
        Sarah (sarah@mueller.example): role unknown
        == Promises
        Not in the CRM
        == Risks
        None
        == First value
        Not in the CRM
        ");
    }

    #[test]
    fn hostile_text_stays_text() {
        insta::assert_snapshot!(shown(&task(&example::hostile())), @r#"
        Handoff: 2 open questions about <!channel> *ACME* & `Co`

        The deal is won, and 1 of 6 sections is filled; missing: success outcome, promises, risks, first value; weak: buying reason. Please answer on the deal itself; a sentence each is enough.
        == For the seller, <@U000EVIL> _Anna_
        1. Buying reason: Does "<!channel>" mean @here & *now*?
        2. Promises and risks: What did sales commit to, said or implied? What could slow them down?
        == The deal
        Deal: <https://evil.example|Open deal> {{deal.name}} %s $(id)
        Value: 54,000 EUR
        Closed: Not in the CRM
        Handoff owner: *Dana* @channel
        Seller: <@U000EVIL> _Anna_
        == Buying reason (weak)
        ```
        <!everyone> <script>alert(1)</script> &amp; *bold*
        > quote
        == Success outcome
        Not in the CRM
        == Stakeholders
        <@U000EVIL>, `CEO` (evil|x@example.com): sponsor
        == Promises
        Not in the CRM
        == Risks
        Not in the CRM
        == First value
        Not in the CRM
        "#);
    }

    #[test]
    fn a_packet_without_anything_asks_revops() {
        insta::assert_snapshot!(shown(&task(&example::everything_missing())), @"
        Handoff: 6 open questions about Unnamed deal

        The deal is won, and none of the 6 sections is filled; missing: all six sections. There is nothing for the seller to add; RevOps can close the gaps below.
        == For RevOps, once in the mapping
        - Buying reason: Which field answers buying_reason?
        - Success outcome: Which field answers success_outcome?
        - Stakeholders: Which field answers stakeholders?
        - Promises: Which field answers promises?
        - Risks: Which field answers risks?
        - First value: Which field answers first_value?
        == The deal
        Deal: Not in the CRM
        Value: Not in the CRM
        Closed: Not in the CRM
        Handoff owner: Not in the CRM
        Seller: Not in the CRM
        == Buying reason
        Not in the CRM
        == Success outcome
        Not in the CRM
        == Stakeholders
        Not in the CRM
        == Promises
        Not in the CRM
        == Risks
        Not in the CRM
        == First value
        Not in the CRM
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
        let mut deal = example::half_empty();
        if let Some(seller) = &mut deal.record.owner {
            seller.0.properties.insert("archived".to_owned(), Some("true".to_owned()));
        }
        let shown = shown(&task(&deal));
        assert!(shown.contains("Seller: Anna Berg (left)"), "{shown}");
        assert!(shown.contains("== For whoever knows: the seller, Anna Berg, has left"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_packet_makes_a_task_that_fits(deal in example::any_deal()) {
            let task = task(&deal);
            prop_assert!(!task.subject.contains('\n'));
            prop_assert!(excerpt::units(&task.subject) <= SUBJECT);
            prop_assert!(length(&task.body) <= BODY);
            for block in &task.body {
                let empty = match block {
                    TaskBlock::Heading(text) | TaskBlock::Paragraph(text) => text.is_empty(),
                    TaskBlock::List(items) => items.len() < 2 || items.iter().any(String::is_empty),
                };
                prop_assert!(!empty || matches!(block, TaskBlock::List(items) if items.len() == 1), "{block:?}");
            }
        }
    }
}
