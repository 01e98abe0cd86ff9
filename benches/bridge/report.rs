//! The table: on the screen, as Markdown, and as JSON.

use std::path::Path;

use serde_json::json;

use crate::machine;
use crate::options::Options;
use crate::samples::Samples;

/// What a row should reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Its figure.
    pub figure: String,
    /// What it stands beside.
    pub floor: String,
    /// What the target speaks of: a ratio, unless `unit` says otherwise.
    pub judged: Samples,
    pub unit: &'static str,
    pub target: Target,
}

/// What one file of `rows` found.
#[derive(Debug, Default)]
pub struct Found {
    pub rows: Vec<Row>,
    /// What a reader should know beside the figures.
    pub notes: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Report {
    found: Vec<(&'static str, Found)>,
    pub failed: Vec<&'static str>,
}

const HEAD: [&str; 7] = ["what", "figure", "floor", "ratio", "target", "spread", ""];

impl Row {
    fn is_met(&self) -> bool {
        match self.target {
            Target::AtLeast(least) => self.judged.median() >= least,
            Target::AtMost(most) => self.judged.median() <= most,
        }
    }

    fn cells(&self) -> [String; 7] {
        let Self { judged, unit, .. } = self;
        let target = match self.target {
            Target::AtLeast(least) => format!("≥ {least}{unit}"),
            Target::AtMost(most) => format!("≤ {most}{unit}"),
        };
        let ratio = if unit.is_empty() { number(judged.median()) } else { "–".to_owned() };
        let spread = format!("{} to {}{unit}", number(judged.least()), number(judged.most()));
        let spread = if judged.values().len() > 1 { spread } else { "–".to_owned() };
        let verdict = if self.is_met() { "meets" } else { "misses" };
        [
            self.what.clone(),
            self.figure.clone(),
            self.floor.clone(),
            ratio,
            target,
            spread,
            verdict.to_owned(),
        ]
    }
}

impl Found {
    /// Nothing was measured.
    pub fn left_out(why: impl Into<String>) -> Self {
        Self { rows: Vec::new(), notes: vec![format!("left out: {}", why.into())] }
    }
}

impl Report {
    pub fn add(&mut self, name: &'static str, found: Found) {
        for row in &found.rows {
            eprintln!("  {}", row.cells().join("  |  "));
        }
        for note in &found.notes {
            eprintln!("  {note}");
        }
        self.found.push((name, found));
    }

    /// Prints everything and writes it down.
    pub fn tell(&self, options: &Options) {
        let machine = machine::describe();
        let mut lines = vec![HEAD.map(ToOwned::to_owned)];
        lines.extend(self.found.iter().flat_map(|(_, found)| &found.rows).map(Row::cells));
        println!("\n{}\n", machine.join("\n"));
        print(&lines, "  ", |_| String::new());
        self.print_notes("");
        if options.markdown {
            println!("\n{}\n", machine.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n"));
            print(&lines, " | ", |width| "-".repeat(width));
            println!();
            self.print_notes("- ");
        }
        for name in &self.failed {
            println!("{name}: failed, see above");
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        std::fs::create_dir_all(&target).unwrap();
        let file = target.join("bridge.json");
        std::fs::write(&file, self.json(&machine).to_string()).unwrap();
        println!("\nwritten to {}", file.display());
    }

    fn print_notes(&self, mark: &str) {
        for (name, found) in &self.found {
            for note in &found.notes {
                println!("{mark}{name}: {note}");
            }
        }
    }

    fn json(&self, machine: &[String]) -> serde_json::Value {
        let row = |name: &str, row: &Row| {
            let (bound, target) = match row.target {
                Target::AtLeast(least) => ("at_least", least),
                Target::AtMost(most) => ("at_most", most),
            };
            json!({
                "row": name, "what": row.what, "figure": row.figure, "floor": row.floor,
                "judged": row.judged.median(), "unit": row.unit, "samples": row.judged.values(),
                "target": {bound: target}, "meets": row.is_met(),
            })
        };
        let rows =
            self.found.iter().flat_map(|(name, found)| found.rows.iter().map(move |one| row(name, one)));
        let notes = self.found.iter().map(|(name, found)| ((*name).to_owned(), json!(found.notes)));
        json!({
            "machine": machine, "rows": rows.collect::<Vec<_>>(),
            "notes": notes.collect::<serde_json::Map<_, _>>(), "failed": self.failed,
        })
    }
}

fn print(lines: &[[String; 7]], between: &str, rule: impl Fn(usize) -> String) {
    let edge = between.trim();
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let told = |cells: &[String]| {
        let cells: Vec<String> =
            cells.iter().enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column))).collect();
        println!("{}", format!("{edge} {} {edge}", cells.join(between)).trim());
    };
    for (index, line) in lines.iter().enumerate() {
        told(line);
        let rules: Vec<String> = (0..line.len()).map(|column| rule(width(column))).collect();
        if index == 0 && rules.iter().any(|rule| !rule.is_empty()) {
            told(&rules);
        }
    }
}

/// Three digits, more where they are whole.
pub fn number(value: f64) -> String {
    let decimals = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// So many a second.
pub fn a_second(rate: f64) -> String {
    if rate >= 10_000.0 { format!("{:.1} k/s", rate / 1000.0) } else { format!("{}/s", number(rate)) }
}
