//! What can be said without an org about the package that an admin deploys: it is well-formed, its elements
//! stand in the order that the Metadata API demands, everything the manifests name is there, and the signer's
//! documented vector is the one our verifier is tested with.

use std::fs;
use std::path::{Path, PathBuf};

use handoff_sandbox::salesforce::sign_body;
use libtest_mimic::Trial;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::plain_tests;

const PACKAGE: &str = "config/salesforce";
const SOURCE: &str = "config/salesforce/force-app/main/default";

pub fn trials() -> Vec<Trial> {
    plain_tests![
        every_file_is_well_formed_metadata,
        elements_stand_in_the_order_that_is_demanded,
        the_manifests_name_what_is_there,
        no_secret_is_in_the_package,
        the_signers_vector_is_the_verifiers,
        the_hubspot_project_is_json,
    ]
}

fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Names of the elements at a depth (the root is at 1), in order; panics if the file is not well-formed.
fn elements(path: &Path, depth: usize, below: Option<&str>) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let mut reader = Reader::from_str(&text);
    let (mut open, mut found) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            Event::Start(start) => {
                let name = start.name().as_ref().to_owned();
                open.push(name.clone());
                if open.len() == depth && below.is_none_or(|below| open[depth - 2] == below) {
                    found.push(name);
                }
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty(), "{} ends too early", path.display());
    found
}

fn every_file_is_well_formed_metadata() {
    let all = files(Path::new(PACKAGE), ".xml");
    assert!(all.len() >= 11, "{all:?}");
    for path in all {
        assert_eq!(elements(&path, 1, None).len(), 1, "{}", path.display());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("http://soap.sforce.com/2006/04/metadata"), "{}", path.display());
    }
    let project = fs::read_to_string(format!("{PACKAGE}/sfdx-project.json")).unwrap();
    let project: serde_json::Value = serde_json::from_str(&project).unwrap();
    for replacement in project["replacements"].as_array().unwrap() {
        let file = format!("{PACKAGE}/{}", replacement["filename"].as_str().unwrap());
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(replacement["stringToReplace"].as_str().unwrap()), "{replacement}");
    }
}

fn elements_stand_in_the_order_that_is_demanded() {
    let workflow = PathBuf::from(format!("{SOURCE}/workflows/Opportunity.workflow-meta.xml"));
    let mut message = elements(&workflow, 3, Some("outboundMessages"));
    message.dedup();
    let demanded = [
        "fullName",
        "apiVersion",
        "description",
        "endpointUrl",
        "fields",
        "includeSessionId",
        "integrationUser",
        "name",
        "protected",
        "useDeadLetterQueue",
    ];
    assert_eq!(message, demanded);
    for flow in files(Path::new(SOURCE), ".flow-meta.xml") {
        let mut elements = elements(&flow, 2, None);
        let mut sorted = elements.clone();
        sorted.sort();
        assert_eq!(elements, sorted, "{}", flow.display());
        elements.dedup();
        assert!(elements.contains(&"start".to_owned()));
        let text = fs::read_to_string(&flow).unwrap();
        assert!(text.contains("<doesRequireRecordChangedToMeetCriteria>true<"), "only on the change to won");
    }
}

fn the_manifests_name_what_is_there() {
    let source: Vec<String> =
        files(Path::new(SOURCE), "").iter().map(|path| path.display().to_string()).collect();
    for manifest in files(&PathBuf::from(format!("{PACKAGE}/manifest")), ".xml") {
        let text = fs::read_to_string(&manifest).unwrap();
        for member in text.split("<members>").skip(1) {
            let member = member.split('<').next().unwrap();
            let name = match member {
                "Opportunity.Handoff_Closed_Won" => "/Opportunity.workflow",
                other => &format!("/{}.", other.rsplit('.').next().unwrap()),
            };
            assert!(source.iter().any(|path| path.contains(name)), "{}: {member}", manifest.display());
        }
    }
}

fn no_secret_is_in_the_package() {
    let workflow = fs::read_to_string(format!("{SOURCE}/workflows/Opportunity.workflow-meta.xml")).unwrap();
    assert!(workflow.contains("/outbound/REPLACED-AT-DEPLOY</endpointUrl>"));
    let credential =
        fs::read_to_string(format!("{SOURCE}/externalCredentials/Handoff.externalCredential-meta.xml"))
            .unwrap();
    assert!(!credential.contains("<parameterName>SigningKey</parameterName>"), "entered in Setup");
}

fn the_signers_vector_is_the_verifiers() {
    let test = fs::read_to_string(format!("{SOURCE}/classes/HandoffSignerTest.cls")).unwrap();
    let literal = |after: &str| {
        let rest = test.split(after).nth(1).unwrap();
        rest.split('\'').nth(1).unwrap().to_owned()
    };
    let body: String = test
        .split("DOCUMENTED_BODY =")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .split('\'')
        .skip(1)
        .step_by(2)
        .collect();
    let (key, expected) = (literal("Blob key ="), literal("System.assertEquals(\n            "));
    assert_eq!(sign_body(&key, body.as_bytes()), expected);
}

fn the_hubspot_project_is_json() {
    let all = files(Path::new("config/hubspot"), ".json");
    assert_eq!(all.len(), 3);
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        serde_json::from_str::<serde_json::Value>(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
