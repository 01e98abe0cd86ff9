//! What a person answered, written to an org that keeps records: the sandbox.

use std::sync::atomic::{AtomicI64, Ordering};

use handoff_sandbox::salesforce::{Field, Object, Org as SandboxOrg, Type, ValidationRule};
use handoff_sandbox::{Fault, Sandbox, Times};

use super::*;
use crate::crm::{DealWrite, WriteOutcome, WriteRefusal};
use handoff_core::packet::{Change, FieldChange, RoleChange, RoleTarget, Shown};
use handoff_core::record::FieldKind;

const DANA: &str = "003Hn00002AbCdEIAV";
const KIT: &str = "003Hn00002AbCdFIAV";
const PROMISES: &str = "Handoff_Promises__c";
const ANSWER: &str = "SSO before go-live on 1 March\nNo set-up fee";
const PATCH: &str = "PATCH /services/data/*/sobjects/Opportunity/*";
const POST_ROLE: &str = "POST /services/data/*/sobjects/OpportunityContactRole";

/// An org whose integration user may write what the mapping names, with one deal that is won.
struct Seller {
    sandbox: Sandbox,
    seconds: Arc<AtomicI64>,
    salesforce: Arc<Salesforce>,
}

impl Seller {
    fn new() -> Self {
        let start: Timestamp = "2026-11-22T07:50:00Z".parse().unwrap();
        let seconds = Arc::new(AtomicI64::new(start.as_second() + 600));
        let now = Arc::clone(&seconds);
        let now = move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap();
        let sandbox = Sandbox::start(now).unwrap();
        let mut org = SandboxOrg::new(ORG, "acme");
        org.add_jwt_app(
            "consumer",
            &handoff_sandbox::opportunities::JWT_KEY.public_der,
            "bridge@acme.example",
        );
        org.add_user("005Hn00000AbCdGIAV", ("Handoff", "Bridge"), "bridge@acme.example", true);
        let tiers = [("gold", "Gold tier"), ("silver", "Silver tier")];
        for field in [
            Field::new(PROMISES, "Promises made", Type::LongText),
            Field::new("Terms__c", "Terms", Type::RichText),
            Field::new("Tier__c", "Tier", Type::Choice).choices(&tiers).restricted(),
            Field::new("Risks__c", "Risks", Type::Choices).choices(&tiers).restricted(),
            Field::new("Live__c", "Live on", Type::Date),
            Field::new("Seats__c", "Seats", Type::Number),
            Field::new("Signed__c", "Signed", Type::Flag),
        ] {
            org.add_field(Object::Opportunity, field);
        }
        let values = [("Name", "Northwind"), ("StageName", "Closed Won"), (PROMISES, "TBD")];
        org.add_opportunity(DEAL, start, &values);
        org.add_contact(DANA, "", start, ("Dana", "Ortega"), &[]);
        org.add_contact(KIT, "", start, ("Kit", "Moran"), &[]);
        org.grant_edit(&[PROMISES, "Terms__c", "Tier__c", "Risks__c", "Live__c", "Seats__c", "Signed__c"]);
        sandbox.salesforce.change(|state| state.add_org(org));
        let salesforce = Arc::new(connect(&config(sandbox.salesforce.url()), &clock()));
        Self { sandbox, seconds, salesforce }
    }

    fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn org<T>(&self, change: impl FnOnce(&mut SandboxOrg) -> T) -> T {
        self.sandbox.salesforce.change(|state| change(state.org_mut(ORG).unwrap()))
    }

    fn fails(&self, pattern: &str, fault: Fault) {
        self.sandbox.salesforce.fails(pattern, fault, Times::Next(1));
    }

    /// A person of the org edits the deal.
    fn edits(&self, field: &str, value: &str) {
        self.advance(1);
        self.sandbox.salesforce.change(|state| state.changes(DEAL, &[(field, value)])).unwrap();
    }

    fn held(&self, field: &str) -> Option<String> {
        self.org(|org| org.record(Object::Opportunity, DEAL).unwrap().get(field).map(ToOwned::to_owned))
    }

    /// The role of each row on the deal, with the contact's first name, oldest first.
    fn roles(&self) -> Vec<String> {
        self.org(|org| {
            let rows = org.records(Object::ContactRole);
            let name =
                |id: &str| org.record(Object::Contact, id).unwrap().get("FirstName").unwrap().to_owned();
            rows.map(|row| {
                format!("{} {}", name(row.get("ContactId").unwrap()), row.get("Role").unwrap_or("-"))
            })
            .collect()
        })
    }

    async fn write(&self, change: Change) -> Result<WriteOutcome, Failure> {
        write(&self.salesforce, change).await
    }

    async fn answer(&self) -> Result<WriteOutcome, Failure> {
        self.write(promises(ANSWER, Some("TBD"))).await
    }

    async fn role(&self, contact: &str, label: &str) -> Result<WriteOutcome, Failure> {
        let (contact, label) = (contact.to_owned(), label.to_owned());
        self.write(Change::Role(RoleChange { contact, label, kept_as: RoleTarget::Roles })).await
    }

    /// Writes the answer, and makes each edit between a read of the deal and the write that follows it.
    async fn answer_while(&self, edits: &[(&str, &str)]) -> Result<WriteOutcome, Failure> {
        let times = u32::try_from(edits.len()).unwrap();
        self.sandbox.salesforce.fails(PATCH, Fault::HangBefore, Times::Next(times));
        let salesforce = Arc::clone(&self.salesforce);
        let writing = tokio::spawn(async move { write(&salesforce, promises(ANSWER, Some("TBD"))).await });
        for (index, (field, value)) in edits.iter().enumerate() {
            let hung = u64::try_from(index).unwrap() + 1;
            let recorder = |state: &handoff_sandbox::SalesforceState| {
                handoff_sandbox::Platform::recorder(state).faults.hung() == hung
            };
            let reached = self.sandbox.salesforce.until(recorder);
            tokio::time::timeout(Duration::from_secs(9), reached).await.expect("the deal is written to");
            self.edits(field, value);
            self.sandbox.salesforce.release();
        }
        writing.await.unwrap()
    }

    /// The requests so far, without the login.
    fn requests(&self) -> Vec<String> {
        let base = "/services/data/v66.0/";
        let log = self.sandbox.salesforce.log();
        let lines = log.calls().iter().map(|call| call.line().replace(base, "").replace(DEAL, "DEAL"));
        lines.filter(|line| !line.contains("oauth2")).collect()
    }

    fn nothing_was_wrong(&self) {
        assert_eq!(self.sandbox.salesforce.problems(), [""; 0]);
    }
}

async fn write(salesforce: &Salesforce, change: Change) -> Result<WriteOutcome, Failure> {
    let given_at = "2026-11-22T08:05:00Z".parse().unwrap();
    salesforce.write(&DealWrite { deal: DEAL.into(), change, given_at, was_tried: false }).await
}

fn field(name: &str, kind: FieldKind, value: &str, shown: Option<&str>) -> Change {
    Change::Field(FieldChange { name: name.into(), kind, value: value.into(), shown: Shown::of(shown) })
}

fn promises(value: &str, shown: Option<&str>) -> Change {
    field(PROMISES, FieldKind::Text, value, shown)
}

fn conflict(theirs: &str) -> WriteOutcome {
    WriteOutcome::Conflict { theirs: theirs.into(), written_by: None }
}

fn refused(outcome: Result<WriteOutcome, Failure>) -> WriteRefusal {
    match outcome {
        Ok(WriteOutcome::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_written_between_two_reads_in_our_name() {
    let seller = Seller::new();
    assert_eq!(seller.answer().await, Ok(WriteOutcome::Written));
    assert_eq!(seller.held(PROMISES).as_deref(), Some(ANSWER));
    let deal = "sobjects/Opportunity/DEAL";
    assert_eq!(seller.requests(), [format!("GET {deal}"), format!("PATCH {deal}"), format!("GET {deal}")]);
    seller.org(|org| {
        let event = &org.change_events()[0];
        assert_eq!(event.origin, "com/salesforce/api/rest/66.0;client=HandoffBridge");
        assert_eq!(event.fields, [PROMISES]);
    });
    assert_eq!(seller.answer().await, Ok(WriteOutcome::Written), "a second try reads, and that is all");
    assert_eq!((seller.requests().len(), seller.org(|org| org.change_events().len())), (4, 1));
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_value_has_the_type_of_its_field() {
    use FieldKind::{Bool, Choice, Choices, Date, Html, Number, Text};
    let seller = Seller::new();
    for (name, kind, value) in [
        ("Terms__c", Html, "<p>A &amp; B &lt;b&gt;</p><p>C</p>"),
        ("Tier__c", Choice, "gold"),
        ("Risks__c", Choices, "silver;gold"),
        ("Live__c", Date, "2026-12-11"),
        ("Seats__c", Number, "250"),
        ("Signed__c", Bool, "true"),
        // The mapping's spelling of a field does not have to be the org's.
        ("handoff_promises__C", Text, "<b>None</b> & nothing"),
    ] {
        let shown = Some("TBD").filter(|_| kind == Text).or(Some("false").filter(|_| kind == Bool));
        assert_eq!(seller.write(field(name, kind, value, shown)).await, Ok(WriteOutcome::Written), "{name}");
        let own = if kind == Text { PROMISES } else { name };
        assert_eq!(seller.held(own).as_deref(), Some(value));
    }
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_field_that_holds_something_else_is_left_alone() {
    let seller = Seller::new();
    seller.edits(PROMISES, "Two workshops\nin May");
    assert_eq!(seller.answer().await, Ok(conflict("Two workshops\nin May")));
    seller.edits(PROMISES, "");
    assert_eq!(seller.answer().await, Ok(conflict("")), "clearing it is an edit too");
    assert!(seller.requests().iter().all(|request| request.starts_with("GET")));
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn an_edit_between_read_and_write_decides() {
    let seller = Seller::new();
    let outcome = seller.answer_while(&[("Amount", "9000"), ("NextStep", "Call")]).await;
    assert_eq!(outcome, Ok(WriteOutcome::Written), "of another field: the write is made again");
    assert_eq!(seller.requests().iter().filter(|request| request.starts_with("PATCH")).count(), 3);
    assert_eq!(seller.held("NextStep").as_deref(), Some("Call"));

    let seller = Seller::new();
    let outcome = seller.answer_while(&[(PROMISES, "Two workshops")]).await;
    assert_eq!(outcome, Ok(conflict("Two workshops")), "of the same field: it stays");
    assert_eq!(seller.held(PROMISES).as_deref(), Some("Two workshops"));

    let seller = Seller::new();
    let steps = ["1", "2", "3", "4"].map(|step| ("NextStep", step));
    let Err(Failure::Retry { why, .. }) = seller.answer_while(&steps).await else { panic!() };
    insta::assert_snapshot!(why, @"writing an answer to the opportunity: it is changed again and again");
    assert_eq!(seller.held(PROMISES).as_deref(), Some("TBD"));
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn what_the_orgs_automation_makes_of_an_answer_stands() {
    let seller = Seller::new();
    seller.org(|org| org.add_before_save_flow(PROMISES, str::to_uppercase));
    assert_eq!(seller.answer().await, Ok(WriteOutcome::Written));
    assert_eq!(seller.held(PROMISES), Some(ANSWER.to_uppercase()));
    let seller = Seller::new();
    seller.org(|org| org.add_before_save_flow(PROMISES, |_| "TBD".to_owned()));
    assert_eq!(seller.answer().await, Ok(conflict("TBD")), "a flow that lets nothing in");
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_refusal_carries_the_admins_words_as_text() {
    let seller = Seller::new();
    let message = "Please name a <b>date</b> &amp; a\u{202e} <script>alert(1)</script>person.".to_owned();
    let rule = ValidationRule {
        field: PROMISES.into(),
        refuses: |text| text.contains("SSO"),
        message,
        at_field: false,
    };
    seller.org(|org| org.add_validation_rule(rule));
    let refusal = refused(seller.answer().await);
    assert_eq!((refusal.code.as_str(), refusal.is_locked), ("FIELD_CUSTOM_VALIDATION_EXCEPTION", false));
    insta::assert_snapshot!(refusal.words, @"Please name a date & a person.");
    assert_eq!(seller.held(PROMISES).as_deref(), Some("TBD"));
    seller.org(SandboxOrg::clear_validation_rules);

    let gone = seller.write(field("Tier__c", FieldKind::Choice, "bronze", None)).await;
    insta::assert_snapshot!(refused(gone).words, @"Tier: bad value for restricted picklist field: bronze");
    seller.org(|org| org.hide_field(Object::Opportunity, PROMISES));
    assert_eq!(refused(seller.answer().await).code, "INVALID_FIELD");
    seller.org(|org| org.delete(Object::Opportunity, DEAL));
    assert_eq!(refused(seller.answer().await).code, "NOT_FOUND");
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_lock_passes_and_a_missing_right_does_not() {
    let seller = Seller::new();
    seller.fails(PATCH, Fault::salesforce_row_locked());
    assert!(matches!(seller.answer().await, Err(Failure::Retry { .. })));
    seller.org(|org| org.lock(DEAL));
    let refusal = refused(seller.answer().await);
    assert_eq!((refusal.code.as_str(), refusal.is_locked), ("ENTITY_IS_LOCKED", true));
    seller.org(|org| org.share_read_only(DEAL));
    assert_eq!(refused(seller.answer().await).code, "INSUFFICIENT_ACCESS_OR_READONLY", "one record");
    seller.org(|org| {
        org.unlock(DEAL);
        org.revoke_edit_of(PROMISES);
    });
    assert_eq!(refused(seller.answer().await).code, "INVALID_FIELD_FOR_INSERT_UPDATE", "one field");
    seller.org(SandboxOrg::revoke_edit);
    let Ok(WriteOutcome::NotAllowed { why }) = seller.answer().await else { panic!() };
    insta::assert_snapshot!(why, @"writing an answer to the opportunity: Salesforce answered 403 INSUFFICIENT_ACCESS_OR_READONLY: give the integration user Edit on opportunities (permission set Handoff Write-back)");
    seller.fails("GET /services/data/*", Fault::salesforce_limit());
    assert!(matches!(seller.answer().await, Err(Failure::Pause { .. })));
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_lost_answer_is_decided_by_a_read() {
    for fault in [Fault::DropAfter, Fault::FailAfter] {
        let seller = Seller::new();
        seller.fails(PATCH, fault);
        assert_eq!(seller.answer().await, Ok(WriteOutcome::Written));
        assert_eq!(seller.org(|org| org.change_events().len()), 1);
    }
    let seller = Seller::new();
    seller.fails(PATCH, Fault::DropBefore);
    assert!(matches!(seller.answer().await, Err(Failure::Retry { .. })), "it is not there");
    // The write is done, its answer is lost, and so is the read after it.
    let get = "GET /services/data/*/sobjects/Opportunity/*";
    let salesforce = &seller.sandbox.salesforce;
    salesforce.fails(PATCH, Fault::HangAfter, Times::Next(1));
    let client = Arc::clone(&seller.salesforce);
    let writing = tokio::spawn(async move { write(&client, promises(ANSWER, Some("TBD"))).await });
    salesforce.until(|state| handoff_sandbox::Platform::recorder(state).faults.hung() == 1).await;
    salesforce.fails(get, Fault::salesforce_unavailable(None), Times::Next(1));
    salesforce.release();
    assert!(matches!(writing.await.unwrap(), Err(Failure::Unknown { .. })));
    assert_eq!(seller.answer().await, Ok(WriteOutcome::Written), "the next try finds it");
    assert_eq!(seller.org(|org| org.change_events().len()), 1);
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_role_is_added_and_an_empty_row_filled() {
    let seller = Seller::new();
    let at = "2026-11-22T08:00:00Z".parse().unwrap();
    seller.org(|org| {
        org.add_contact_role(DEAL, DANA, "Evaluator", true, at);
        org.add_contact_role(DEAL, KIT, "", false, at);
    });
    for (contact, label) in [(KIT, "economic buyer"), (KIT, "Economic Buyer"), (DANA, "Executive Sponsor")] {
        assert_eq!(seller.role(contact, label).await, Ok(WriteOutcome::Written));
    }
    assert_eq!(seller.roles(), ["Dana Evaluator", "Kit Economic Buyer", "Dana Executive Sponsor"]);
    assert_eq!(seller.org(|org| org.change_events().len()), 2, "a role that is there is not written");
    let refusal = refused(seller.role(KIT, "Champion").await);
    assert_eq!(refusal.code, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    seller.org(|org| org.lock(DEAL));
    assert!(refused(seller.role(KIT, "Evaluator").await).is_locked);
    seller.org(SandboxOrg::revoke_edit);
    assert!(matches!(seller.role(KIT, "Evaluator").await, Ok(WriteOutcome::NotAllowed { .. })));
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn a_role_whose_answer_was_lost_is_not_added_twice() {
    let seller = Seller::new();
    seller.fails(POST_ROLE, Fault::DropAfter);
    assert_eq!(seller.role(DANA, "Evaluator").await, Ok(WriteOutcome::Written));
    seller.fails(POST_ROLE, Fault::DropBefore);
    assert!(matches!(seller.role(KIT, "Evaluator").await, Err(Failure::Retry { .. })));
    assert_eq!(seller.role(KIT, "Evaluator").await, Ok(WriteOutcome::Written));
    assert_eq!(seller.roles(), ["Dana Evaluator", "Kit Evaluator"]);
    seller.nothing_was_wrong();
}

#[tokio::test]
async fn ids_and_names_of_something_else_reach_no_request() {
    let seller = Seller::new();
    let other = DealWrite {
        deal: "001M000000qfPyS".into(),
        change: promises(ANSWER, None),
        given_at: Timestamp::UNIX_EPOCH,
        was_tried: false,
    };
    assert!(matches!(seller.salesforce.write(&other).await, Err(Failure::GiveUp { .. })));
    for name in ["Account.Name", "Promises', Id", ""] {
        let outcome = seller.write(field(name, FieldKind::Text, "x", None)).await;
        assert!(matches!(outcome, Err(Failure::GiveUp { .. })), "{name}");
    }
    assert!(matches!(seller.role(DEAL, "Evaluator").await, Err(Failure::GiveUp { .. })));
    assert_eq!(seller.requests(), [""; 0]);
}
