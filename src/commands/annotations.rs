//! Findings as workflow commands, which GitHub shows beside the line they are about.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write as _;

use handoff_core::source::Problems;

/// One line for each problem of each file.
pub(super) fn of(files: &[Problems]) -> String {
    let mut out = String::new();
    for (file, problem) in files.iter().flat_map(|file| file.iter().map(move |problem| (file, problem))) {
        let mut place = format!("file={}", property(file.file()));
        if let Some(at) = problem.place {
            let _ = write!(place, ",line={},col={}", at.line, at.column);
        }
        let text = data(&format!("{}\n{}", problem.message, problem.help));
        let _ = writeln!(out, "::{} {place}::{text}", problem.severity.as_str());
    }
    out
}

/// One finding that no [`Problems`] holds.
pub(super) fn error(file: &str, line: usize, text: &str) -> String {
    format!("::error file={},line={line}::{}\n", property(file), data(text))
}

/// What a command says must not end it or begin another one.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use handoff_core::source::Span;

    #[test]
    fn a_finding_is_one_line_with_its_place() {
        let mut problems = Problems::new("mappings/a,b.yaml", "crm: hubspot\nform: x\n");
        problems.error(Span { start: 13, end: 17 }, "unknown key `form`", "did you mean `from`?");
        problems.warning(Span { start: 0, end: 3 }, "100 %\n::error::forged", "x");
        problems.file_error("it cannot be read", "save it");
        insta::assert_snapshot!(of(&[problems]), @r"
        ::error file=mappings/a%2Cb.yaml::it cannot be read%0Asave it
        ::warning file=mappings/a%2Cb.yaml,line=1,col=1::100 %25%0A::error::forged%0Ax
        ::error file=mappings/a%2Cb.yaml,line=2,col=1::unknown key `form`%0Adid you mean `from`?
        ");
    }
}
