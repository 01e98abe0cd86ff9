//! Which questions a digest asks: three at most, so that they are answered. The task has all of them.

use crate::delivery::headline::Headline;
use handoff_core::messages;
use handoff_core::packet::Question;

const QUESTIONS: usize = 3;

/// The chosen ones: the seller's first, and one of every section before a second of any.
pub struct Questions<'a> {
    /// Addressee, in words, and what to ask them; nobody stands here without a question.
    pub groups: Vec<(String, Vec<&'a Question>)>,
    /// How many are left for the task.
    pub left: usize,
}

impl<'a> Questions<'a> {
    /// Chooses among all that are open.
    pub fn of(headline: &'a Headline) -> Self {
        let for_seller = broadest(&headline.questions.for_seller, QUESTIONS);
        let for_revops = broadest(&headline.questions.for_revops, QUESTIONS.saturating_sub(for_seller.len()));
        let left = headline.open().saturating_sub(for_seller.len() + for_revops.len());
        let groups =
            [(headline.to_seller(), for_seller), (messages::task::for_revops().to_owned(), for_revops)];
        Self { groups: groups.into_iter().filter(|(_, questions)| !questions.is_empty()).collect(), left }
    }
}

fn broadest(questions: &[Question], max: usize) -> Vec<&Question> {
    let earlier = |at: usize, question: &Question| {
        questions.iter().take(at).filter(|other| other.sections == question.sections).count()
    };
    let mut ranked: Vec<(usize, &Question)> =
        questions.iter().enumerate().map(|(at, question)| (earlier(at, question), question)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(max);
    ranked.sort_by(|(_, one), (_, other)| one.sections.cmp(&other.sections));
    ranked.into_iter().map(|(_, question)| question).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::example::Deal;
    use handoff_core::packet::SectionName::{FirstValue, Promises, Stakeholders};

    fn asked(deal: &Deal) -> Vec<(String, Vec<String>)> {
        let headline = Headline::of(&deal.packet, &deal.record, None);
        let groups = Questions::of(&headline).groups;
        let texts =
            |questions: Vec<&Question>| questions.iter().map(|question| question.text.clone()).collect();
        groups.into_iter().map(|(who, questions)| (who, texts(questions))).collect()
    }

    #[test]
    fn every_section_is_asked_about_before_one_is_asked_twice() {
        let deal = Deal::won("Acme")
            .asks_seller("unnamed:sponsor", Stakeholders, "Who is behind info@?")
            .asks_seller("unnamed:operator", Stakeholders, "Who is behind ops@?")
            .asks_seller("empty", Promises, "What?")
            .asks_seller("no_date", FirstValue, "When?");
        let expected = ["Who is behind info@?", "What?", "When?"].map(ToOwned::to_owned).to_vec();
        assert_eq!(asked(&deal), [("For the seller".to_owned(), expected)]);
    }

    #[test]
    fn revops_is_asked_when_the_seller_leaves_room() {
        let deal = Deal::won("Acme")
            .asks_revops("unmapped", Promises, "Which field?")
            .asks_seller("no_date", FirstValue, "When?");
        assert_eq!(
            asked(&deal),
            [
                ("For the seller".to_owned(), vec!["When?".to_owned()]),
                ("For RevOps, once in the mapping".to_owned(), vec!["Which field?".to_owned()])
            ]
        );
    }
}
