//! The fields that an admin made in the org of the story, and what its pick lists offer.

use super::salesforce::{Field, Object, Org, Type};

/// The fields that the mapping reads and no org has by itself, the key field of tasks, and the contact role
/// that Salesforce does not think of.
pub(super) fn add_fields(org: &mut Org) {
    let texts = [
        ("Handoff_Why_Now__c", "Why now"),
        ("Handoff_Success_Outcome__c", "First result they want"),
        ("Handoff_Promises__c", "Promises made"),
        ("Handoff_First_Value__c", "First value"),
        ("Handoff_Expansion__c", "Expansion angle"),
    ];
    for (name, label) in texts {
        org.add_field(Object::Opportunity, Field::new(name, label, Type::LongText));
    }
    let date = Field::new("Handoff_First_Value_Date__c", "First value by", Type::Date);
    org.add_field(Object::Opportunity, date);
    let risks = Field::new("Handoff_Risks__c", "Risks", Type::Choices).choices(&[
        ("none", "None"),
        ("security_review", "Security review still open"),
        ("data_migration", "Data migration needed"),
        ("champion_leaving", "Champion may leave"),
        ("thin_team", "Nobody has time for the rollout"),
    ]);
    let risks = risks.restricted();
    org.add_field(Object::Opportunity, risks);
    let tier = Field::new("Customer_Tier__c", "Customer tier", Type::Choice).choices(&[
        ("standard", "Standard"),
        ("strategic", "Strategic"),
        ("enterprise", "Enterprise"),
    ]);
    org.add_field(Object::Account, tier);
    let key = Field::new("Handoff_Key__c", "Handoff key", Type::Text).external_id(true);
    org.add_field(Object::Task, key);
    org.add_choice(Object::ContactRole, "Role", "Blocker");
}
