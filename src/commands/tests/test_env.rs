//! Both demo accounts and the workspace, installed as an admin would, for tests of commands that ask them.

use std::path::Path;

use crate::clock::Clock;
use crate::commands::check::{self, Report};
use crate::commands::live;
use crate::demo::{Installation, start_sandbox};
use handoff_sandbox::hubspot::Portal;
use handoff_sandbox::salesforce::Org;
use handoff_sandbox::{Sandbox, deals, opportunities};

pub(super) struct TestEnv {
    pub(super) sandbox: Sandbox,
    pub(super) installation: Installation,
    pub(super) directory: tempfile::TempDir,
    pub(super) clock: Clock,
}

impl TestEnv {
    pub(super) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::manual("2026-11-20T08:00:00Z".parse().unwrap());
        let sandbox = start_sandbox(&clock).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let installation = Installation::write(directory.path(), &sandbox, "").unwrap();
        Self { sandbox, installation, directory, clock }
    }

    /// With the person of the shipped mappings' `fallback` in both accounts and the workspace.
    pub(super) fn with_fallback() -> Self {
        let (env, address) = (Self::new(), "revops@seller.example");
        env.portal(|portal| {
            portal.add_owner("70000010", "Rae", "Ops", address, false);
        });
        env.org(|org| {
            org.add_user("0055e000001RevOAAS", ("Rae", "Ops"), address, true);
        });
        env.sandbox.slack.change(|slack| slack.add_user("U0REVOPS1", address));
        env
    }

    pub(super) fn portal(&self, change: impl FnOnce(&mut Portal)) {
        self.sandbox.hubspot.change(|hubspot| change(hubspot.portal_mut(deals::PORTAL).unwrap()));
    }

    pub(super) fn org(&self, change: impl FnOnce(&mut Org)) {
        self.sandbox.salesforce.change(|salesforce| change(salesforce.org_mut(opportunities::ORG).unwrap()));
    }

    /// Puts something else in place of lines of a file; each must be there.
    pub(super) fn writes(file: &Path, changes: &[(&str, &str)]) {
        let mut text = std::fs::read_to_string(file).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{old} is not in the file");
            text = text.replacen(old, new, 1);
        }
        std::fs::write(file, text).unwrap();
    }

    pub(super) fn writes_hubspot(&self, changes: &[(&str, &str)]) {
        Self::writes(&self.installation.mapping, changes);
    }

    pub(super) fn writes_salesforce(&self, changes: &[(&str, &str)]) {
        Self::writes(&self.installation.salesforce_mapping, changes);
    }

    /// What `check --live` finds.
    pub(super) async fn report(&self) -> Report {
        let mut report = check::check(&self.installation.config, &Installation::secret);
        live::look(&mut report, &self.installation.config, &self.clock).await;
        report
    }

    /// What `check --live` prints.
    pub(super) async fn said(&self) -> String {
        self.plain(&self.report().await.to_string())
    }

    /// A text without the name of the folder, which is another one every time.
    pub(super) fn plain(&self, text: &str) -> String {
        text.replace(&self.directory.path().display().to_string(), "DIR")
    }
}
