//! The mapping file that an account names.

use std::path::PathBuf;

use crate::record::CrmKind;
use crate::source::{Block, Problems};

/// Every mapping file that exists, once, with the CRM of the account that named it first.
pub type MappingFiles = Vec<(CrmKind, PathBuf)>;

/// Reads the key `mapping` and adds the file to `files` if it is new.
pub(super) fn read(
    section: &mut Block<'_>,
    crm: CrmKind,
    files: &mut MappingFiles,
    problems: &mut Problems,
) -> Option<PathBuf> {
    let help = format!("write which mapping file to use: mapping = \"mappings/{crm}.yaml\"");
    let (text, span) = section.require("mapping", &help).text(problems)?;
    let path = PathBuf::from(text);
    if !path.is_file() {
        let help = "write the path as seen from the directory the service runs in";
        problems.error(span, format!("there is no mapping file {text}"), help);
        return None;
    }
    if !files.iter().any(|(_, known)| *known == path) {
        files.push((crm, path.clone()));
    }
    Some(path)
}
