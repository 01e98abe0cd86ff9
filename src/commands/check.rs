//! `handoff check`: configuration and mappings, every mistake at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{ConfigArg, annotations, live};
use crate::clock::Clock;
use crate::config::{self, Config};
use handoff_core::mapping::{Mapping, file};
use handoff_core::source::{Problem, Problems, Severity};
use handoff_core::workbench::lint;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing must be mended, 1 something must (with --strict: or should), 2 wrong \
                        arguments."
)]
pub struct CheckArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Only this mapping file, without a configuration; can be repeated
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    mapping: Vec<PathBuf>,
    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    /// Also asks every account, and Slack, whether what the files name exists there; changes nothing
    #[arg(long, conflicts_with = "mapping")]
    live: bool,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With an excerpt of the file, for people
    Text,
    /// One JSON object, for programs
    Json,
    /// Workflow commands that GitHub shows beside the line
    Github,
}

/// Prints what is wrong, or that nothing is.
pub(super) async fn run(args: &CheckArgs) -> ExitCode {
    let mut report = if args.mapping.is_empty() {
        check(&args.config.config, &|name| std::env::var(name).ok())
    } else {
        check_mappings(&args.mapping)
    };
    if args.live {
        live::look(&mut report, &args.config.config, &Clock::machine()).await;
    }
    match args.format {
        Format::Text if report.is_clean() => print!("{report}"),
        Format::Text => eprint!("{report}"),
        Format::Json => println!("{:#}", report.json()),
        Format::Github => print!("{}", annotations::of(&report.files)),
    }
    let warned = args.strict && report.count(Severity::Warning) > 0;
    ExitCode::from(report.exit_code().max(u8::from(warned)))
}

/// What a check found. When it is clean, it holds everything the service needs to start.
#[derive(Debug, Default)]
pub struct Report {
    /// The configuration, unless its file has an error.
    pub config: Option<Config>,
    /// Every mapping the configuration names, unless its file has an error; `file` is as the configuration
    /// names it.
    pub mappings: Vec<Mapping>,
    /// One for each file, the configuration first, also when nothing is wrong with it.
    pub files: Vec<Problems>,
    /// What the files were compared with beyond themselves, a line each.
    pub compared: Vec<String>,
}

/// Checks a configuration file and every mapping it names; `env` looks up an environment variable.
pub fn check(config_path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Report {
    let loaded = config::load(config_path, env);
    let mut report = Report { config: loaded.config, files: vec![loaded.problems], ..Report::default() };
    for (crm, path) in &loaded.mappings {
        let name = path.display().to_string();
        if let Some(problems) = report.files.iter_mut().find(|problems| problems.file() == name) {
            // A file that accounts of both CRMs name: it was read for the first.
            let read = report.mappings.iter().find(|mapping| mapping.file == name);
            file::only_for(*crm, read.cloned(), problems);
            continue;
        }
        let (mapping, problems) = lint::read_for(*crm, path);
        report.mappings.extend(mapping);
        report.files.push(problems);
    }
    report
}

/// Checks mapping files alone: for a workshop, or a pull request without secrets.
fn check_mappings(paths: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for path in paths {
        let (mapping, problems) = lint::read(path);
        report.mappings.extend(mapping);
        report.files.push(problems);
    }
    report
}

impl Report {
    /// True when the service can start. Warnings do not stop it.
    pub fn is_clean(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// 0 when clean, 1 when there are errors.
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.is_clean())
    }

    /// Everything that was found, for programs.
    fn json(&self) -> Value {
        let problem = |problem: &Problem| {
            json!({
                "severity": problem.severity.as_str(),
                "line": problem.place.map(|place| place.line),
                "column": problem.place.map(|place| place.column),
                "message": problem.message,
                "help": problem.help,
            })
        };
        let file = |problems: &Problems| json!({"file": problems.file(), "problems": problems.iter().map(problem).collect::<Vec<_>>()});
        json!({
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "files": self.files.iter().map(file).collect::<Vec<_>>(),
            "compared": self.compared,
        })
    }

    fn count(&self, severity: Severity) -> usize {
        self.files.iter().map(|problems| problems.count(severity)).sum()
    }
}

impl fmt::Display for Report {
    /// Every problem of every file, then one line for each file without any and for each account it was compared
    /// with, then how many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problems in self.files.iter().filter(|problems| !problems.is_empty()) {
            write!(f, "{problems}\n\n")?;
        }
        for problems in self.files.iter().filter(|problems| problems.is_empty()) {
            writeln!(f, "{}: ok", problems.file())?;
        }
        for compared in &self.compared {
            writeln!(f, "{compared}")?;
        }
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        match (errors, warnings) {
            (0, 0) => writeln!(f, "no problems"),
            (0, _) => writeln!(f, "{}", counted(warnings, "warning")),
            (_, 0) => writeln!(f, "{}", counted(errors, "error")),
            _ => writeln!(f, "{}, {}", counted(errors, "error"), counted(warnings, "warning")),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a mapping and a configuration that names it.
    fn files(mapping: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let mapping_path = directory.path().join("m.yaml");
        std::fs::write(&mapping_path, mapping).unwrap();
        let config = directory.path().join("handoff.toml");
        let text = format!(
            "public_url = \"https://hooks.example.com\"\n[[hubspot]]\nportal = \"1\"\nmapping = '{}'\n\
             client_secrets_env = [\"SECRET\"]\ntoken_env = \"TOKEN\"\n[slack]\nbot_token_env = \"BOT\"\n",
            mapping_path.display()
        );
        std::fs::write(&config, text).unwrap();
        (directory, config)
    }

    fn text(report: &Report, directory: &tempfile::TempDir) -> String {
        report.to_string().replace(&directory.path().display().to_string(), "DIR")
    }

    #[test]
    fn the_files_as_shipped_are_clean() {
        let report = check(Path::new("config/handoff.toml"), &|_| Some("something of a secret".to_owned()));
        insta::assert_snapshot!(report, @r"
        config/handoff.toml: ok
        mappings/hubspot.yaml: ok
        no problems
        ");
        assert_eq!(report.exit_code(), 0);
        assert!(report.config.is_some());
        assert_eq!(report.mappings.len(), 1);
    }

    #[test]
    fn a_broken_mapping_is_reported_beside_a_broken_configuration() {
        let (directory, config) = files("crm: hubspot\ntime_zone: Europe/Berlin\nowner: {from: deal.x}\n");
        let report = check(&config, &|name| (name != "TOKEN").then(|| "x".repeat(16)));
        assert_eq!(report.exit_code(), 1);
        assert!(report.mappings.is_empty());
        insta::assert_snapshot!(text(&report, &directory), @r#"
        error: the environment variable TOKEN is not set
         --> DIR/handoff.toml:6:13
          |
        6 | token_env = "TOKEN"
          |             ^^^^^^^
          |
          = help: set TOKEN before the service starts; `token_env` reads it

        warning: there is no `sections`: every section will be reported as unmapped on every handoff
         --> DIR/m.yaml:1:1
          |
        1 | crm: hubspot
          | ^^^
          |
          = help: copy `sections` from mappings/hubspot.yaml and write your fields in it

        error: `slack` is missing
         --> DIR/m.yaml:1:1
          |
        1 | crm: hubspot
          | ^^^
          |
          = help: write where the digest goes: `slack: {channel: C0123ABCD}`

        warning: there is no `roles`: nobody has a role, and four roles will be reported as missing on every handoff
         --> DIR/m.yaml:1:1
          |
        1 | crm: hubspot
          | ^^^
          |
          = help: write `roles: {labels: {Sponsor: sponsor}}` with the labels of your contacts

        error: `fallback` is missing
         --> DIR/m.yaml:3:1
          |
        3 | owner: {from: deal.x}
          | ^^^^^
          |
          = help: write who takes it otherwise: `fallback: revops@seller.example`

        3 errors, 2 warnings
        "#);
    }

    #[test]
    fn warnings_alone_leave_the_exit_code_at_zero() {
        let (directory, config) = files(
            "crm: hubspot\ntime_zone: UTC\nowner: {from: deal.x, fallback: a@example.com}\n\
             slack: {channel: C0123ABCD}\nsections:\n  buying_reason: deal.a\n  success_outcome: deal.b\n\
             \x20 promises: deal.c\n  risks: deal.d\n\
             roles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}\n",
        );
        let report = check(&config, &|_| Some("x".repeat(16)));
        insta::assert_snapshot!(text(&report, &directory), @r#"
        warning: no field feeds `first_value`: it will be reported as unmapped on every handoff
         --> DIR/m.yaml:5:1
          |
        5 | sections:
          | ^^^^^^^^
          |
          = help: write `first_value: deal.…` with the field that answers it, under `sections`

        DIR/handoff.toml: ok
        1 warning
        "#);
        assert_eq!(report.exit_code(), 0);
        assert_eq!(report.mappings.len(), 1);
    }

    #[test]
    fn a_mapping_for_the_other_crm_is_an_error() {
        let (directory, config) = files(
            "crm: salesforce\ntime_zone: UTC\nowner: {from: deal.OwnerId, fallback: a@example.com}\n\
             slack: {channel: C0123ABCD}\nsections:\n  buying_reason: deal.Why_Now__c\n\
             \x20 success_outcome: deal.Metrics__c\n  promises: deal.Promises__c\n  risks: deal.Risks__c\n\
             \x20 first_value: deal.First_Value__c\n\
             roles: {labels: {Sponsor: sponsor, User: operator, Expert: evaluator, Blocker: blocker}}\n",
        );
        let report = check(&config, &|_| Some("x".repeat(16)));
        insta::assert_snapshot!(text(&report, &directory), @r#"
        error: this is a mapping for salesforce, but a [[hubspot]] block names it
        --> DIR/m.yaml
         = help: write `crm: hubspot`, or name a mapping file for hubspot in that block

        DIR/handoff.toml: ok
        1 error
        "#);
    }

    #[test]
    fn a_mapping_that_accounts_of_both_crms_name_is_checked_for_both() {
        let (directory, config) = files(&std::fs::read_to_string("mappings/hubspot.yaml").unwrap());
        let written = std::fs::read_to_string(&config).unwrap();
        let org = written.replacen(
            "[slack]",
            &format!(
                "[[salesforce]]\norg = \"00DHn0000012AbC\"\nmapping = '{}'\n\
                 instance_url = \"https://acme.my.salesforce.com\"\nwebhook_secrets_env = [\"WEBHOOK\"]\n\
                 client_credentials.client_id = \"key\"\nclient_credentials.client_secret_env = \"CLIENT\"\n[slack]",
                directory.path().join("m.yaml").display()
            ),
            1,
        );
        std::fs::write(&config, org).unwrap();
        let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let report = check(&config, &|_| Some(secret.to_owned()));
        let told = text(&report, &directory);
        assert!(
            told.contains("error: this is a mapping for hubspot, but a [[salesforce]] block names it"),
            "{told}"
        );
        assert!(told.contains("--> DIR/m.yaml") && !told.contains("DIR/m.yaml: ok"), "{told}");
        assert_eq!(report.exit_code(), 1);
    }

    #[test]
    fn a_configuration_that_is_not_there_is_one_error() {
        let report = check(Path::new("/nowhere/handoff.toml"), &|_| None);
        insta::assert_snapshot!(report, @"
        error: the configuration file cannot be read: No such file or directory (os error 2)
        --> /nowhere/handoff.toml
         = help: name a file that exists with --config or the variable HANDOFF_CONFIG

        1 error
        ");
    }

    #[test]
    fn programs_get_the_same_findings_as_people() {
        let (directory, config) = files("crm: hubspt\n");
        let report = check(&config, &|_| Some("x".repeat(16)));
        let json = report.json();
        assert_eq!((&json["errors"], &json["warnings"]), (&4.into(), &2.into()));
        let first = &json["files"][1]["problems"][0];
        assert_eq!((&first["line"], &first["column"]), (&1.into(), &1.into()), "{json:#}");
        let told: Vec<&str> = json["files"][1]["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem["message"].as_str().unwrap())
            .collect();
        assert!(told.contains(&"`crm` cannot be `hubspt`"), "{told:?}");
        assert!(directory.path().exists());
    }

    #[test]
    fn a_mapping_alone_needs_no_configuration_and_no_secrets() {
        let report = check_mappings(&["mappings/hubspot.yaml".into(), "mappings/nowhere.yaml".into()]);
        insta::assert_snapshot!(report, @r"
        error: the mapping file cannot be read: No such file or directory (os error 2)
        --> mappings/nowhere.yaml
         = help: name a file that exists, such as mappings/hubspot.yaml

        mappings/hubspot.yaml: ok
        1 error
        ");
        assert_eq!(report.mappings.len(), 1);
    }
}
