//! Gaps that one question covers. The packet keeps each of them; task and digest ask once.

use crate::messages;
use crate::packet::{Role, SectionName};
use crate::record::DealRecord;

use super::{Gap, roles};

/// One question, and the sections it is about, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The section, or two of them.
    pub sections: Vec<SectionName>,
    /// What is asked.
    pub text: String,
}

/// The questions that `gaps` come to: missing roles are asked for at once, promises and risks together
/// when neither has an answer, what the customer does together with the day, and nothing twice.
pub fn questions(gaps: &[&Gap], record: &DealRecord) -> Vec<Question> {
    let roles: Vec<Role> = gaps.iter().filter_map(|gap| missing_role(gap)).collect();
    let promises_and_risks = promises_and_risks(gaps);
    let is_activity = gaps.iter().any(|gap| gap.id == "activity");
    let lacks_day = gaps.iter().any(|gap| lacks_day(gap));
    let mut questions: Vec<Question> = Vec::new();
    for gap in gaps {
        let alone = || Question { sections: vec![gap.section], text: gap.question.clone() };
        let question = if roles.len() > 1 && missing_role(gap).is_some() {
            Question { text: who_are(gaps, &roles, record), ..alone() }
        } else if is_activity && lacks_day && (gap.id == "activity" || self::lacks_day(gap)) {
            Question { text: messages::question::activity_by_when().to_owned(), ..alone() }
        } else if let Some(text) = promises_and_risks.as_ref().filter(|_| is_promise_or_risk(gap)) {
            Question { sections: vec![SectionName::Promises, SectionName::Risks], text: text.clone() }
        } else {
            alone()
        };
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

fn missing_role(gap: &Gap) -> Option<Role> {
    let role = gap.id.strip_prefix(roles::MISSING.id)?.strip_prefix(':')?;
    Role::ALL.into_iter().find(|one| one.as_str() == role)
}

/// The mapping's own question where all role gaps ask it, else one that names the roles.
fn who_are(gaps: &[&Gap], roles: &[Role], record: &DealRecord) -> String {
    let mut asked = gaps.iter().filter(|gap| missing_role(gap).is_some()).map(|gap| &gap.question);
    match asked.next() {
        Some(first) if asked.all(|other| other == first) => first.clone(),
        _ => messages::question::who_are(roles, &roles::place(record)),
    }
}

fn lacks_day(gap: &Gap) -> bool {
    matches!(gap.id.as_str(), "no_date" | "bad_date" | "stale_date")
}

fn promises_and_risks(gaps: &[&Gap]) -> Option<String> {
    let open = |section| gaps.iter().find(|gap| gap.section == section && is_promise_or_risk(gap));
    let (promises, risks) = (open(SectionName::Promises)?, open(SectionName::Risks)?);
    let built_in = |gap: &Gap| gap.question == messages::question::section(gap.section);
    Some(if built_in(promises) && built_in(risks) {
        messages::question::promises_and_risks().to_owned()
    } else {
        format!("{} {}", promises.question, risks.question)
    })
}

/// There is no answer at all to one of the two, so what is asked is the section's own question.
fn is_promise_or_risk(gap: &Gap) -> bool {
    matches!(gap.section, SectionName::Promises | SectionName::Risks)
        && matches!(gap.id.as_str(), "empty" | "placeholder")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::Addressee;
    use crate::gaps::deal_on_paper::DealOnPaper;

    fn asked(deal: &DealOnPaper) -> Vec<String> {
        let gaps = deal.gaps();
        let for_seller = |gap: &&Gap| gap.counts() && gap.addressee == Addressee::Seller;
        let open: Vec<&Gap> = gaps.iter().filter(for_seller).collect();
        questions(&open, deal.record()).into_iter().map(|question| question.text).collect()
    }

    #[test]
    fn missing_roles_are_asked_for_at_once() {
        let nobody = DealOnPaper::new();
        assert_eq!(asked(&nobody)[0], "Who are the sponsor, operator, evaluator and likely blocker at Acme?");
        let three = nobody.person("Sarah Lind", "", &[Role::Sponsor, Role::Operator, Role::Evaluator]);
        assert_eq!(asked(&three)[0], "Who is the likely blocker at Acme?");
    }

    #[test]
    fn the_mappings_own_question_for_people_is_asked_once() {
        let deal = DealOnPaper::new().asks(SectionName::Stakeholders, "Who pays, who works with it?");
        assert_eq!(asked(&deal)[0], "Who pays, who works with it?");
    }

    #[test]
    fn promises_and_risks_are_one_question_when_both_are_open() {
        let both = DealOnPaper::complete().maps(SectionName::Expansion);
        assert!(asked(&both).is_empty());
        let open = DealOnPaper::new().maps(SectionName::Promises).writes(SectionName::Risks, "TBD");
        assert!(asked(&open).contains(&messages::question::promises_and_risks().to_owned()));
        let own = open.asks(SectionName::Promises, "What did we promise?");
        assert!(asked(&own).iter().any(|text| text.starts_with("What did we promise? What could slow")));
        let one = DealOnPaper::new().maps(SectionName::Promises).writes(SectionName::Risks, "SSO is late");
        assert!(asked(&one).contains(&messages::question::promises().to_owned()));
    }

    #[test]
    fn what_the_customer_does_is_asked_together_with_the_day() {
        let deal = DealOnPaper::new().writes(SectionName::FirstValue, "Kickoff call");
        let first_value: Vec<String> = asked(&deal).split_off(1);
        assert_eq!(first_value, [messages::question::activity_by_when()]);
    }

    #[test]
    fn one_mailbox_in_two_roles_is_asked_about_once() {
        let roles = [Role::Sponsor, Role::Operator, Role::Evaluator, Role::Blocker];
        let deal = DealOnPaper::new().person("IT Department", "it@acme.test", &roles);
        assert_eq!(asked(&deal), ["Which person at Acme is behind \"IT Department\"?"]);
    }
}
