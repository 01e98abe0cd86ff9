//! Which questions a digest asks: three at most, so that they are answered. The task has all of them.

use crate::delivery::headline::Headline;
use crate::delivery::words;
use crate::gaps::Gap;

/// Most questions.
const QUESTIONS: usize = 3;

/// The chosen ones: the seller's first, and one of every section before a second of any.
pub struct Questions<'a> {
    /// Addressee, in words, and what to ask them; nobody stands here without a question.
    pub groups: Vec<(String, Vec<&'a Gap>)>,
    /// How many are left for the task.
    pub left: usize,
}

impl<'a> Questions<'a> {
    /// Chooses among the gaps that count.
    pub fn of(headline: &Headline<'a>) -> Self {
        let for_seller = broadest(&headline.for_seller, QUESTIONS);
        let for_revops = broadest(&headline.for_revops, QUESTIONS.saturating_sub(for_seller.len()));
        let left = headline.open().saturating_sub(for_seller.len() + for_revops.len());
        let groups = [
            (words::for_seller(headline.seller.as_deref()), for_seller),
            (words::FOR_REVOPS.to_owned(), for_revops),
        ];
        Self { groups: groups.into_iter().filter(|(_, gaps)| !gaps.is_empty()).collect(), left }
    }
}

fn broadest<'a>(gaps: &[&'a Gap], max: usize) -> Vec<&'a Gap> {
    let earlier =
        |at: usize, gap: &Gap| gaps.iter().take(at).filter(|other| other.section == gap.section).count();
    let mut ranked: Vec<(usize, &Gap)> =
        gaps.iter().enumerate().map(|(at, gap)| (earlier(at, gap), *gap)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(max);
    ranked.sort_by_key(|(_, gap)| gap.section);
    ranked.into_iter().map(|(_, gap)| gap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::example::Deal;
    use crate::packet::SectionName::{FirstValue, Promises, Stakeholders};

    fn asked(deal: &Deal) -> Vec<(String, Vec<&str>)> {
        let headline = Headline::of(&deal.packet, &deal.record);
        let groups = Questions::of(&headline).groups;
        groups
            .into_iter()
            .map(|(who, gaps)| (who, gaps.iter().map(|gap| gap.id.as_str()).collect()))
            .collect()
    }

    #[test]
    fn every_section_is_asked_about_before_one_is_asked_twice() {
        let deal = Deal::won("Acme")
            .asks_seller("role_missing:sponsor", Stakeholders, "Who?")
            .asks_seller("role_missing:operator", Stakeholders, "Who?")
            .asks_seller("empty", Promises, "What?")
            .asks_seller("no_date", FirstValue, "When?");
        assert_eq!(
            asked(&deal),
            [("For the seller".to_owned(), vec!["role_missing:sponsor", "empty", "no_date"])]
        );
    }

    #[test]
    fn revops_is_asked_when_the_seller_leaves_room() {
        let deal = Deal::won("Acme")
            .asks_revops("unmapped", Promises, "Which field?")
            .asks_seller("no_date", FirstValue, "When?");
        assert_eq!(
            asked(&deal),
            [
                ("For the seller".to_owned(), vec!["no_date"]),
                (words::FOR_REVOPS.to_owned(), vec!["unmapped"])
            ]
        );
    }
}
