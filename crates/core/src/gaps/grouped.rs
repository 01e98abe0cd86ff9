//! Gaps that one question covers. The packet keeps each of them; task and digest ask once.

use crate::messages;
use crate::packet::{Addressee, Ask, Fact, Gap, Question, Questions, Role, RuleId, SectionName};

/// What the gaps that count come to, by addressee: missing roles are asked for at once, promises and risks together
/// when neither has an answer, what the customer does together with the day, and nothing twice.
pub fn questions(gaps: &[Gap]) -> Questions {
    let (seller, revops): (Vec<&Gap>, Vec<&Gap>) =
        gaps.iter().filter(|gap| gap.counts()).partition(|gap| gap.addressee == Addressee::Seller);
    let stand_in = |gap: &&Gap| match &gap.fact {
        Fact::Placeholder(_, text) => Some((gap.section, text.clone())),
        _ => None,
    };
    let stand_ins = seller.iter().filter_map(stand_in).collect();
    Questions { for_seller: grouped(&seller), for_revops: grouped(&revops), stand_ins }
}

fn grouped(gaps: &[&Gap]) -> Vec<Question> {
    let roles = who_are(gaps);
    let promises_and_risks = promises_and_risks(gaps);
    let is_activity = gaps.iter().any(|gap| gap.rule == RuleId::Activity);
    let lacks_day = gaps.iter().any(|gap| lacks_day(gap));
    let mut questions: Vec<Question> = Vec::new();
    for gap in gaps {
        let (mut sections, mut text) = (vec![gap.section], None);
        if is_missing_role(gap) {
            text.clone_from(&roles);
        } else if is_activity && lacks_day && (gap.rule == RuleId::Activity || self::lacks_day(gap)) {
            text = Some(messages::question::activity_by_when().to_owned());
        } else if promises_and_risks.is_some() && is_promise_or_risk(gap) {
            sections = vec![SectionName::Promises, SectionName::Risks];
            text.clone_from(&promises_and_risks);
        }
        let text = text.unwrap_or_else(|| gap.question().into_owned());
        let field = gap.fact.field().cloned();
        match questions.iter_mut().find(|question| (&question.sections, &question.text) == (&sections, &text))
        {
            None => questions.push(Question { sections, text, fields: field.into_iter().collect() }),
            Some(same) => same.fields.extend(field.filter(|field| !same.fields.contains(field))),
        }
    }
    questions
}

fn is_missing_role(gap: &Gap) -> bool {
    gap.rule == RuleId::RoleMissing
}

/// One question for several missing roles; the mapping's own asks for all of them as it is.
fn who_are(gaps: &[&Gap]) -> Option<String> {
    let missing = gaps.iter().filter(|gap| is_missing_role(gap));
    let roles: Vec<Role> = missing.clone().filter_map(|gap| gap.role).collect();
    match missing.clone().next().map(|gap| &gap.ask) {
        Some(Ask::WhoIs(place)) if roles.len() > 1 => {
            Some(messages::question::who_are(&roles, &messages::gap::place(place)))
        }
        _ => None,
    }
}

fn lacks_day(gap: &Gap) -> bool {
    matches!(gap.rule, RuleId::NoDate | RuleId::BadDate | RuleId::StaleDate)
}

fn promises_and_risks(gaps: &[&Gap]) -> Option<String> {
    let open = |section| gaps.iter().find(|gap| gap.section == section && is_promise_or_risk(gap));
    let (promises, risks) = (open(SectionName::Promises)?, open(SectionName::Risks)?);
    Some(match (&promises.ask, &risks.ask) {
        (Ask::Section, Ask::Section) => messages::question::promises_and_risks().to_owned(),
        _ => format!("{} {}", promises.question(), risks.question()),
    })
}

/// There is no answer at all to one of the two, so what is asked is the section's own question.
fn is_promise_or_risk(gap: &Gap) -> bool {
    matches!(gap.section, SectionName::Promises | SectionName::Risks)
        && matches!(gap.rule, RuleId::Empty | RuleId::Placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::DealOnPaper;

    fn asked(deal: &DealOnPaper) -> Vec<String> {
        questions(&deal.gaps()).for_seller.into_iter().map(|question| question.text).collect()
    }

    #[test]
    fn missing_roles_are_asked_for_at_once() {
        let nobody = DealOnPaper::new();
        assert_eq!(asked(&nobody)[0], "Who are the sponsor, operator, evaluator and likely blocker at Acme?");
        let three = nobody.person("Sarah Lind", "", &[Role::Sponsor, Role::Operator, Role::Evaluator]);
        assert_eq!(asked(&three)[0], "Who is the likely blocker at Acme?");
    }

    #[test]
    fn the_mappings_own_ask_for_people_is_asked_once() {
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
