//! The two CRMs, as a scenario needs them: the same verbs, whatever is behind.

use handoff_bridge::demo::PUBLIC_URL;
use handoff_sandbox::hubspot::{Kind, Record as HubspotRecord};
use handoff_sandbox::salesforce::{Notification, Object, Record as SalesforceRecord};
use handoff_sandbox::{Answer, Delivery, Fault, LoggedCall, Mark, Sandbox, Times, deals, opportunities};
use jiff::Timestamp;
use serde_json::Value;

use crate::world::Task;

/// Which CRM a scenario plays in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Hubspot,
    Salesforce,
}

/// What the CRM has to say about a win; nobody has heard it yet.
#[derive(Debug, Clone)]
pub enum Announcement {
    Events(Vec<Value>),
    Notifications(Vec<Notification>),
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hubspot => "hubspot",
            Self::Salesforce => "salesforce",
        }
    }

    /// A deal that lacks nothing, of an important account.
    pub fn complete(self) -> &'static str {
        match self {
            Self::Hubspot => deals::STORY[0].id,
            Self::Salesforce => opportunities::STORY[0].id,
        }
    }

    /// A deal that lacks most of it.
    pub fn half_empty(self) -> &'static str {
        match self {
            Self::Hubspot => deals::STORY[1].id,
            Self::Salesforce => opportunities::STORY[1].id,
        }
    }

    /// One more deal, which is created in a won stage (HubSpot) or is a person's (Salesforce).
    pub fn third(self) -> &'static str {
        match self {
            Self::Hubspot => deals::STORY[3].id,
            Self::Salesforce => opportunities::STORY[2].id,
        }
    }

    /// The account as the store names it.
    pub fn account(self) -> String {
        match self {
            Self::Hubspot => format!("hubspot:{}", deals::PORTAL),
            Self::Salesforce => format!("salesforce:{}", opportunities::ORG),
        }
    }

    /// The call that creates a task.
    pub fn create_task(self) -> &'static str {
        match self {
            Self::Hubspot => "POST /crm/objects/*/tasks",
            Self::Salesforce => "POST /services/data/*/sobjects/Task",
        }
    }

    /// The call that reads a deal first.
    pub fn read_deal(self) -> &'static str {
        match self {
            Self::Hubspot => "GET /crm/objects/*/deals/*",
            Self::Salesforce => "GET /services/data/*/query",
        }
    }

    /// "Come back later", as this CRM says it.
    pub fn busy(self) -> Fault {
        match self {
            Self::Hubspot => Fault::hubspot_burst(),
            Self::Salesforce => Fault::salesforce_row_locked(),
        }
    }

    /// "This will never do", as this CRM says it of a task.
    pub fn refuses_the_task(self) -> Fault {
        match self {
            Self::Hubspot => {
                let refused = serde_json::json!({"status": "error", "category": "VALIDATION_ERROR"});
                Fault::Refuse(Answer::json(400, &refused))
            }
            Self::Salesforce => Fault::salesforce_validation("Subject", "Not like this."),
        }
    }

    /// The deal is won in the CRM.
    pub fn wins(self, sandbox: &Sandbox, deal: &str) -> Announcement {
        match self {
            Self::Hubspot => {
                Announcement::Events(sandbox.hubspot.change(|hubspot| deals::happens(hubspot, deal)).unwrap())
            }
            Self::Salesforce => Announcement::Notifications(
                sandbox.salesforce.change(|salesforce| opportunities::happens(salesforce, deal)).unwrap(),
            ),
        }
    }

    /// The deal goes back to a stage that is not won.
    pub fn reopens(self, sandbox: &Sandbox, deal: &str) {
        match self {
            Self::Hubspot => {
                sandbox.hubspot.move_to_stage(deal, "contractsent").unwrap();
            }
            Self::Salesforce => {
                sandbox.salesforce.move_to_stage(deal, "Offer").unwrap();
            }
        }
    }

    /// Somebody writes the success outcome of a deal in the CRM; an empty text clears it.
    pub fn writes_outcome(self, sandbox: &Sandbox, deal: &str, text: &str, now: Timestamp) {
        match self {
            Self::Hubspot => sandbox.hubspot.change(|hubspot| {
                let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
                portal.set(Kind::Deal, deal, "handoff_success_outcome", text, now);
            }),
            Self::Salesforce => sandbox.salesforce.change(|salesforce| {
                salesforce.changes(deal, &[("Handoff_Success_Outcome__c", text)]).unwrap();
            }),
        }
    }

    /// A person sets the status of a task.
    pub fn sets_task_status(self, sandbox: &Sandbox, task: &str, closed: bool, now: Timestamp) {
        match self {
            Self::Hubspot => sandbox.hubspot.change(|hubspot| {
                let status = if closed { "COMPLETED" } else { "NOT_STARTED" };
                let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
                portal.set(Kind::Task, task, "hs_task_status", status, now);
            }),
            Self::Salesforce => sandbox.salesforce.change(|salesforce| {
                let status = if closed { "Completed" } else { "Not Started" };
                let org = salesforce.org_mut(opportunities::ORG).unwrap();
                org.set(Object::Task, task, "Status", status, now);
            }),
        }
    }

    /// The CRM hides a deal, or shows it again.
    pub fn hides_deal(self, sandbox: &Sandbox, deal: &str, hidden: bool) {
        match self {
            Self::Hubspot => sandbox.hubspot.change(|hubspot| {
                let portal = hubspot.portal_mut(deals::PORTAL).unwrap();
                if hidden { portal.archive(Kind::Deal, deal) } else { portal.restore(Kind::Deal, deal) }
            }),
            Self::Salesforce => sandbox.salesforce.change(|salesforce| {
                let org = salesforce.org_mut(opportunities::ORG).unwrap();
                let object = Object::Opportunity;
                if hidden { org.delete(object, deal) } else { org.undelete(object, deal) }
            }),
        }
    }

    /// A person deletes a task.
    pub fn deletes_task(self, sandbox: &Sandbox, task: &str) {
        match self {
            Self::Hubspot => sandbox.hubspot.change(|hubspot| {
                hubspot.portal_mut(deals::PORTAL).unwrap().archive(Kind::Task, task);
            }),
            Self::Salesforce => sandbox.salesforce.change(|salesforce| {
                salesforce.org_mut(opportunities::ORG).unwrap().delete(Object::Task, task);
            }),
        }
    }

    pub fn tasks_on(self, sandbox: &Sandbox, deal: &str) -> Vec<Task> {
        match self {
            Self::Hubspot => {
                sandbox.hubspot.see(|hubspot| hubspot.tasks_of(deal).into_iter().map(hubspot_task).collect())
            }
            Self::Salesforce => sandbox
                .salesforce
                .see(|salesforce| salesforce.tasks_of(deal).into_iter().map(salesforce_task).collect()),
        }
    }

    pub async fn has_task(self, sandbox: &Sandbox, deal: &str) {
        match self {
            Self::Hubspot => sandbox.hubspot.until(|hubspot| !hubspot.tasks_of(deal).is_empty()).await,
            Self::Salesforce => {
                sandbox.salesforce.until(|salesforce| !salesforce.tasks_of(deal).is_empty()).await;
            }
        }
    }

    pub fn fails(self, sandbox: &Sandbox, pattern: &str, fault: Fault, times: Times) {
        match self {
            Self::Hubspot => sandbox.hubspot.fails(pattern, fault, times),
            Self::Salesforce => sandbox.salesforce.fails(pattern, fault, times),
        }
    }

    pub fn recovers(self, sandbox: &Sandbox) {
        match self {
            Self::Hubspot => {
                sandbox.hubspot.clear_faults();
                sandbox.hubspot.release();
            }
            Self::Salesforce => {
                sandbox.salesforce.clear_faults();
                sandbox.salesforce.release();
            }
        }
    }

    /// The log of calls from here on begins at this mark.
    pub fn mark(self, sandbox: &Sandbox) -> Mark {
        match self {
            Self::Hubspot => sandbox.hubspot.log().mark(),
            Self::Salesforce => sandbox.salesforce.log().mark(),
        }
    }

    /// Calls since the mark, one line each.
    pub fn calls_since(self, sandbox: &Sandbox, mark: Mark) -> Vec<String> {
        let lines = |calls: &[LoggedCall]| calls.iter().map(LoggedCall::line).collect();
        match self {
            Self::Hubspot => lines(sandbox.hubspot.log().calls_since(mark)),
            Self::Salesforce => lines(sandbox.salesforce.log().calls_since(mark)),
        }
    }

    /// A call of this CRM's hangs.
    pub async fn hangs(self, sandbox: &Sandbox) {
        use handoff_sandbox::Platform as _;
        match self {
            Self::Hubspot => sandbox.hubspot.until(|hubspot| hubspot.recorder().faults.hung() > 0).await,
            Self::Salesforce => {
                sandbox.salesforce.until(|salesforce| salesforce.recorder().faults.hung() > 0).await;
            }
        }
    }
}

impl Announcement {
    /// The webhooks that carry it, as sent for the `attempt`-th time (from 0).
    pub fn webhooks(&self, sandbox: &Sandbox, now: Timestamp, attempt: u32) -> Vec<Delivery> {
        match self {
            Self::Events(events) => {
                let url = format!("{PUBLIC_URL}/webhooks/hubspot");
                vec![Delivery::retry(&url, deals::CLIENT_SECRET, events, now, attempt)]
            }
            Self::Notifications(notifications) => sandbox.salesforce.see(|salesforce| {
                let webhook = |one| opportunities::announces(salesforce, one, PUBLIC_URL, now).unwrap();
                notifications.iter().map(webhook).collect()
            }),
        }
    }
}

fn hubspot_task(record: &HubspotRecord) -> Task {
    Task {
        id: record.id.clone(),
        subject: record.get("hs_task_subject").unwrap_or_default().to_owned(),
        body: record.get("hs_task_body").unwrap_or_default().to_owned(),
        owner: record.get("hubspot_owner_id").map(ToOwned::to_owned),
        due: record.get("hs_timestamp").unwrap_or_default().to_owned(),
        priority: record.get("hs_task_priority").unwrap_or_default().to_owned(),
        status: record.get("hs_task_status").unwrap_or_default().to_owned(),
    }
}

fn salesforce_task(record: &SalesforceRecord) -> Task {
    Task {
        id: record.id.clone(),
        subject: record.get("Subject").unwrap_or_default().to_owned(),
        body: record.get("Description").unwrap_or_default().to_owned(),
        owner: record.get("OwnerId").map(ToOwned::to_owned),
        due: record.get("ActivityDate").unwrap_or_default().to_owned(),
        priority: record.get("Priority").unwrap_or_default().to_owned(),
        status: record.get("Status").unwrap_or_default().to_owned(),
    }
}
