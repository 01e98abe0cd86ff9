//! `handoff test`: the tests beside the mappings.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{ConfigArg, annotations};
use crate::config;
use handoff_core::mapping::Mapping;
use handoff_core::source::Problems;
use handoff_core::workbench::lint;
use handoff_core::workbench::spec::{self, Difference, SpecFile};

/// The folder beside a mapping that holds its tests.
const FOLDER: &str = "tests";

#[derive(Debug, Args)]
#[command(
    after_help = "Without FILES, the files in the folder `tests` beside each mapping are run: each mapping that \
                  the configuration names, or the one behind --mapping.\n\n\
                  Exit codes: 0 every case passes, 1 a case fails or a file has a mistake, 2 wrong arguments."
)]
pub struct TestArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Try this mapping instead of the one that a file of cases names
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    mapping: Option<PathBuf>,
    /// How to print what fails
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Files of cases
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
}

/// How failures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Every case, with what differs
    Text,
    /// Workflow commands that GitHub shows beside the line
    Github,
}

/// Prints each case and what differs.
pub(super) fn run(args: &TestArgs) -> ExitCode {
    let report = match files(args) {
        Ok(files) => Report::of(&files, args.mapping.as_deref()),
        Err(told) => {
            eprint!("{told}");
            return ExitCode::FAILURE;
        }
    };
    match args.format {
        Format::Text => print!("{}", report.text),
        Format::Github => print!("{}", report.annotations),
    }
    ExitCode::from(u8::from(report.failed > 0))
}

/// Which files of cases to run.
fn files(args: &TestArgs) -> Result<Vec<PathBuf>, String> {
    if !args.files.is_empty() {
        return Ok(args.files.clone());
    }
    let mappings = if let Some(mapping) = &args.mapping {
        vec![mapping.clone()]
    } else {
        let loaded = config::load(&args.config.config, &|name| std::env::var(name).ok());
        // Secrets do not matter here; a configuration that names no mapping does.
        if loaded.mappings.is_empty() {
            return Err(format!("{}\n", loaded.problems));
        }
        loaded.mappings.into_iter().map(|(_, path)| path).collect()
    };
    let mut found: Vec<PathBuf> = mappings.iter().flat_map(|mapping| beside(mapping)).collect();
    found.sort();
    found.dedup();
    if found.is_empty() {
        let mapping = mappings.first().map(|mapping| mapping.display().to_string()).unwrap_or_default();
        return Err(format!(
            "handoff: there are no tests yet: write the first as {}\n",
            folder(Path::new(&mapping)).join("first.yaml").display()
        ));
    }
    Ok(found)
}

fn folder(mapping: &Path) -> PathBuf {
    mapping.parent().unwrap_or(Path::new("")).join(FOLDER)
}

/// The files of cases beside a mapping that are about it. One that cannot be read is run, so that its
/// mistakes are told.
fn beside(mapping: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(mapping)).into_iter().flatten().flatten();
    let yaml = |path: &PathBuf| path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    let about = |path: &PathBuf| spec::read(path).0.is_none_or(|file| same_file(&file.mapping, mapping));
    entries.map(|entry| entry.path()).filter(yaml).filter(about).collect()
}

fn same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// What came of all files.
#[derive(Debug, Default)]
struct Report {
    text: String,
    annotations: String,
    cases: usize,
    failed: usize,
}

impl Report {
    fn of(files: &[PathBuf], instead: Option<&Path>) -> Self {
        let mut report = Self::default();
        for path in files {
            report.file(path, instead);
        }
        let (cases, failed) = (report.cases, report.failed);
        let failed = if failed == 0 { "all pass".to_owned() } else { format!("{failed} failed") };
        let _ = writeln!(report.text, "{cases} {}, {failed}", if cases == 1 { "case" } else { "cases" });
        report
    }

    fn file(&mut self, path: &Path, instead: Option<&Path>) {
        let (read, problems) = spec::read(path);
        let Some(read) = read else { return self.broken(problems) };
        let mapping = instead.unwrap_or(&read.mapping);
        match lint::read(mapping) {
            (Some(mapping), _) => self.cases(path, &read, &mapping),
            (None, problems) => self.broken(problems),
        }
    }

    /// A file that cannot be used is one failure.
    fn broken(&mut self, problems: Problems) {
        self.failed += 1;
        let _ = writeln!(self.text, "{problems}\n");
        self.annotations.push_str(&annotations::of(&[problems]));
    }

    fn cases(&mut self, path: &Path, read: &SpecFile, mapping: &Mapping) {
        let path = path.display();
        let _ = writeln!(self.text, "{path}, with {}", mapping.file);
        for case in &read.cases {
            self.cases += 1;
            let differences = case.differences(mapping);
            if differences.is_empty() {
                let _ = writeln!(self.text, "  ✓ {}", case.name);
                continue;
            }
            self.failed += 1;
            let told: String = differences.iter().map(Difference::to_string).collect();
            let _ = writeln!(self.text, "  ✗ {} ({path}:{})", case.name, case.line);
            for line in told.lines() {
                let _ = writeln!(self.text, "      {line}");
            }
            let text = format!("{}\n{told}", case.name);
            self.annotations.push_str(&annotations::error(&path.to_string(), case.line, text.trim_end()));
        }
        self.text.push('\n');
    }
}
