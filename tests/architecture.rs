//! The layers of the source tree, held by reading it: which top-level module may import which (`MAY_IMPORT`), what
//! does not keep to that yet (`VIOLATIONS`), how long a file may be, and where one CRM's name may stand.
//!
//! Every list of exceptions is exact: an entry too many fails like an entry too few, so that a list can only shrink.
//! A failing test prints the list as it would have to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, and what it may import besides itself, from the bottom to the top: a module may only name what stands
/// above its own line, so the table cannot hold a circle.
const MAY_IMPORT: &str = "
    clock
    failure
    crash
    metrics

    text
    dates       text
    source      text
    record      text dates source
    packet      text dates source record
    judgement   text packet
    messages    text dates source record packet
    mapping     text dates source record packet judgement messages
    gaps        text dates source record packet judgement messages mapping
    assemble    text dates source record packet messages mapping gaps
    answers     text dates source record packet messages mapping gaps assemble
    workbench   text dates source record packet messages mapping gaps assemble

    settings    text source
    crm         GROUND text dates source record packet settings
    store       GROUND record packet
    delivery    GROUND text dates source record packet messages mapping gaps answers settings crm
    handoff     GROUND record packet mapping gaps assemble answers crm store delivery
    interactive GROUND text dates record packet messages mapping gaps assemble answers settings crm store delivery \
                handoff
    operations  GROUND text source record packet messages mapping assemble workbench store
    worker      GROUND dates source record packet messages mapping crm store delivery handoff interactive
    http        GROUND text source record packet messages crm store interactive operations
    config      GROUND text dates source record settings mapping crm store delivery worker http
    app         GROUND record packet mapping crm store delivery interactive operations worker http config
    server      GROUND record packet mapping crm store delivery handoff interactive operations worker http config app

    training    text packet judgement
    sandbox
    demo        GROUND store sandbox
    commands    GROUND text dates source record packet messages mapping gaps assemble workbench \
                crm store delivery handoff interactive operations worker http config app server sandbox demo
";

/// Nothing here knows what a deal is. The modules of `crates/core`, from `text` to `workbench`, do without: they are
/// functions of their arguments. The sandbox imports nothing of the product, so that each checks the other.
const GROUND: [&str; 4] = ["clock", "failure", "crash", "metrics"];

/// Imports that the table does not allow: from, to, and in how many files. It may only shrink.
const VIOLATIONS: &[(&str, &str, usize)] = &[];

/// Modules that import each other.
const EACH_OTHER: &[(&str, &str)] = &[];

/// Modules of `src/lib.rs` in the order of a webhook's life.
const ORDER: &str = "
    http crm store handoff interactive
    record text dates source messages packet mapping gaps assemble workbench
    delivery worker operations
    app server settings config commands
    clock failure metrics crash demo sandbox
";

/// Neighbours in `src/lib.rs` that stand the wrong way round. It may only shrink.
const OUT_OF_ORDER: usize = 0;

/// A file holds at most so many lines before its tests.
const LONGEST_FILE: usize = 350;

/// Files that are longer. It may only shrink.
const TOO_LONG: &[&str] = &[];

/// How often a file outside `crm` and the dialects names one CRM (`CrmKind::…`). It may only shrink.
const NAMES_OF_ONE_CRM: usize = 7;

/// Macros that are exported at the root of the crate, and the module that they belong to.
const MACROS: &[(&str, &str)] = &[("crash_point", "crash")];

/// Our crates, by the names that others import them by.
const CRATES: &[&str] = &["handoff_bridge", "handoff_core", SANDBOX];

/// All modules of this crate count as one, and so do those of `crates/judgement`, under the name `training`.
const SANDBOX: &str = "handoff_sandbox";

#[test]
fn a_module_imports_only_what_lies_below_it() {
    let table = may_import();
    let allowed =
        |from: &str, to: &str| table.iter().any(|(module, below)| *module == from && below.contains(&to));
    let found: Vec<String> = imports()
        .into_iter()
        .filter(|((from, to), _)| !allowed(from, to))
        .map(|((from, to), files)| format!("({from:?}, {to:?}, {})", files.len()))
        .collect();
    let listed = VIOLATIONS.iter().map(|(from, to, files)| format!("({from:?}, {to:?}, {files})"));
    same("VIOLATIONS", listed.collect(), found);
}

#[test]
fn the_table_of_imports_goes_from_the_bottom_to_the_top() {
    let mut above = BTreeSet::new();
    for (module, below) in may_import() {
        let unknown: Vec<&str> = below.into_iter().filter(|one| !above.contains(one)).collect();
        assert!(unknown.is_empty(), "{module} may import {unknown:?}, which stand nowhere above it");
        assert!(above.insert(module), "{module} stands there twice");
    }
}

#[test]
fn no_two_modules_import_each_other() {
    let imports = imports();
    let found = imports
        .keys()
        .filter(|(from, to)| from < to && imports.contains_key(&(to.clone(), from.clone())))
        .map(|(from, to)| format!("({from:?}, {to:?})"));
    let listed = EACH_OTHER.iter().map(|(one, other)| format!("({one:?}, {other:?})"));
    same("EACH_OTHER", listed.collect(), found.collect());
}

#[test]
fn modules_are_declared_in_the_order_of_a_webhooks_life() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: Vec<String> = Source::parse(&text).declared;
    let at = |module: &String| ORDER.split_whitespace().position(|one| one == module);
    let unplaced: Vec<&String> = declared.iter().filter(|one| at(one).is_none()).collect();
    assert!(unplaced.is_empty(), "give them a place in ORDER: {unplaced:?}");
    let wrong: Vec<&[String]> = declared.windows(2).filter(|pair| at(&pair[0]) > at(&pair[1])).collect();
    assert_eq!(wrong.len(), OUT_OF_ORDER, "OUT_OF_ORDER is not exact any more: {wrong:?}");
}

#[test]
fn no_file_is_longer_than_350_lines_before_its_tests() {
    let long = files().into_iter().filter(|file| file.lines > LONGEST_FILE);
    let found = long.map(|file| format!("{:?}", file.path)).collect();
    same("TOO_LONG", TOO_LONG.iter().map(|path| format!("{path:?}")).collect(), found);
}

#[test]
fn one_crm_is_named_in_its_own_folder() {
    let at_home = |path: &str| path.starts_with("src/crm/") || path.contains("/record/dialect");
    let mut named = 0;
    let mut where_named = String::new();
    for file in files().iter().filter(|file| !at_home(&file.path)) {
        let times = file.source.names_of_one_crm;
        if times > 0 {
            named += times;
            writeln!(where_named, "{times:4} {}", file.path).unwrap();
        }
    }
    assert_eq!(named, NAMES_OF_ONE_CRM, "NAMES_OF_ONE_CRM is not exact any more:\n{where_named}");
}

/// Two lists hold the same; otherwise what is new, what is gone, and the list to paste.
fn same(name: &str, mut listed: Vec<String>, mut found: Vec<String>) {
    listed.sort();
    found.sort();
    let beyond = |one: &[String], other: &[String]| {
        let rows = one.iter().filter(|row| !other.contains(row)).map(|row| format!("    {row},\n"));
        rows.collect::<Vec<_>>().concat()
    };
    let (new, gone, now) = (beyond(&found, &listed), beyond(&listed, &found), beyond(&found, &[]));
    assert!(listed == found, "{name}\n  new:\n{new}  gone:\n{gone}  how it would have to read:\n{now}");
}

/// Each module of the table with what it may import.
fn may_import() -> Vec<(&'static str, Vec<&'static str>)> {
    let rows = MAY_IMPORT.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter_map(|row| {
        let (module, below) = row.split_first()?;
        let below = below.iter().flat_map(|one| if *one == "GROUND" { GROUND.to_vec() } else { vec![*one] });
        Some((*module, below.collect()))
    })
    .collect()
}

/// Who imports whom among the top-level modules, and in which files.
fn imports() -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut imports: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in files() {
        let Some(from) = file.module.first() else { continue };
        for to in file.source.imports(&file.home, &file.module) {
            if to != *from {
                imports.entry((from.clone(), to)).or_default().insert(file.path.clone());
            }
        }
    }
    imports
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One file of the product.
struct File {
    /// From the root of the repository.
    path: String,
    /// What `crate` means in it: nothing, or `["sandbox"]` in the crate of that name.
    home: Vec<String>,
    /// Its module: `["gaps", "roles"]`.
    module: Vec<String>,
    /// Lines before its tests.
    lines: usize,
    source: Source,
}

/// Every file of every crate that is compiled without `cfg(test)`, found as the compiler finds it.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    below(&root().join("src/lib.rs"), &[], &[], &mut files);
    let crates = fs::read_dir(root().join("crates")).into_iter().flatten();
    for path in crates.map(|entry| entry.unwrap().path().join("src/lib.rs")).filter(|path| path.exists()) {
        let alone = [("sandbox", "sandbox"), ("judgement", "training")].into_iter();
        let mut alone = alone.filter(|(folder, _)| path.ends_with(format!("{folder}/src/lib.rs")));
        let home: &[&str] = &alone.next().map(|(_, module)| module).into_iter().collect::<Vec<_>>();
        below(&path, home, home, &mut files);
    }
    assert!(files.len() > 200, "only {} files were found", files.len());
    files
}

/// A file and those of its child modules; `home` is what `crate` means in it.
fn below(path: &Path, home: &[&str], module: &[&str], files: &mut Vec<File>) {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source = Source::parse(&text);
    let directory: PathBuf = if path.ends_with("mod.rs") || path.ends_with("lib.rs") {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    for child in &source.declared {
        let mut module = module.to_vec();
        module.push(child);
        let beside = directory.join(child).with_extension("rs");
        let path = if beside.exists() { beside } else { directory.join(child).join("mod.rs") };
        below(&path, home, &module, files);
    }
    files.push(File {
        path: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
        home: owned(home),
        module: owned(module),
        lines: text.lines().take_while(|line| !line.trim_start().starts_with("#[cfg(test)]")).count(),
        source,
    });
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// What the tests above need to know of a file, without what is only compiled for tests.
#[derive(Default)]
struct Source {
    /// Modules in files of their own, in order.
    declared: Vec<String>,
    /// Paths that begin with `crate`, `super` or one of our crates, each from the module within the file.
    paths: Vec<(Vec<String>, Vec<String>)>,
    names_of_one_crm: usize,
}

impl Source {
    fn parse(text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let mut source = Self::default();
        // Modules inside this file that are open, each with the depth of its braces.
        let (mut within, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
        for (at, token) in tokens.iter().enumerate() {
            let next = |ahead: usize| tokens.get(at + ahead).map_or("", String::as_str);
            match token.as_str() {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    within.retain(|(_, opened)| *opened <= depth);
                }
                "mod" if next(2) == ";" => source.declared.push(next(1).to_owned()),
                "mod" if next(2) == "{" => within.push((next(1).to_owned(), depth + 1)),
                "CrmKind" if next(1) == "::" => source.names_of_one_crm += 1,
                _ if starts_a_path(&tokens, at) => {
                    let module: Vec<String> = within.iter().map(|(name, _)| name.clone()).collect();
                    let mut paths = Vec::new();
                    tree(&tokens, &mut at.clone(), &[], &mut paths);
                    source.paths.extend(paths.into_iter().map(|path| (module.clone(), path)));
                }
                _ => {}
            }
        }
        source
    }

    /// Top-level modules that this file imports, if it is this module.
    fn imports(&self, home: &[String], module: &[String]) -> BTreeSet<String> {
        let mut imports = BTreeSet::new();
        for (within, path) in &self.paths {
            let mut place: Vec<&String> = module.iter().chain(within).collect();
            let mut path = path.iter().peekable();
            while let Some(name) = path.next_if(|name| is_ours(name)) {
                match name.as_str() {
                    "super" => drop(place.pop()),
                    "crate" => place = home.iter().collect(),
                    _ => place = Vec::new(),
                }
                if name == SANDBOX {
                    imports.insert("sandbox".to_owned());
                    path = [].iter().peekable();
                }
            }
            let Some(reached) = place.first().copied().or_else(|| path.next()) else { continue };
            let of_macro = MACROS.iter().find(|(name, _)| name == reached).map(|(_, module)| *module);
            imports.insert(of_macro.unwrap_or(reached).to_owned());
        }
        imports
    }
}

fn is_ours(name: &str) -> bool {
    matches!(name, "crate" | "super") || CRATES.contains(&name)
}

/// A path of ours begins at this token, and is not the middle of another one.
fn starts_a_path(tokens: &[String], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| tokens[before].as_str());
    is_ours(&tokens[at])
        && before != "::"
        && before != "$"
        && tokens.get(at + 1).is_some_and(|next| next == "::")
}

/// Reads a path, or the tree of paths of a `use`, from `at` on: every leaf with what stands before it.
fn tree(tokens: &[String], at: &mut usize, before: &[String], paths: &mut Vec<Vec<String>>) {
    let mut path = before.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        if token == "{" {
            while tokens.get(*at).is_some_and(|next| next != "}") {
                if tokens[*at] == "," {
                    *at += 1;
                } else {
                    tree(tokens, at, &path, paths);
                }
            }
            *at += 1;
            return;
        }
        path.push(token.clone());
        if tokens.get(*at).is_none_or(|next| next != "::") {
            break;
        }
        *at += 1;
    }
    // `Name as Other` within a group.
    if tokens.get(*at).is_some_and(|next| next == "as") {
        *at += 2;
    }
    paths.push(path);
}

/// The tokens without items under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !tokens[at..].iter().map(String::as_str).take(ATTRIBUTE.len()).eq(ATTRIBUTE) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        // An item ends with its braces or a semicolon, a field with its comma.
        let (mut depth, mut angles) = (0_usize, 0_usize);
        at += ATTRIBUTE.len();
        while at < tokens.len() {
            let token = tokens[at].as_str();
            at += 1;
            match token {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                "<" if depth == 0 => angles += 1,
                ">" if depth == 0 && tokens[at - 2] != "-" => angles -= 1,
                _ => {}
            }
            if depth == 0 && (matches!(token, "}" | ";") || (token == "," && angles == 0)) {
                break;
            }
        }
    }
    kept
}

/// Words, `::` and single signs; comments, texts and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if first == '_' || first.is_alphanumeric() {
            let length = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the text, raw text or character that begins here.
fn literal(rest: &str) -> Option<usize> {
    let marked = rest.strip_prefix('b').unwrap_or(rest);
    let mark = rest.len() - marked.len();
    if let Some(raw) = marked.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let inside = &raw[hashes + 1..];
            return Some(mark + 1 + hashes + 1 + inside.find(&end)? + end.len());
        }
        return None;
    }
    let quote = marked.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let mut inside = marked.chars().skip(1);
    if quote == '\'' && inside.next() != Some('\\') && inside.next() != Some('\'') {
        // A lifetime.
        return Some(mark + 1);
    }
    let mut escaped = false;
    for (at, character) in marked.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Some(mark + at + 1),
            _ => {}
        }
    }
    None
}

#[test]
fn a_file_is_read_as_the_compiler_reads_it() {
    let source = Source::parse(
        r##"
        //! crate::comment
        use crate::store::{self, Store as Kept, url::{StoreUrl}};
        use super::{super::clock, near};
        pub mod child;
        #[cfg(test)]
        mod deal_on_paper;
        struct S { #[cfg(test)] asked: Vec<crate::raw::Raw, crate::raw::Raw>, kept: crate::crm::Kept }
        fn f<'a>(_: &'a str) -> char { let _ = "crate::text \" "; crate::crm::x(); '"' }
        mod inner { use super::super::super::packet; const R: &str = r#" " crate::raw "#; }
        fn g() { crash_point!("x"); $crate::hidden::x(); let _ = CrmKind::Hubspot; }
        use crate::crash_point;
        #[cfg(test)]
        mod tests { use crate::commands; fn t() { let _ = CrmKind::Hubspot; } }
        use handoff_core::dates::Day;
        use handoff_sandbox::Fault;
        "##,
    );
    assert_eq!(source.declared, ["child"]);
    assert_eq!(source.names_of_one_crm, 1);
    let module = ["gaps".to_owned(), "roles".to_owned()];
    let imports: Vec<String> = source.imports(&[], &module).into_iter().collect();
    assert_eq!(imports, ["clock", "crash", "crm", "dates", "gaps", "packet", "sandbox", "store"]);
}
