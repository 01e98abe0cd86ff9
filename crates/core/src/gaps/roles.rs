//! `role_missing:<role>` and `unnamed:<role>`: who is who on the customer's side. People come from the CRM's
//! own contacts and labels, never from prose.

use crate::packet::{Person, Role, SectionName};
use crate::record::DealRecord;

use super::questions::own_question;
use super::{Evidence, Expects, Requires, Rule};
use crate::packet::{Ask, Confidence, Fact, Gap, Place, RuleId};
use crate::text::evidence_text::named;
use crate::text::tokens::{Vocabulary, Words};

pub(super) const MISSING: Rule = Rule {
    id: RuleId::RoleMissing,
    catches: "Nobody is recorded as sponsor, operator, evaluator or blocker; on important accounts also as executive backer.",
    leaves_alone: "One person with several roles; a role held by a team, which is `unnamed` instead.",
    confidence: Confidence::Certain,
    question: "Who is the sponsor at Acme?",
    expects: Expects::Person,
    applies_to: (&[SectionName::Stakeholders], Requires::Nothing),
    check: missing,
};

pub(super) const UNNAMED: Rule = Rule {
    id: RuleId::Unnamed,
    catches: "A role is held only by a team or a mailbox: info@, procurement@, \"IT Department\", \"Einkauf\".",
    leaves_alone: "A person with a name, whatever the address; a mailbox beside a named person in the same role.",
    confidence: Confidence::Likely,
    question: "Which person at Acme is behind \"IT Department\"?",
    expects: Expects::Person,
    applies_to: (&[SectionName::Stakeholders], Requires::Nothing),
    check: unnamed,
};

const WORDS: &str = include_str!("vocabulary/roles.toml");

/// Names and mailboxes of teams. A name is a team's when every word of it is here.
static TEAMS: Vocabulary = Vocabulary::new(WORDS, "teams");

/// Small words that make no team by themselves.
static FILLERS: Vocabulary = Vocabulary::new(WORDS, "fillers");

fn missing(evidence: &Evidence<'_>) -> Vec<Gap> {
    let people = people(evidence);
    let is_missing = |role: &Role| !people.iter().any(|person| person.roles.contains(role));
    let missing: Vec<Role> = asked_for(evidence).filter(is_missing).collect();
    // The mapping's own question asks for everybody, so it fits only where nobody is known.
    let nobody_known = missing.len() == asked_for(evidence).count();
    let own = own_question(evidence, SectionName::Stakeholders).filter(|_| nobody_known);
    let ask = own.map_or_else(|| Ask::WhoIs(place(evidence.record)), |own| Ask::Own(own.to_owned()));
    let gap = |role| {
        let fact = Fact::RoleMissing(people.len());
        Gap::for_seller(MISSING.id, SectionName::Stakeholders, Confidence::Certain, ask.clone(), fact)
            .about(role)
    };
    missing.into_iter().map(gap).collect()
}

fn unnamed(evidence: &Evidence<'_>) -> Vec<Gap> {
    let company = Words::of(&organisation(evidence.record).unwrap_or_default());
    asked_for(evidence)
        .filter_map(|role| {
            let mut holders =
                people(evidence).iter().filter(|person| person.roles.contains(&role)).peekable();
            let first = *holders.peek()?;
            if !holders.all(|person| is_team(person, &company)) {
                return None;
            }
            let ask = Ask::WhichPerson(place(evidence.record), first.name.clone());
            let fact = Fact::Unnamed(first.source, first.name.clone());
            let section = SectionName::Stakeholders;
            Some(Gap::for_seller(UNNAMED.id, section, Confidence::Likely, ask, fact).about(role))
        })
        .collect()
}

fn asked_for(evidence: &Evidence<'_>) -> impl Iterator<Item = Role> + use<> {
    let important = evidence.importance.is;
    Role::ALL.into_iter().filter(move |role| *role != Role::ExecutiveBacker || important)
}

fn people<'a>(evidence: &Evidence<'a>) -> &'a [Person] {
    evidence.sections.get(&SectionName::Stakeholders).map_or(&[], |section| &section.people)
}

/// Where people are looked for: at the company; without one, on the deal.
fn place(record: &DealRecord) -> Place {
    let deal_name = [record.crm.dialect().fields.deal_name, "name"];
    match (record.company_name().as_deref().and_then(named), record.deal.first_of(&deal_name).and_then(named))
    {
        (Some(company), _) => Place::Company(company),
        (None, Some(deal)) => Place::Deal(deal),
        (None, None) => Place::Customer,
    }
}

/// The company's name, unless the company is a person: a person account has its person's name.
fn organisation(record: &DealRecord) -> Option<String> {
    let is_person =
        record.company.as_ref().is_some_and(|company| company.get("IsPersonAccount") == Some("true"));
    record.company_name().filter(|_| !is_person)
}

/// Whether a team or a mailbox stands where a person should. A name decides before an address does.
fn is_team(person: &Person, company: &Words) -> bool {
    if !person.name.contains('@') {
        return names_a_team(&Words::of(&person.name), company);
    }
    let address = person.email.as_deref().unwrap_or(&person.name);
    let mailbox =
        address.split('@').next().unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_digit());
    mailbox.is_empty() || names_a_team(&Words::of(mailbox), company)
}

/// Every word is a team's, the company's or a number, and at least one says more than "the" or "Acme".
fn names_a_team(words: &Words, company: &Words) -> bool {
    let mut position = 0;
    let mut says_team = words.joined() == company.joined() || words.joined() == "n n";
    while position < words.len() {
        if let Some(count) = TEAMS.match_at(words, position) {
            says_team |= words.run(position, count).is_some_and(|phrase| !FILLERS.lists(phrase));
            position += count;
        } else if is_number(words.at(position)) || company.iter().any(|word| word == words.at(position)) {
            position += 1;
        } else {
            return false;
        }
    }
    says_team || words.is_empty()
}

fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::deal_on_paper::{DealOnPaper, gaps_through};

    /// The labels of a mapping whose portal speaks six languages.
    const LABELS: &str = "roles:
  labels:
    Sponsor: sponsor
    Decision maker: sponsor
    Entscheider: sponsor
    Décideuse: sponsor
    Patrocinador: sponsor
    Beslisser: sponsor
    Day-to-day user: operator
    Anwenderin: operator
    Utilisatrice: operator
    Usuario final: operator
    Usuário: operator
    Gebruiker: operator
    Technical evaluator: evaluator
    Prüfer: evaluator
    Évaluateur: evaluator
    Evaluador técnico: evaluator
    Avaliador: evaluator
    Beoordelaar: evaluator
    Blocker: blocker
    Bedenkenträger: blocker
    Bloqueur: blocker
    Bloqueador: blocker
    Tegenstander: blocker";

    /// The roles that are missing where one contact has this label.
    fn missing_with(label: &str) -> Vec<String> {
        let record = serde_json::json!({
            "crm": "hubspot", "account": "48210077", "deal": {"id": "1"},
            "contacts": [{"id": "2", "firstname": "Sarah", "lastname": "Lind", "labels": [label]}],
        });
        let gaps = gaps_through(&format!("sections: {{promises: [deal.promises]}}\n{LABELS}"), &record);
        gaps.iter()
            .filter(|gap| gap.rule == MISSING.id)
            .filter_map(|gap| gap.role)
            .map(|role| role.as_str().to_owned())
            .collect()
    }

    #[test]
    fn a_label_that_leads_to_no_role_leaves_every_role_missing() {
        let labels = [
            "",
            "Billing contact",
            "Contact",
            "Sponsorship",
            "Former decision maker",
            "Ansprechpartner",
            "Rechnungsempfänger",
            "Entscheiderin der Konzernmutter",
            "Contact de facturation",
            "Décideur pressenti",
            "Interlocuteur",
            "Contacto de facturación",
            "Usuario",
            "Contato financeiro",
            "Contactpersoon",
            "Gebruikersgroep",
            "決裁者",
        ];
        for label in labels {
            assert_eq!(missing_with(label), ["sponsor", "operator", "evaluator", "blocker"], "{label}");
        }
    }

    #[test]
    fn a_label_that_leads_to_a_role_settles_that_role() {
        let labels = [
            ("Sponsor", "sponsor"),
            ("SPONSOR", "sponsor"),
            ("Decision Maker", "sponsor"),
            (" decision maker ", "sponsor"),
            ("Entscheider", "sponsor"),
            ("décideuse", "sponsor"),
            ("Patrocinador", "sponsor"),
            ("Beslisser", "sponsor"),
            ("Day-to-day user", "operator"),
            ("Anwenderin", "operator"),
            ("UTILISATRICE", "operator"),
            ("Usuario final", "operator"),
            ("usuário", "operator"),
            ("Gebruiker", "operator"),
            ("Technical Evaluator", "evaluator"),
            ("PRÜFER", "evaluator"),
            ("évaluateur", "evaluator"),
            ("Evaluador Técnico", "evaluator"),
            ("Avaliador", "evaluator"),
            ("Beoordelaar", "evaluator"),
            ("blocker", "blocker"),
            ("Bedenkenträger", "blocker"),
            ("Bloqueur", "blocker"),
            ("Bloqueador", "blocker"),
            ("Tegenstander", "blocker"),
        ];
        for (label, role) in labels {
            let others: Vec<&str> = ["sponsor", "operator", "evaluator", "blocker"]
                .into_iter()
                .filter(|other| *other != role)
                .collect();
            assert_eq!(missing_with(label), others, "{label}");
        }
    }

    fn role_gaps(deal: &DealOnPaper) -> Vec<String> {
        deal.gaps()
            .into_iter()
            .filter(|gap| gap.section == SectionName::Stakeholders)
            .map(|gap| gap.id())
            .collect()
    }

    fn unnamed_for(name: &str, email: &str) -> bool {
        DealOnPaper::new().person(name, email, &[Role::Sponsor]).gap("unnamed:sponsor").is_some()
    }

    #[test]
    fn every_missing_role_is_asked_for() {
        let deal = DealOnPaper::new();
        assert_eq!(
            role_gaps(&deal),
            [
                "role_missing:sponsor",
                "role_missing:operator",
                "role_missing:evaluator",
                "role_missing:blocker"
            ]
        );
        assert!(deal.gap("role_missing:sponsor").unwrap().counts());
    }

    #[test]
    fn each_set_of_roles_leaves_exactly_the_others_missing() {
        for chosen in 0_u32..32 {
            let holds = |role: Role| chosen & (1 << Role::ALL.iter().position(|r| *r == role).unwrap()) != 0;
            let roles: Vec<Role> = Role::ALL.into_iter().filter(|role| holds(*role)).collect();
            let expected: Vec<String> = Role::ALL
                .into_iter()
                .filter(|role| !holds(*role))
                .map(|role| format!("role_missing:{}", role.as_str()))
                .collect();
            let deal = DealOnPaper::new().important().person("Sarah Lind", "sarah@acme.test", &roles);
            assert_eq!(role_gaps(&deal), expected);
        }
    }

    #[test]
    fn an_executive_backer_is_asked_for_on_important_accounts_only() {
        assert_eq!(DealOnPaper::new().gap("role_missing:executive_backer"), None);
        assert!(DealOnPaper::new().important().gap("role_missing:executive_backer").is_some());
    }

    #[test]
    fn a_person_whose_role_is_unknown_fills_nothing() {
        let deal = DealOnPaper::new().person("Sarah Lind", "sarah@acme.test", &[]);
        let gap = deal.gap("role_missing:sponsor").unwrap();
        insta::assert_snapshot!(gap.evidence(), @"contacts: the only one is not recorded as sponsor");
        let gap = deal.person("Tom Berg", "", &[]).gap("role_missing:sponsor").unwrap();
        insta::assert_snapshot!(gap.evidence(), @"contacts: none of 2 is recorded as sponsor");
    }

    #[test]
    fn questions_name_the_company_or_the_deal() {
        let question = |deal: DealOnPaper| deal.gap("role_missing:sponsor").unwrap().question().into_owned();
        insta::assert_snapshot!(question(DealOnPaper::new()), @"Who is the sponsor at Acme?");
        insta::assert_snapshot!(question(DealOnPaper::new().company(" Acme\n<b>GmbH</b>\u{202e} ")), @"Who is the sponsor at Acme GmbH?");
        insta::assert_snapshot!(question(DealOnPaper::new().without_company().named("Acme renewal")), @r#"Who is the sponsor on the deal "Acme renewal"?"#);
        insta::assert_snapshot!(question(DealOnPaper::new().without_company()), @"Who is the sponsor at the customer?");
        let long = question(DealOnPaper::new().company(&"Very long company name ".repeat(10)));
        insta::assert_snapshot!(long, @"Who is the sponsor at Very long company name Very long company name Very long com…?");
    }

    #[test]
    fn a_team_or_a_mailbox_is_no_person() {
        let people = [
            ("", "info@acme.test"),
            ("info@acme.test", "info@acme.test"),
            ("procurement@acme.test", ""),
            ("", "team.sales@acme.test"),
            ("", "it-support@acme.test"),
            ("", "einkauf@acme.test"),
            ("", "achats@acme.test"),
            ("", "compras2@acme.test"),
            ("", "no-reply@acme.test"),
            ("", "financeiro@acme.test"),
            ("", "inkoop@acme.test"),
            ("", "INFO.DE@acme.test"),
            ("IT Department", "x@acme.test"),
            ("Einkauf", "anna@acme.test"),
            ("Procurement Team", ""),
            ("Finance", ""),
            ("Acme Procurement", ""),
            ("Accounts Payable", ""),
            ("Service Desk 2", ""),
            ("Acme", ""),
            ("Abteilung Einkauf", ""),
            ("Geschäftsführung", ""),
            ("Service Achats", ""),
            ("Direction générale", ""),
            ("Departamento de compras", ""),
            ("Recursos Humanos", ""),
            ("Equipe Comercial", ""),
            ("Afdeling Inkoop", ""),
            ("N.N.", ""),
            ("Unknown", ""),
            ("TBD", ""),
            ("-", ""),
        ];
        for (name, email) in people {
            assert!(unnamed_for(name, email), "{name:?} {email:?}");
        }
    }

    #[test]
    fn a_person_is_a_person_whatever_the_address() {
        let people = [
            ("Sarah Lind", "sarah@acme.test"),
            ("Sarah Lind", "info@acme.test"),
            ("Anna Weber", "einkauf@acme.test"),
            ("Julia Sales", ""),
            ("Peter Einkauf", ""),
            ("Tom Office", ""),
            ("Mark Price", ""),
            ("Jean Service", ""),
            ("María Compras Ruiz", ""),
            ("João da Silva", "financeiro@acme.test"),
            ("Jan de Vries", "inkoop@acme.test"),
            ("Acme Müller", ""),
            ("Dr. Ina Kurz", ""),
            ("S. Lind", ""),
            ("李娜", ""),
            ("Ольга", ""),
            ("sarah.lind@acme.test", ""),
            ("", "slind@acme.test"),
            ("", "anna.it@acme.test"),
            ("", "sales.anna@acme.test"),
            ("", "j.legal@acme.test"),
            ("Sarah (Procurement)", ""),
            ("Max Team", ""),
            ("Bo Ng", ""),
            ("CFO Anna", ""),
        ];
        for (name, email) in people {
            assert!(!unnamed_for(name, email), "{name:?} {email:?}");
        }
    }

    #[test]
    fn the_person_of_a_person_account_is_no_team() {
        let deal = DealOnPaper::new().company("Mira Holt").person("Mira Holt", "", &[Role::Sponsor]);
        assert!(deal.gap("unnamed:sponsor").is_some());
        assert_eq!(deal.sold_to_a_person().gap("unnamed:sponsor"), None);
    }

    #[test]
    fn the_mappings_own_question_is_asked_where_nobody_is_known() {
        let deal = DealOnPaper::new().asks(SectionName::Stakeholders, "Who pays, who works with it?");
        for role in ["sponsor", "operator", "evaluator", "blocker"] {
            let gap = deal.gap(&format!("role_missing:{role}")).unwrap();
            assert_eq!(gap.question(), "Who pays, who works with it?");
        }
        let deal = deal.person("Sarah Lind", "", &[Role::Sponsor]);
        assert_eq!(
            deal.gap("role_missing:blocker").unwrap().question(),
            "Who is the likely blocker at Acme?"
        );
    }

    #[test]
    fn a_team_holds_its_role_but_stays_unnamed() {
        let deal = DealOnPaper::new().person("IT Department", "it@acme.test", &[Role::Blocker]);
        assert_eq!(deal.gap("role_missing:blocker"), None);
        let gap = deal.gap("unnamed:blocker").unwrap();
        insta::assert_snapshot!(gap.question(), @r#"Which person at Acme is behind "IT Department"?"#);
        insta::assert_snapshot!(gap.evidence(), @r#"contacts.label for blocker is "IT Department""#);
        let deal = deal.person("Ina Kurz", "ina@acme.test", &[Role::Blocker]);
        assert_eq!(deal.gap("unnamed:blocker"), None);
    }
}
