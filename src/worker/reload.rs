//! Mappings that are reloaded while the service runs. A file that does not pass `check` never replaces the one that
//! is running.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::{Account, Accounts, Context};

use handoff_core::mapping::{Mapping, file};
use handoff_core::source::{Place, Problems, Severity};

/// Places of mistakes that are kept of a refused file.
const PLACES: usize = 10;

/// A mapping file, with its own words, and its last good content, replaced atomically by [`ReloadableMapping::reread`].
pub struct ReloadableMapping {
    path: PathBuf,
    current: RwLock<Arc<Mapping>>,
    /// What was refused last, so that it is refused only once.
    refused: RwLock<Option<Refusal>>,
}

/// A version of a mapping file that does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `sha256:` and the hash of the file's bytes, or why it cannot be read.
    pub version: String,
    /// Where the first mistakes are: `mappings/hubspot.yaml:51:3`. No word of the file itself.
    pub places: Vec<String>,
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
        new: String,
    },
    /// The new version has problems (or the file cannot be read): the old one runs on.
    Refused {
        /// The version that runs on.
        running: String,
        /// The version that does not.
        refused: String,
        /// What RevOps has to mend, with file, line and column.
        problems: String,
    },
}

impl ReloadableMapping {
    /// Reads the file for the first time. It stays a mapping for the CRM that it is for now.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| file::unreadable(&name, &error))?;
        let (mapping, problems) = file::parse(&name, &text);
        let mapping = mapping.filter(|_| !problems.has_errors()).ok_or(problems)?;
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

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with the file on disk, while an older version runs.
    pub fn refused(&self) -> Option<Refusal> {
        self.refused.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file again and takes it if it passes `check`. A version is refused only once.
    pub fn reread(&self) -> Reload {
        let running = self.current();
        let text = std::fs::read_to_string(&self.path);
        let words = running.words.as_deref().map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let version = match &text {
            Ok(text) => file::version(text, &words.unwrap_or_default()),
            Err(error) => error.kind().to_string(),
        };
        if version == running.version {
            *self.refused.write().unwrap_or_else(PoisonError::into_inner) = None;
            return Reload::Unchanged;
        }
        let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
        let name = self.path.display().to_string();
        let (mapping, mut problems) = match text {
            Ok(text) => file::parse(&name, &text),
            Err(error) => (None, file::unreadable(&name, &error)),
        };
        match (file::only_for(running.crm, mapping, &mut problems), problems) {
            (Some(mapping), _) => {
                let new = mapping.version.clone();
                *refused = None;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(mapping);
                Reload::Loaded { old: running.version.clone(), new }
            }
            (None, _) if refused.as_ref().is_some_and(|refused| refused.version == version) => {
                Reload::Unchanged
            }
            (None, problems) => {
                *refused = Some(Refusal { version: version.clone(), places: places(&problems) });
                let (running, problems) = (running.version.clone(), problems.to_string());
                Reload::Refused { running, refused: version, problems }
            }
        }
    }
}

fn places(problems: &Problems) -> Vec<String> {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let place = |place: Option<Place>| match place {
        Some(place) => format!("{}:{}:{}", problems.file(), place.line, place.column),
        None => problems.file().to_owned(),
    };
    errors.map(|problem| place(problem.place)).take(PLACES).collect()
}

/// Looks at the mapping files now and then.
pub async fn run(context: Arc<Context>, mut stopped: watch::Receiver<bool>) {
    while context.wait(&mut stopped, context.work.reload).await {
        reload(&context);
    }
}

/// Reads every mapping file again; a file with problems changes nothing but the log.
pub fn reload(context: &Context) {
    let Context { accounts, metrics, .. } = context;
    for (reloadable, accounts) in files(accounts) {
        let (file, accounts) = (reloadable.path().display(), accounts.join(", "));
        match reloadable.reread() {
            Reload::Unchanged => {}
            Reload::Loaded { old, new } => {
                metrics.reload("loaded");
                tracing::info!(%file, old, new, accounts, "mapping loaded");
            }
            Reload::Refused { running, refused, problems } => {
                metrics.reload("refused");
                tracing::error!(%file, running, refused, accounts, "mapping refused, the old one runs on:\n{problems}");
            }
        }
    }
    metrics.refused_mappings.set(i64::try_from(refused(accounts).len()).unwrap_or(i64::MAX));
}

/// The mapping files whose newest version does not run, with the accounts that go on with the one before.
pub fn refused(accounts: &Accounts) -> Vec<(&ReloadableMapping, Refusal, Vec<String>)> {
    let refused = |(reloadable, accounts): (_, _)| {
        ReloadableMapping::refused(reloadable).map(|refusal| (reloadable, refusal, accounts))
    };
    files(accounts).into_iter().filter_map(refused).collect()
}

/// Every mapping file, with the accounts whose packets it makes.
fn files(accounts: &Accounts) -> Vec<(&ReloadableMapping, Vec<String>)> {
    let mut files: Vec<(&ReloadableMapping, Vec<String>)> = Vec::new();
    for (account, Account { reloadable, .. }) in accounts {
        match files.iter_mut().find(|(file, _)| std::ptr::eq(*file, &raw const **reloadable)) {
            Some((_, accounts)) => accounts.push(account.to_string()),
            None => files.push((reloadable.as_ref(), vec![account.to_string()])),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_be_replaced_keeps_a_mapping_from_running() {
        let mapping = "crm: hubspot\ntime_zone: UTC\nsections: {buying_reason: deal.a}\n\
                       owner: {from: deal.x, fallback: revops@seller.example}\nslack: {channel: C0123ABCD}\n";
        let file = tempfile::NamedTempFile::new().unwrap();
        for (real, stand_in) in [("revops@seller.example", "revops@example.com"), ("C0123ABCD", "C000000000")]
        {
            std::fs::write(file.path(), mapping).unwrap();
            assert!(ReloadableMapping::load(file.path()).is_ok());
            std::fs::write(file.path(), mapping.replace(real, stand_in)).unwrap();
            assert!(ReloadableMapping::load(file.path()).is_err(), "{stand_in}");
        }
    }
}
