//! What a portal says about itself, asked for in one go: for comparing a mapping with it, and for writing one.
//!
//! <https://developers.hubspot.com/docs/api-reference/latest/crm/properties/guide>

use std::collections::BTreeSet;

use tokio::join;

use super::client::Client;
use super::error::CallError;
use super::field::described;
use super::win::is_won;
use super::wire::{Details, LinkType, Page, Pipeline};
use crate::clock::Clock;
use crate::failure::Failure;
use handoff_core::record::{
    AccountKey, AccountMetadata, CrmObject, Lacking, OptionMetadata, PipelineMetadata, WantedFields,
};

/// The objects with properties, and the word for each in a path and in a scope.
const OBJECTS: [(CrmObject, &str); 4] = [
    (CrmObject::Deal, "deals"),
    (CrmObject::Company, "companies"),
    (CrmObject::LineItem, "line_items"),
    (CrmObject::Contact, "contacts"),
];

/// What the service cannot do without, and what is missing then.
const NEEDED: [(&str, &str); 6] = [
    ("crm.objects.deals.read", "no deal can be read"),
    ("crm.objects.contacts.read", "nobody can be shown among the stakeholders"),
    ("crm.objects.contacts.write", "no task can be created"),
    ("crm.objects.companies.read", "no company can be read"),
    ("crm.objects.line_items.read", "nobody can see what was sold"),
    ("crm.objects.owners.read", "no owner has a name, and none gets the task"),
];

/// Lists of properties that the plain one leaves out: what `archived` and `dataSensitivity` ask for.
const ELSEWHERE: [(&str, Option<&str>); 3] =
    [("true", None), ("false", Some("sensitive")), ("false", Some("highly_sensitive"))];

pub(super) async fn metadata(
    client: &Client,
    account: &AccountKey,
    wanted: &WantedFields,
    clock: &Clock,
) -> Result<AccountMetadata, Failure> {
    let mut description = Description { found: AccountMetadata::new(account.clone(), clock.now()) };
    // One after the other: if the token or the network is broken, one call finds out.
    for object in OBJECTS {
        description.properties(client, object, wanted).await?;
    }
    description.rest(client).await?;
    Ok(description.found)
}

struct Description {
    found: AccountMetadata,
}

impl Description {
    /// The properties of one object: the plain list, and where a wanted name is not in it, the lists of archived
    /// and of sensitive ones.
    async fn properties(
        &mut self,
        client: &Client,
        (object, word): (CrmObject, &str),
        wanted: &WantedFields,
    ) -> Result<(), Failure> {
        let Some(plain) = self.answered(client.properties(word, "false", None).await, word)? else {
            return Ok(());
        };
        let mut fields: Vec<_> = plain.into_iter().map(|property| described(property, word)).collect();
        let wants = |name: &str| fields.iter().any(|field| field.name == name);
        let of_object = wanted.paths.iter().filter(|path| CrmObject::from(path.object) == object);
        if of_object.into_iter().any(|path| !wants(&path.name)) {
            for (archived, sensitivity) in ELSEWHERE {
                // Not every account has sensitive properties; being refused here says nothing about the mapping.
                let Ok(more) = client.properties(word, archived, sensitivity).await else { continue };
                for property in more {
                    let field = described(property, word);
                    if fields.iter().all(|known| known.name != field.name) {
                        fields.push(field);
                    }
                }
            }
        }
        self.found.objects.insert(object, fields);
        Ok(())
    }

    async fn rest(&mut self, client: &Client) -> Result<(), Failure> {
        let at_pipelines = client.dated("crm/pipelines", "/deals");
        let at_labels = client.dated("crm/associations", "/deals/contacts/labels");
        let at_details = client.dated("account-info", "/details");
        let (pipelines, labels, details, granted) = join!(
            client.ask::<Page<Pipeline>>(&at_pipelines, &[]),
            client.ask::<Page<LinkType>>(&at_labels, &[]),
            client.ask::<Details>(&at_details, &[]),
            client.granted(),
        );
        if let Some(page) = self.answered(pipelines, "pipelines")? {
            self.pipelines(&page.results);
        }
        if let Some(page) = self.answered(labels, "association labels")? {
            let labels = page.results.into_iter().filter_map(|kind| kind.label.0);
            let labels = labels.filter(|label| !label.trim().is_empty());
            let option = |label: String| OptionMetadata { value: label.clone(), label };
            self.found.labels = Some(labels.map(option).collect());
        }
        // Nice to know, and nothing else depends on it.
        if let Ok(details) = details {
            self.found.opened = details.portal_id;
            self.found.time_zone = details.time_zone.0;
            self.found.currency = details.company_currency.0;
        }
        if let Some(granted) = granted {
            self.grant(granted);
        }
        Ok(())
    }

    fn pipelines(&mut self, pipelines: &[Pipeline]) {
        let won = |pipeline: &Pipeline| {
            pipeline
                .stages
                .iter()
                .filter(|stage| is_won(stage))
                .map(|stage| stage.label.0.clone())
                .collect::<Vec<_>>()
        };
        self.found.won_stages = Some(pipelines.iter().flat_map(won).collect());
        let summary = |pipeline: &Pipeline| PipelineMetadata {
            id: pipeline.id.clone(),
            label: pipeline.label.0.clone(),
            can_win: Some(!won(pipeline).is_empty()),
        };
        self.found.pipelines = Some(pipelines.iter().map(summary).collect());
    }

    /// Compares the scopes that were granted with those that are needed.
    fn grant(&mut self, granted: BTreeSet<String>) {
        for (scope, consequence) in NEEDED.into_iter().filter(|(scope, _)| !granted.contains(*scope)) {
            // A refused call has said the same, in HubSpot's order of scopes.
            self.found.lacking.retain(|lacking| !lacking.permissions.iter().any(|known| known == scope));
            let (permissions, consequence) = (vec![scope.to_owned()], consequence.to_owned());
            self.found.lacking.push(Lacking { permissions, consequence });
        }
        for field in self.found.objects.values_mut().flatten() {
            if field.needs.iter().any(|scope| granted.contains(scope)) {
                field.needs.clear();
            }
        }
        self.found.granted = Some(granted);
    }

    /// The answer, or `None` if we may not ask, which is noted. Anything else ends the description.
    fn answered<T>(&mut self, answer: Result<T, CallError>, what: &str) -> Result<Option<T>, Failure> {
        let error = match answer {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        if !error.is_forbidden() {
            return Err(error.retry(&format!("reading {}", spoken(what))));
        }
        let mut permissions = error.required_scopes();
        if permissions.is_empty() {
            permissions.push(NEEDED[0].0.to_owned());
        }
        let consequence = format!("{} cannot be read", spoken(what));
        self.found.lacking.push(Lacking { permissions, consequence });
        Ok(None)
    }
}

fn spoken(what: &str) -> String {
    match OBJECTS.iter().find(|(_, word)| *word == what) {
        Some((_, word)) => format!("the properties of {}", word.replace('_', " ")),
        None => format!("the {what}"),
    }
}
