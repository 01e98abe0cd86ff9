//! What an org says about itself, asked for in one go: for comparing a mapping with it, and for writing one.
//!
//! Salesforce shows only what our user may see: what is missing here does not exist, or is hidden.
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm>

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::Client;
use super::error::{CallError, unless_denied};
use super::field::Described;
use super::soql;
use crate::clock::Clock;
use crate::failure::Failure;
use handoff_core::record::{
    AccountKey, AccountMetadata, CrmObject, Lacking, PipelineMetadata, User, WantedFields, WrongSetting,
};

/// What a mapping can name, and what is missing when our user cannot see it.
const OBJECTS: [(CrmObject, &str, &str); 3] = [
    (CrmObject::Deal, "Opportunity", "no opportunity can be read"),
    (CrmObject::Company, "Account", "no account can be read"),
    (CrmObject::LineItem, "OpportunityLineItem", "nobody can see what was sold"),
];

/// Asked for only when a mapping names something that is nowhere else.
const ELSEWHERE: [(CrmObject, &str); 2] = [(CrmObject::Contact, "Contact"), (CrmObject::User, "User")];

/// The settings of an account that only its org can judge.
pub(super) struct TaskSettings<'a> {
    pub(super) task_status: Option<&'a str>,
    pub(super) task_key_field: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stage {
    master_label: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordType {
    developer_name: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Organization {
    id: String,
    time_zone_sid_key: Option<String>,
}

pub(super) async fn metadata(
    client: &Client,
    account: &AccountKey,
    wanted: &WantedFields,
    settings: &TaskSettings<'_>,
    clock: &Clock,
) -> Result<AccountMetadata, Failure> {
    let found = AccountMetadata::new(account.clone(), clock.now());
    let mut description = Description { client, found };
    for (object, name, consequence) in OBJECTS {
        if let Some(described) = description.describe(name, consequence).await? {
            description.found.objects.insert(object, described.metadata());
        }
    }
    description.elsewhere(wanted).await?;
    description.people().await?;
    description.wins().await?;
    description.organization().await?;
    description.tasks(settings).await?;
    Ok(description.found)
}

/// The active user with this e-mail address.
pub(super) async fn user_by_email(client: &Client, email: &str) -> Result<Option<User>, CallError> {
    let rows = client.query::<User>(&soql::user_by_email(email)).await?;
    Ok(rows.records.into_iter().next())
}

struct Description<'a> {
    client: &'a Client,
    found: AccountMetadata,
}

impl Description<'_> {
    /// Contacts and users, if a wanted field is not where the mapping looks for it.
    async fn elsewhere(&mut self, wanted: &WantedFields) -> Result<(), Failure> {
        let found = &self.found;
        let missing = wanted.paths.iter().any(|path| {
            let first = path.name.split('.').next().unwrap_or_default();
            let object = CrmObject::from(path.object);
            let fields = found.fields(object).unwrap_or_default();
            let leads = fields.iter().filter_map(|field| field.lookup.as_ref());
            found.field(object, first).is_none()
                && !leads.into_iter().any(|lookup| lookup.way.eq_ignore_ascii_case(first))
        });
        if missing {
            for (object, name) in ELSEWHERE {
                if let Ok(described) = self.client.describe(name).await {
                    self.found.objects.insert(object, described.metadata());
                }
            }
        }
        Ok(())
    }

    async fn people(&mut self) -> Result<(), Failure> {
        let consequence = "nobody can be shown among the stakeholders";
        if let Some(roles) = self.describe("OpportunityContactRole", consequence).await? {
            self.found.labels = roles.options("Role");
            self.found.may_give_roles = Some(roles.createable && roles.updateable);
        }
        Ok(())
    }

    async fn wins(&mut self) -> Result<(), Failure> {
        let stages: Option<Vec<Stage>> = self.ask(soql::OFFERED_WON_STAGES, "the won stages").await?;
        self.found.won_stages =
            stages.map(|stages| stages.into_iter().map(|stage| stage.master_label).collect());
        let fields = self.found.fields(CrmObject::Deal).unwrap_or_default();
        let leads = fields.iter().filter_map(|field| field.lookup.as_ref());
        // The lookup exists only in orgs that defined record types.
        if !leads.into_iter().any(|lookup| lookup.way == "RecordType") {
            self.found.pipelines = Some(Vec::new());
            return Ok(());
        }
        let types: Option<Vec<RecordType>> = self.ask(soql::RECORD_TYPES, "the record types").await?;
        self.found.pipelines = types.map(|types| {
            let pipeline = |kind: RecordType| PipelineMetadata {
                id: kind.developer_name,
                label: kind.name,
                can_win: None,
            };
            types.into_iter().map(pipeline).collect()
        });
        Ok(())
    }

    async fn organization(&mut self) -> Result<(), Failure> {
        let rows: Option<Vec<Organization>> = self.ask(soql::ORGANIZATION, "the organisation").await?;
        if let Some(organization) = rows.and_then(|rows| rows.into_iter().next()) {
            self.found.opened = Some(organization.id);
            self.found.time_zone = organization.time_zone_sid_key;
        }
        Ok(())
    }

    /// Whether tasks can be created the way the configuration wants them.
    async fn tasks(&mut self, settings: &TaskSettings<'_>) -> Result<(), Failure> {
        let consequence = "no task can be created";
        let Some(task) = self.describe("Task", consequence).await? else { return Ok(()) };
        if !task.createable {
            let permissions = vec!["Create on tasks (Edit Tasks)".to_owned()];
            let consequence = consequence.to_owned();
            self.found.lacking.push(Lacking { permissions, consequence });
        }
        if let Some(status) = settings.task_status
            && let Some(offered) = task.options("Status")
            && !offered.iter().any(|option| option.value == status)
        {
            let offered: Vec<String> =
                offered.iter().take(5).map(|option| format!("`{}`", option.value)).collect();
            self.found.settings.push(WrongSetting {
                key: "task_status",
                message: format!("tasks of this org have no status `{status}`"),
                help: format!("write one that it has: {}", offered.join(", ")),
            });
        }
        if let Some(key) = settings.task_key_field {
            self.found.settings.extend(task.wrong_key(key));
        }
        Ok(())
    }

    /// An object as our user sees it; `None` if it is hidden, which is noted.
    async fn describe(&mut self, name: &str, consequence: &str) -> Result<Option<Described>, Failure> {
        let answer = self.client.describe(name).await;
        let described = unless_denied(answer, &format!("describing {name}"))?;
        if described.is_none() {
            let permissions = vec![format!("Read on {name}")];
            self.found.lacking.push(Lacking { permissions, consequence: consequence.to_owned() });
        }
        Ok(described)
    }

    /// The rows of a query; `None` if our user may not ask it.
    async fn ask<T: DeserializeOwned>(&self, query: &str, what: &str) -> Result<Option<Vec<T>>, Failure> {
        unless_denied(self.client.query_all(query).await, &format!("reading {what}"))
    }
}
