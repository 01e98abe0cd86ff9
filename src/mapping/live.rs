//! The mapping that is running, and its replacement while the service runs.
//!
//! A file that does not pass `check` never replaces the one that is running.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Mapping, file};
use crate::document::Problems;

/// One mapping file and its last good content.
pub struct LiveMapping {
    path: PathBuf,
    current: RwLock<Arc<Mapping>>,
    /// The version that was refused last, so that it is refused only once.
    refused: RwLock<Option<String>>,
}

/// What reading the file again found.
#[derive(Debug)]
pub enum Reload {
    /// The file is as it was.
    Unchanged,
    /// A new version runs now.
    Loaded {
        /// The version that ran until now.
        old: String,
        /// The version that runs.
        new: String,
    },
    /// The new version has problems (or the file cannot be read): the old one runs on.
    Refused {
        /// The version that runs on.
        running: String,
        /// What RevOps has to mend, with file, line and column.
        problems: String,
    },
}

impl LiveMapping {
    /// Reads the file for the first time.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let (mapping, problems) = file::read(path);
        let mapping = mapping.ok_or(problems)?;
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(mapping)),
            refused: RwLock::new(None),
        })
    }

    /// The mapping that is running.
    pub fn current(&self) -> Arc<Mapping> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file on disk was refused and an older version runs.
    pub fn is_refused(&self) -> bool {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Reads the file again and takes it if it passes `check`. A version is refused only once.
    pub fn reread(&self) -> Reload {
        let running = self.current();
        let version = match std::fs::read_to_string(&self.path) {
            Ok(text) => file::version(&text),
            Err(error) => error.kind().to_string(),
        };
        if version == running.version {
            *self.refused.write().unwrap_or_else(PoisonError::into_inner) = None;
            return Reload::Unchanged;
        }
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        match file::read(&self.path) {
            (Some(mapping), _) => {
                let new = mapping.version.clone();
                *refused = None;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(mapping);
                Reload::Loaded { old: running.version.clone(), new }
            }
            (None, _) if refused.as_deref() == Some(&version) => Reload::Unchanged,
            (None, problems) => {
                *refused = Some(version);
                Reload::Refused { running: running.version.clone(), problems: problems.to_string() }
            }
        }
    }
}
