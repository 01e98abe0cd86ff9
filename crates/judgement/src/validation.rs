//! Cross-validation by deal: every text is judged by a model that saw no text of its deal.

use std::collections::{BTreeMap, BTreeSet};

use handoff_core::judgement::lexer::Tokens;
use handoff_core::judgement::model::Model;
use handoff_core::judgement::rules::{Certain, certain};
use handoff_core::judgement::{Judgement, Label};

use crate::corpus::Line;
use crate::training::{Sample, fit_probability, train};

/// Parts of the corpus, each of which is judged by a model of the others.
const FOLDS: usize = 10;

/// A line, and what the rules and a model that did not see its deal say about it.
pub struct Validated<'a> {
    /// The line.
    pub line: &'a Line,
    /// Its text without HTML.
    pub text: String,
    /// Whether a rule was certain of it.
    pub is_by_rule: bool,
    /// What they say.
    pub judgement: Judgement,
    score: f32,
}

/// Judges every line by a model of the other deals and of the lines `beside`.
///
/// A line of `beside` is left out where more than `alike` percent of its letters stand in the judged part too:
/// its author had seen that part, and a copy would flatter.
pub fn cross_validate<'a>(lines: &'a [Line], beside: &[Line], alike: usize) -> Vec<Validated<'a>> {
    let (samples, beside): (Vec<_>, Vec<_>) =
        (lines.iter().map(Sample::of).collect(), beside.iter().map(Sample::of).collect());
    let beside: Vec<_> = beside.iter().map(|sample| (sample, Letters::of(&sample.text))).collect();
    let groups: BTreeSet<&str> = lines.iter().map(Line::group).collect();
    let fold_of: BTreeMap<&str, usize> = groups.into_iter().zip((0..FOLDS).cycle()).collect();
    let judge_fold = |fold: usize| -> Vec<Validated<'a>> {
        let is_in = |line: &Line| fold_of.get(line.group()) == Some(&fold);
        let (inside, outside): (Vec<_>, Vec<_>) =
            lines.iter().zip(&samples).partition(|(line, _)| is_in(line));
        let letters: Vec<_> = inside.iter().map(|(_, sample)| Letters::of(&sample.text)).collect();
        let is_apart = |own: &Letters| !letters.iter().any(|judged| own.resembles(judged, alike));
        let apart = beside.iter().filter(|(_, letters)| is_apart(letters)).map(|(sample, _)| *sample);
        let model = train(outside.iter().map(|(_, sample)| *sample).chain(apart));
        inside.into_iter().map(|(line, sample)| validated(&model, line, sample)).collect()
    };
    let (judge_fold, mut all) = (&judge_fold, Vec::new());
    std::thread::scope(|scope| {
        let half =
            |odd| move || (0..FOLDS).filter(|fold| fold % 2 == odd).flat_map(judge_fold).collect::<Vec<_>>();
        let other = scope.spawn(half(1));
        all.extend(half(0)());
        all.extend(other.join().unwrap_or_default());
    });
    let (slope, offset) = fit(&all);
    for one in &mut all {
        let model = Model { slope, offset, ..Model::default() };
        if !one.is_by_rule {
            one.judgement.probability_not_ok = model.probability(one.score);
        }
    }
    all
}

/// Slope and offset of the curve from score to probability.
pub(crate) fn fit(validated: &[Validated]) -> (f32, f32) {
    let by_model = validated.iter().filter(|one| !one.is_by_rule);
    fit_probability(&by_model.map(|one| (one.score, one.line.label != Label::Ok)).collect::<Vec<_>>())
}

/// What the product says: the rules first, and then the model.
fn validated<'a>(model: &Model, line: &'a Line, sample: &Sample) -> Validated<'a> {
    let score = model.score(sample.section, &Tokens::of(&sample.text));
    let by_rule = certain(sample.section, &sample.text);
    let certainly = |label, probability_not_ok| Judgement { label, probability_not_ok, words: Vec::new() };
    let judgement = match by_rule {
        Some(Certain::SaysNone) => certainly(Label::Ok, 0.0),
        Some(Certain::StandIn | Certain::Pointer) => certainly(Label::Placeholder, 1.0),
        None => model.judge(sample.section, &sample.text),
    };
    let (text, is_by_rule) = (sample.text.clone(), by_rule.is_some());
    Validated { line, text, is_by_rule, judgement, score }
}

/// The five-letter pieces of a text, hashed and sorted.
struct Letters(BTreeSet<u32>);

impl Letters {
    /// Texts with fewer pieces are alike by chance: "see contract".
    const FEWEST: usize = 16;

    fn of(text: &str) -> Self {
        let characters: Vec<char> = text.to_lowercase().chars().collect();
        let hash = |hash: u32, &character: &char| hash.wrapping_mul(16_777_619) ^ u32::from(character);
        Self(characters.windows(5).map(|piece| piece.iter().fold(7, hash)).collect())
    }

    fn resembles(&self, other: &Self, alike: usize) -> bool {
        let shorter = self.0.len().min(other.0.len());
        shorter >= Self::FEWEST && self.0.intersection(&other.0).count() * 100 > shorter * alike
    }
}
