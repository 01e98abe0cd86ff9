//! A deal as a person in HubSpot sees it: its stage, company and contacts with their labels, and changing those.

use serde_json::Value;

use super::portal::Owner;
use super::{HubspotState, Kind, NotThere, Portal, Record, Stage, portal_of};

impl Portal {
    /// A user by owner id.
    pub fn owner(&self, id: &str) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.id == id)
    }

    /// The stage that a deal is in.
    pub fn stage_of(&self, deal: &str) -> Option<&Stage> {
        let stage = self.record(Kind::Deal, deal)?.get("dealstage")?;
        self.stage(stage).map(|(_, stage)| stage)
    }

    /// The primary company of a deal.
    pub fn company_of(&self, deal: &str) -> Option<&Record> {
        let mut links = self.links_between(Kind::Deal, deal, Kind::Company);
        let primary =
            links.find(|link| link.types.iter().any(|kind| kind.label.as_deref() == Some("Primary")))?;
        self.record(Kind::Company, &primary.to.1)
    }

    /// The contacts of a deal, each with its labels.
    pub fn contacts_of(&self, deal: &str) -> Vec<(&Record, Vec<&str>)> {
        let links = self.links_between(Kind::Deal, deal, Kind::Contact);
        links
            .filter_map(|link| {
                let labels = link.types.iter().filter_map(|kind| kind.label.as_deref());
                Some((self.record(Kind::Contact, &link.to.1)?, labels.collect()))
            })
            .collect()
    }

    /// Every label that a contact can have on a deal.
    pub fn contact_labels(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|(_, label)| label.as_str())
    }

    /// Replaces the labels of a contact on a deal.
    pub fn relabel_contact(&mut self, deal: &str, contact: &str, labels: &[&str]) {
        self.unlink_contact(deal, contact);
        self.link_contact(deal, contact, labels);
    }

    /// Takes a contact off a deal.
    pub fn unlink_contact(&mut self, deal: &str, contact: &str) {
        let (deal, contact) = ((Kind::Deal, deal.to_owned()), (Kind::Contact, contact.to_owned()));
        self.links.retain(|link| link.from != deal || link.to != contact);
    }
}

impl HubspotState {
    /// Moves a deal back to the last open stage of its pipeline, and returns the events that HubSpot sends about it.
    ///
    /// # Errors
    ///
    /// There is no such deal, or its pipeline has no open stage.
    pub fn reopens_deal(&mut self, deal: &str) -> Result<Vec<Value>, NotThere> {
        let portal = portal_of(&mut self.portals, deal)?;
        let pipeline = portal.record(Kind::Deal, deal).and_then(|record| record.get("pipeline"));
        let pipeline = portal.pipelines.iter().find(|known| Some(known.id.as_str()) == pipeline);
        let open = pipeline.and_then(|pipeline| pipeline.stages.iter().rfind(|stage| !stage.closed));
        let open = open.ok_or_else(|| NotThere(format!("no open stage for deal {deal}")))?.id.clone();
        self.move_to_stage(deal, &open)
    }
}
