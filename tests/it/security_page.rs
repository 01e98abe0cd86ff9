//! `docs/security.md` promises tests by name; here is who keeps it honest.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::plain_tests;

const PAGE: &str = include_str!("../../docs/security.md");
const DOCKERFILE: &str = include_str!("../../Dockerfile");

pub fn trials() -> Vec<Trial> {
    plain_tests![
        every_test_on_the_page_exists,
        every_line_on_the_page_names_a_test,
        every_fuzz_target_is_on_the_page_and_every_one_on_the_page_exists,
        the_image_runs_as_nobody_and_holds_nothing_but_the_binary,
    ]
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of source and tests.
fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What stands between backticks and names a test: `file::test`.
fn named() -> Vec<(&'static str, &'static str)> {
    PAGE.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect()
}

fn every_test_on_the_page_exists() {
    let mut files = Vec::new();
    for directory in
        ["src", "crates", "tests"].map(|name| root().join(name)).iter().filter(|path| path.exists())
    {
        sources(directory, &mut files);
    }
    let exists = |module: &str, test: &str| {
        let of_module = |path: &&PathBuf| {
            path.iter().any(|part| part == module) || path.file_stem().is_some_and(|stem| stem == module)
        };
        let heads = [format!("fn {test}("), format!("fn {test}<")];
        files.iter().filter(of_module).any(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            heads.iter().any(|head| text.contains(head))
        })
    };
    let missing: Vec<String> = named()
        .into_iter()
        .filter(|(module, test)| !exists(module, test))
        .map(|(module, test)| format!("{module}::{test}"))
        .collect();
    assert!(named().len() > 40, "the page is not read as it is written");
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}

fn every_line_on_the_page_names_a_test() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Somebody "));
    let bare: Vec<&str> =
        rows.filter(|row| !row.rsplit('|').nth(1).unwrap_or_default().contains("::")).collect();
    assert!(bare.is_empty(), "{bare:#?}");
}

fn every_fuzz_target_is_on_the_page_and_every_one_on_the_page_exists() {
    let on_page: BTreeSet<String> = PAGE
        .split("fuzz:`")
        .skip(1)
        .filter_map(|rest| rest.split('`').next())
        .map(ToOwned::to_owned)
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir(root().join("fuzz/fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(on_page, there);
}

fn the_image_runs_as_nobody_and_holds_nothing_but_the_binary() {
    let (_, image) = DOCKERFILE.split_once("\nFROM scratch\n").expect("the last stage begins with nothing");
    let copied: Vec<&str> =
        image.lines().filter(|line| line.starts_with("COPY") || line.starts_with("ADD")).collect();
    assert_eq!(
        copied,
        [
            "COPY --from=build /src/target/release/handoff /handoff",
            "COPY --from=build --chown=65532:65532 /data /data",
        ]
    );
    let user = image.lines().position(|line| line == "USER 65532:65532").expect("it does not run as root");
    let entry = image.lines().position(|line| line.starts_with("ENTRYPOINT")).unwrap();
    assert!(user < entry);
}
