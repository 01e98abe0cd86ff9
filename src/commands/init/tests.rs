//! `init --from-crm` against the sandbox: what it writes passes `check` and `check --live`.
#![expect(clippy::too_many_lines, reason = "files are pinned whole")]

use super::*;
use crate::commands::test_env::TestEnv;
use crate::demo::Installation;
use handoff_sandbox::hubspot::{Kind, Portal, Property};
use handoff_sandbox::salesforce::{Field, Object, Org, Type};
use handoff_sandbox::{deals, opportunities};

impl TestEnv {
    fn args(&self, account: &str, out: &Path) -> InitArgs {
        InitArgs {
            config: ConfigArg { config: self.installation.config.clone() },
            from_crm: true,
            subscriptions: false,
            account: Some(account.to_owned()),
            out: Some(out.to_owned()),
            channel: Some("C0123ABCD".to_owned()),
            fallback: Some("iris.okafor@seller.example".to_owned()),
            force: true,
        }
    }

    /// Writes the mapping of an account in place of the shipped one and returns what was said, the file without its
    /// head, and whether the account agrees with it.
    async fn starts(&self, account: &str) -> (String, String, String) {
        let out = match account.split_once(':').unwrap().0 {
            "hubspot" => &self.installation.mapping,
            _ => &self.installation.salesforce_mapping,
        };
        let said = init(&self.args(account, out), &Installation::secret, &self.clock).await;
        let said = said.unwrap_or_else(|problem| panic!("{problem}"));
        let text = std::fs::read_to_string(out).unwrap();
        let report = self.report().await;
        let name = out.display().to_string();
        let problems = report.files.iter().find(|file| file.file() == name).unwrap();
        assert!(!problems.has_errors(), "{problems}");
        let (_, body) = text.split_once("\ncrm: ").unwrap();
        (self.plain(&said), format!("crm: {body}"), self.plain(&problems.to_string()))
    }
}

#[tokio::test]
async fn a_portal_with_the_fields_of_the_kit() {
    let (said, text, found) = TestEnv::new().starts("hubspot:48210077").await;
    insta::assert_snapshot!(said, @"
    DIR/hubspot.yaml is written.

    Still to do:
      - run: handoff check --live
    ");
    insta::assert_snapshot!(text, @r#"
    crm: hubspot

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Berlin

    # Deals of these pipelines get a packet: all of the portal in which a deal can be won. Remove a line to leave one out,
    # or the whole block to take every pipeline there will ever be.
    applies_to:
      pipelines:
        - default  # Sales pipeline
        - "8812345"  # Self-service

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # handoff_why_now (Why now)
      # closed_won_reason (Closed won reason)
      buying_reason:
        from: [deal.handoff_why_now, deal.closed_won_reason]

      # What specific result do they want first?
      # handoff_success_outcome (First result they want)
      success_outcome:
        from: [deal.handoff_success_outcome]

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.

      # What did sales commit to, said or implied?
      # handoff_promises (Promises made)
      promises:
        from: [deal.handoff_promises]
        list: lines

      # What could slow adoption or make the account wobble early?
      # handoff_risks (Risks)
      # handoff_risk_notes (Risk notes)
      risks:
        from: [deal.handoff_risks, deal.handoff_risk_notes]

      # What happens in the first 30 days that proves the deal was smart?
      # handoff_first_value (First value)
      first_value:
        from: [deal.handoff_first_value]
        due: deal.handoff_first_value_date  # First value by

      # What could come later. Never missed when it is empty.
      # handoff_expansion (Expansion angle)
      expansion:
        from: [deal.handoff_expansion]

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The label of a contact on the deal (Settings > Objects > Deals > Associations). Capitals make no difference.
      labels:
        Sponsor: sponsor
        "Decision maker": sponsor
        "Day-to-day user": operator
        "Technical evaluator": evaluator
        Blocker: blocker
        "Executive sponsor": executive_backer
      # The contact's Buying role, for people without such a label. These are HubSpot's internal values.
      buying_roles:
        BLOCKER: blocker
        BUDGET_HOLDER: sponsor
        CHAMPION: sponsor
        DECISION_MAKER: sponsor
        END_USER: operator
        EXECUTIVE_SPONSOR: executive_backer
        INFLUENCER: evaluator
        LEGAL_AND_COMPLIANCE: blocker
        # OTHER: which role?

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the deal's own currency (EUR).
    important_when:
      any:
        - {field: deal.amount, at_least: 50000}
        - {field: company.customer_tier, in: [strategic, enterprise]}

    # Who takes the handoff: the field of the deal that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.hubspot_owner_id
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the deal was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    "#);
    insta::assert_snapshot!(found, @"");
}

#[tokio::test]
async fn an_org_with_the_fields_of_the_kit() {
    let (said, text, found) = TestEnv::new().starts("salesforce:00DQy00000A7kLmMAJ").await;
    insta::assert_snapshot!(said, @"
    DIR/salesforce.yaml is written.

    Still to do:
      - run: handoff check --live
    ");
    insta::assert_snapshot!(text, @r#"
    crm: salesforce

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Berlin

    # Opportunities of every record type get a packet. To take some only, remove the # before the next two lines and the
    # record types you do not want.
    # applies_to:
    #   pipelines: [Renewal, New_Business]

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # Handoff_Why_Now__c (Why now)
      buying_reason:
        from: [deal.Handoff_Why_Now__c]

      # What specific result do they want first?
      # Handoff_Success_Outcome__c (First result they want)
      success_outcome:
        from: [deal.Handoff_Success_Outcome__c]

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.

      # What did sales commit to, said or implied?
      # Handoff_Promises__c (Promises made)
      promises:
        from: [deal.Handoff_Promises__c]
        list: lines

      # What could slow adoption or make the account wobble early?
      # Handoff_Risks__c (Risks)
      risks:
        from: [deal.Handoff_Risks__c]

      # What happens in the first 30 days that proves the deal was smart?
      # Handoff_First_Value__c (First value)
      first_value:
        from: [deal.Handoff_First_Value__c]
        due: deal.Handoff_First_Value_Date__c  # First value by

      # What could come later. Never missed when it is empty.
      # Handoff_Expansion__c (Expansion angle)
      expansion:
        from: [deal.Handoff_Expansion__c]

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The role of a contact on the opportunity (Contact Roles). Capitals make no difference.
      labels:
        "Business User": operator
        "Decision Maker": sponsor
        "Economic Buyer": sponsor
        "Economic Decision Maker": sponsor
        Evaluator: evaluator
        "Executive Sponsor": executive_backer
        Influencer: evaluator
        "Technical Buyer": evaluator
        # Other: which role?
        Blocker: blocker

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the opportunity's own currency.
    important_when:
      any:
        - {field: deal.Amount, at_least: 50000}
        - {field: company.Customer_Tier__c, in: [strategic, enterprise]}

    # Who takes the handoff: the field of the opportunity that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.OwnerId
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the opportunity was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    "#);
    insta::assert_snapshot!(found, @"
    warning: `iris.okafor@seller.example` is no active user of salesforce:00DQy00000A7kLmMAJ: they cannot open the deal and its task
      --> DIR/salesforce.yaml:87:13
       |
    87 |   fallback: iris.okafor@seller.example
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the address that somebody signs in to the CRM with
    ");
}

#[tokio::test]
async fn a_portal_with_fields_of_its_own_in_other_languages() {
    let env = TestEnv::new();
    env.sandbox.hubspot.change(|hubspot| {
        let mut portal = Portal::new(deals::PORTAL, deals::TOKEN);
        for (name, label) in [
            ("kaufgrund", "Kaufgrund"),
            ("erfolgskriterien", "Erfolgskriterien: \"messbar\" #1"),
            ("paper_process", "Paper process"),
            ("notizen", "Notizen"),
        ] {
            portal.add_property(Kind::Deal, Property::new(name, label, "string", "textarea"));
        }
        // Right label, wrong type.
        portal.add_property(Kind::Deal, Property::new("risiken_punkte", "Risiken", "number", "number"));
        portal.add_property(Kind::Deal, Property::new("go_live", "Go-live-Datum", "date", "date"));
        let csm = Property::new("csm", "Customer Success Manager", "enumeration", "owner");
        portal.add_property(Kind::Deal, csm);
        portal.label(40, "Entscheider");
        portal.label(41, "Anwender");
        portal.label(42, "Beirat");
        portal.time_zone = "Europe/Vienna".to_owned();
        hubspot.add_portal(portal);
    });
    let (said, text, found) = env.starts("hubspot:48210077").await;
    insta::assert_snapshot!(said, @"
    DIR/hubspot.yaml is written.

    Nothing in this account answers some sections. Create these fields on the deal:

      handoff_risks        Risks        multiple checkboxes
      handoff_first_value  First value  multi-line text

    Still to do:
      - run: handoff check --live
    ");
    insta::assert_snapshot!(text, @r#"
    crm: hubspot

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Vienna

    # Deals of these pipelines get a packet: all of the portal in which a deal can be won. Remove a line to leave one out,
    # or the whole block to take every pipeline there will ever be.
    applies_to:
      pipelines:
        - default  # Sales pipeline

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # kaufgrund (Kaufgrund)
      # closed_won_reason (Closed won reason)
      buying_reason:
        from: [deal.kaufgrund, deal.closed_won_reason]

      # What specific result do they want first?
      # erfolgskriterien (Erfolgskriterien: "messbar" #1)
      success_outcome:
        from: [deal.erfolgskriterien]

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.

      # What did sales commit to, said or implied?
      # paper_process (Paper process)
      promises:
        from: [deal.paper_process]
        list: lines

      # What could slow adoption or make the account wobble early?
      # Nothing in this portal answers that. Create handoff_risks (Risks, multiple checkboxes),
      # then remove the # in the next line.
      # risks: {from: [deal.handoff_risks]}

      # What happens in the first 30 days that proves the deal was smart?
      # Nothing in this portal answers that. Create handoff_first_value (First value, multi-line text),
      # then remove the # in the next line.
      # first_value: {from: [deal.handoff_first_value], due: deal.go_live}

      # What could come later. Never missed when it is empty.

      # Fields that people of this portal made and no section reads. Add what fits to a `from:` above.
      #   deal.notizen (Notizen)

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The label of a contact on the deal (Settings > Objects > Deals > Associations). Capitals make no difference.
      labels:
        Entscheider: sponsor
        Anwender: operator
        # Beirat: which role?
      # The contact's Buying role, for people without such a label. These are HubSpot's internal values.
      buying_roles:
        BLOCKER: blocker
        BUDGET_HOLDER: sponsor
        CHAMPION: sponsor
        DECISION_MAKER: sponsor
        END_USER: operator
        EXECUTIVE_SPONSOR: executive_backer
        INFLUENCER: evaluator
        LEGAL_AND_COMPLIANCE: blocker
        # OTHER: which role?

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the deal's own currency (EUR).
    important_when:
      any:
        - {field: deal.amount, at_least: 50000}

    # Who takes the handoff: the field of the deal that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.csm  # Customer Success Manager
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the deal was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    "#);
    insta::assert_snapshot!(found, @"
    warning: no field feeds `risks`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `risks: deal.…` with the field that answers it, under `sections`

    warning: no field feeds `first_value`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `first_value: deal.…` with the field that answers it, under `sections`

    warning: `iris.okafor@seller.example` is no active user of hubspot:48210077: they cannot open the deal and its task
      --> DIR/hubspot.yaml:91:13
       |
    91 |   fallback: iris.okafor@seller.example
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the address that somebody signs in to the CRM with
    ");
}

#[tokio::test]
async fn an_org_that_sells_by_meddpicc() {
    let env = TestEnv::new();
    env.sandbox.salesforce.change(|salesforce| {
        let org = salesforce.org_mut(opportunities::ORG).unwrap();
        let ours: Vec<String> = org.fields_of(Object::Opportunity).map(|field| field.name.clone()).collect();
        for name in ours.iter().filter(|name| name.starts_with("Handoff_")) {
            org.remove_field(Object::Opportunity, name);
        }
        for (name, label, kind) in [
            ("MEDDPICC_Metrics__c", "Metrics", Type::LongText),
            ("Identify_Pain__c", "Identify Pain", Type::LongText),
            ("Economic_Buyer__c", "Economic Buyer", Type::Text),
            ("Champion_Score__c", "Champion", Type::Number),
            ("Paper_Process__c", "Paper Process", Type::LongText),
            ("Go_Live_Date__c", "Go-Live Date", Type::Date),
        ] {
            org.add_field(Object::Opportunity, Field::new(name, label, kind));
        }
    });
    let (said, text, _) = env.starts("salesforce:00DQy00000A7kLmMAJ").await;
    insta::assert_snapshot!(said, @"
    DIR/salesforce.yaml is written.

    Nothing in this account answers some sections. Create these fields on the deal:

      Handoff_Risks__c        Risks        Picklist (Multi-Select)
      Handoff_First_Value__c  First value  Long Text Area

    Still to do:
      - run: handoff check --live
    ");
    insta::assert_snapshot!(text, @r#"
    crm: salesforce

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Berlin

    # Opportunities of every record type get a packet. To take some only, remove the # before the next two lines and the
    # record types you do not want.
    # applies_to:
    #   pipelines: [Renewal, New_Business]

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # Identify_Pain__c (Identify Pain)
      buying_reason:
        from: [deal.Identify_Pain__c]

      # What specific result do they want first?
      # MEDDPICC_Metrics__c (Metrics)
      success_outcome:
        from: [deal.MEDDPICC_Metrics__c]

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.
      # Economic_Buyer__c (Economic Buyer)
      stakeholders:
        from: [deal.Economic_Buyer__c]

      # What did sales commit to, said or implied?
      # Paper_Process__c (Paper Process)
      promises:
        from: [deal.Paper_Process__c]
        list: lines

      # What could slow adoption or make the account wobble early?
      # Nothing in this org answers that. Create Handoff_Risks__c (Risks, Picklist (Multi-Select)),
      # then remove the # in the next line.
      # risks: {from: [deal.Handoff_Risks__c]}

      # What happens in the first 30 days that proves the deal was smart?
      # Nothing in this org answers that. Create Handoff_First_Value__c (First value, Long Text Area),
      # then remove the # in the next line.
      # first_value: {from: [deal.Handoff_First_Value__c], due: deal.Go_Live_Date__c}

      # What could come later. Never missed when it is empty.

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The role of a contact on the opportunity (Contact Roles). Capitals make no difference.
      labels:
        "Business User": operator
        "Decision Maker": sponsor
        "Economic Buyer": sponsor
        "Economic Decision Maker": sponsor
        Evaluator: evaluator
        "Executive Sponsor": executive_backer
        Influencer: evaluator
        "Technical Buyer": evaluator
        # Other: which role?
        Blocker: blocker

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the opportunity's own currency.
    important_when:
      any:
        - {field: deal.Amount, at_least: 50000}
        - {field: company.Customer_Tier__c, in: [strategic, enterprise]}

    # Who takes the handoff: the field of the opportunity that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.OwnerId
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the opportunity was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    "#);
}

#[tokio::test]
async fn a_portal_with_nothing_in_it() {
    let env = TestEnv::new();
    env.sandbox.hubspot.change(|hubspot| hubspot.add_portal(Portal::new(deals::PORTAL, deals::TOKEN)));
    let (said, text, found) = env.starts("hubspot:48210077").await;
    insta::assert_snapshot!(said, @"
    DIR/hubspot.yaml is written.

    Nothing in this account answers some sections. Create these fields on the deal:

      handoff_success_outcome   Success outcome  multi-line text
      handoff_promises          Promises         multi-line text
      handoff_risks             Risks            multiple checkboxes
      handoff_first_value       First value      multi-line text
      handoff_first_value_date  First value by   date

    Still to do:
      - run: handoff check --live
    ");
    insta::assert_snapshot!(text, @"
    crm: hubspot

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Berlin

    # Deals of these pipelines get a packet: all of the portal in which a deal can be won. Remove a line to leave one out,
    # or the whole block to take every pipeline there will ever be.
    applies_to:
      pipelines:
        - default  # Sales pipeline

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # closed_won_reason (Closed won reason)
      buying_reason:
        from: [deal.closed_won_reason]

      # What specific result do they want first?
      # Nothing in this portal answers that. Create handoff_success_outcome (Success outcome, multi-line text),
      # then remove the # in the next line.
      # success_outcome: {from: [deal.handoff_success_outcome]}

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.

      # What did sales commit to, said or implied?
      # Nothing in this portal answers that. Create handoff_promises (Promises, multi-line text),
      # then remove the # in the next line.
      # promises: {from: [deal.handoff_promises]}

      # What could slow adoption or make the account wobble early?
      # Nothing in this portal answers that. Create handoff_risks (Risks, multiple checkboxes),
      # then remove the # in the next line.
      # risks: {from: [deal.handoff_risks]}

      # What happens in the first 30 days that proves the deal was smart?
      # Nothing in this portal answers that. Create handoff_first_value (First value, multi-line text),
      # then remove the # in the next line.
      # first_value: {from: [deal.handoff_first_value]}

      # What could come later. Never missed when it is empty.

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The contact's Buying role, for people without such a label. These are HubSpot's internal values.
      buying_roles:
        BLOCKER: blocker
        BUDGET_HOLDER: sponsor
        CHAMPION: sponsor
        DECISION_MAKER: sponsor
        END_USER: operator
        EXECUTIVE_SPONSOR: executive_backer
        INFLUENCER: evaluator
        LEGAL_AND_COMPLIANCE: blocker
        # OTHER: which role?

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the deal's own currency (EUR).
    important_when:
      any:
        - {field: deal.amount, at_least: 50000}

    # Who takes the handoff: the field of the deal that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.hubspot_owner_id
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the deal was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    ");
    insta::assert_snapshot!(found, @"
    warning: no field feeds `success_outcome`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `success_outcome: deal.…` with the field that answers it, under `sections`

    warning: no field feeds `promises`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `promises: deal.…` with the field that answers it, under `sections`

    warning: no field feeds `risks`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `risks: deal.…` with the field that answers it, under `sections`

    warning: no field feeds `first_value`: it will be reported as unmapped on every handoff
      --> DIR/hubspot.yaml:26:1
       |
    26 | sections:
       | ^^^^^^^^
       |
       = help: write `first_value: deal.…` with the field that answers it, under `sections`

    warning: `iris.okafor@seller.example` is no active user of hubspot:48210077: they cannot open the deal and its task
      --> DIR/hubspot.yaml:81:13
       |
    81 |   fallback: iris.okafor@seller.example
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write the address that somebody signs in to the CRM with
    ");
}

#[tokio::test]
async fn an_org_with_nothing_in_it() {
    let env = TestEnv::new();
    env.sandbox.salesforce.change(|salesforce| {
        let mut org = Org::new(opportunities::ORG, "seller");
        org.add_jwt_app(
            opportunities::CONSUMER_KEY,
            &opportunities::JWT_KEY.public_der,
            opportunities::USERNAME,
        );
        org.add_user("0055e000001InTeAAK", ("Handoff", "Bridge"), opportunities::USERNAME, true);
        salesforce.add_org(org);
    });
    let (_, text, _) = env.starts("salesforce:00DQy00000A7kLmMAJ").await;
    insta::assert_snapshot!(text, @r#"
    crm: salesforce

    # Days are counted here: due dates, and whether a date is more than 30 days after the close.
    time_zone: Europe/Berlin

    # The six sections, and the optional one for later.
    sections:

      # Why did they choose us, and why now?
      # Nothing in this org answers that. Create Handoff_Why_Now__c (Why now, Long Text Area),
      # then remove the # in the next line.
      # buying_reason: {from: [deal.Handoff_Why_Now__c]}

      # What specific result do they want first?
      # Nothing in this org answers that. Create Handoff_Success_Outcome__c (Success outcome, Long Text Area),
      # then remove the # in the next line.
      # success_outcome: {from: [deal.Handoff_Success_Outcome__c]}

      # Who is sponsor, operator, evaluator, likely blocker? The people come from roles, below.

      # What did sales commit to, said or implied?
      # Nothing in this org answers that: for now, this shows what was sold.
      # Create Handoff_Promises__c (Promises, Long Text Area), and write deal.Handoff_Promises__c in its place.
      promises:
        from: [line_items.Name]

      # What could slow adoption or make the account wobble early?
      # Nothing in this org answers that. Create Handoff_Risks__c (Risks, Picklist (Multi-Select)),
      # then remove the # in the next line.
      # risks: {from: [deal.Handoff_Risks__c]}

      # What happens in the first 30 days that proves the deal was smart?
      # Nothing in this org answers that. Create Handoff_First_Value__c (First value, Long Text Area),
      # then remove the # in the next line.
      # first_value: {from: [deal.Handoff_First_Value__c]}

      # What could come later. Never missed when it is empty.

    # How people get their roles: sponsor, operator, evaluator, blocker, executive_backer.
    roles:
      # The role of a contact on the opportunity (Contact Roles). Capitals make no difference.
      labels:
        "Business User": operator
        "Decision Maker": sponsor
        "Economic Buyer": sponsor
        "Economic Decision Maker": sponsor
        Evaluator: evaluator
        "Executive Sponsor": executive_backer
        Influencer: evaluator
        "Technical Buyer": evaluator
        # Other: which role?

    # An important account gets the 15-minute review. One of these is enough.
    # Amounts count in the opportunity's own currency.
    important_when:
      any:
        - {field: deal.Amount, at_least: 50000}

    # Who takes the handoff: the field of the opportunity that holds the person, and the address of somebody who takes it when
    # that field is empty or its person has left.
    owner:
      from: deal.OwnerId
      fallback: iris.okafor@seller.example

    # The task is due this many business days (Monday to Friday) after the opportunity was won.
    task:
      due_in_business_days: 2

    # Where the digest goes. Use the channel's id, not its name: in Slack click the channel's name, the id stands at
    # the bottom of About.
    slack:
      channel: C0123ABCD
    "#);
}

#[tokio::test]
async fn a_file_that_exists_is_never_overwritten_unasked() {
    let env = TestEnv::new();
    let args = InitArgs { force: false, ..env.args("hubspot:48210077", &env.installation.mapping) };
    let before = std::fs::read_to_string(&env.installation.mapping).unwrap();
    let refused = init(&args, &Installation::secret, &env.clock).await.unwrap_err().to_string();
    assert!(
        refused.ends_with("exists: name another file with --out, or overwrite it with --force"),
        "{refused}"
    );
    assert_eq!(std::fs::read_to_string(&env.installation.mapping).unwrap(), before);
    assert!(env.sandbox.hubspot.log().calls().is_empty());
}

#[tokio::test]
async fn what_keeps_it_from_writing_is_said() {
    let env = TestEnv::new();
    let out = env.directory.path().join("new.yaml");
    let several = InitArgs { account: None, ..env.args("", &out) };
    let wrong_channel = InitArgs { channel: Some("#wins".to_owned()), ..env.args("hubspot:48210077", &out) };
    for (args, told) in [
        (
            &several,
            "several accounts are configured: say --account hubspot:48210077 or --account salesforce:",
        ),
        (&env.args("hubspot:1", &out), "no such account is configured"),
        (&wrong_channel, "no channel id"),
    ] {
        let refused = init(args, &Installation::secret, &env.clock).await.unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
        assert!(!out.exists());
    }
    env.sandbox.hubspot.change(|hubspot| hubspot.revoke_token(deals::TOKEN));
    let refused = init(&env.args("hubspot:48210077", &out), &Installation::secret, &env.clock).await;
    assert!(refused.unwrap_err().to_string().contains("hubspot:48210077 cannot be asked: "));
}

#[test]
fn the_subscriptions_of_every_account_are_written_once_and_not_over_others() {
    let env = TestEnv::new();
    let mut args = env.args("hubspot:48210077", &env.installation.mapping);
    (args.from_crm, args.subscriptions, args.force) = (false, true, false);
    args.account = None;
    let said = subscribe(&args, &Installation::secret).unwrap();
    insta::assert_snapshot!(env.plain(&said), @"
    DIR/hubspot/src/app/webhooks/handoff-hsmeta.json is written.
    DIR/salesforce/force-app/main/default/flows/Handoff_Opportunity_Changed.flow-meta.xml is written.
    DIR/salesforce/force-app/main/default/workflows/Opportunity.workflow-meta.xml is written.

    Upload it with the CRM's own tool (README.md, docs/salesforce.md), then run: handoff check --live
    ");
    let written =
        env.installation.config.with_file_name("hubspot").join("src/app/webhooks/handoff-hsmeta.json");
    let text = std::fs::read_to_string(written).unwrap();
    assert!(
        text.contains("https://hooks.example.com/webhooks/hubspot") && text.contains("\"handoff_promises\"")
    );
    let again = subscribe(&args, &Installation::secret).err().unwrap().to_string();
    assert!(again.contains("exists"), "{again}");
    args.account = Some("hubspot:1".to_owned());
    assert!(subscribe(&args, &Installation::secret).is_err(), "there is no such account");
}
