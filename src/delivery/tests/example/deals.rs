//! Five deals, from complete to hopeless.

use jiff::civil::date;

use super::Deal;
use handoff_core::packet::{Role, SectionName};

/// Everything is there, and the account is important.
pub fn complete_and_important() -> Deal {
    Deal::won("Acme GmbH")
        .named("Acme GmbH – Forecasting, 40 seats")
        .worth("54000", "EUR")
        .closed(date(2026, 11, 20))
        .sold_by("Anna Berg")
        .handed_to("Dana Ito")
        .says(SectionName::BuyingReason, "Forecast visibility is poor; the board wants one number by March.")
        .says(SectionName::SuccessOutcome, "Forecast error below 10 % by the end of Q1.")
        .knows("Sarah Lind", "RevOps lead", "sarah@acme.example", &[Role::Sponsor])
        .knows("Tom Roy", "VP Sales", "tom@acme.example", &[Role::Operator, Role::Evaluator])
        .knows("Ida Falk", "CRO", "ida@acme.example", &[Role::ExecutiveBacker])
        .says(SectionName::Promises, "Field mapping done by us")
        .says(SectionName::Promises, "First report template")
        .says(SectionName::Risks, "Field quality: stages are used differently by each region.")
        .says_by(
            SectionName::FirstValue,
            "VP Sales uses the dashboard in the weekly call within 21 days",
            Some(date(2026, 12, 11)),
        )
        .says(SectionName::Expansion, "Service team, 25 seats, after the summer.")
        .important_because("amount 54000 ≥ 50000")
        .with_point("What mattered most in the sale?", "Forecast visibility is poor.")
        .with_point("Where did the buyer feel risk?", "Field quality.")
        .with_point("What must happen first?", "VP Sales uses the dashboard in the weekly call.")
        .with_point_to_ask(
            "What would feel like a win by day 30?",
            "Ask Anna Berg: Which result do they want first?",
        )
        .count()
}

/// A half empty deal of a small account.
pub fn half_empty() -> Deal {
    Deal::won("Müller & Söhne")
        .named("Müller & Söhne")
        .worth("8200.50", "EUR")
        .closed(date(2026, 11, 19))
        .sold_by("Anna Berg")
        .handed_to_fallback("revops@seller.example")
        .says(SectionName::BuyingReason, "They need reporting.")
        .knows("Sarah", "", "sarah@mueller.example", &[])
        .says(SectionName::Risks, "None")
        .asks_seller(
            "empty",
            SectionName::SuccessOutcome,
            "What result do they want first, and how will they measure it?",
        )
        .asks_seller("role_missing:sponsor", SectionName::Stakeholders, "Who wanted this and pays for it?")
        .asks_seller("role_missing:operator", SectionName::Stakeholders, "Who will work with it every day?")
        .asks_revops("unmapped", SectionName::Promises, "Which field holds what sales promised?")
        .asks_seller("empty", SectionName::FirstValue, "Who does what by when in the first 30 days?")
        .doubts("vague", SectionName::BuyingReason, "What exactly can they not report today?")
}

/// Text that tries to be more than text.
pub fn hostile() -> Deal {
    Deal::won("<!channel> *ACME* & `Co`\u{202E}")
        .named("<https://evil.example|Open deal> {{deal.name}} %s $(id)")
        .worth("54000", "EUR")
        .sold_by("<@U000EVIL> _Anna_")
        .handed_to("*Dana*\n@channel")
        .says(SectionName::BuyingReason, "```\n<!everyone> <script>alert(1)</script> &amp; *bold*\n> quote")
        .knows("<@U000EVIL>", "`CEO`", "evil|x@example.com", &[Role::Sponsor])
        .asks_seller("conflict", SectionName::BuyingReason, "Does \"<!channel>\" mean @here & *now*?")
        .asks_seller("empty", SectionName::Promises, "What did sales commit to, said or implied?")
        .asks_seller("empty", SectionName::Risks, "What could slow them down?")
}

/// A deal about which the CRM knows nothing at all.
pub fn everything_missing() -> Deal {
    let mut deal = Deal::won("");
    deal.record.company = None;
    for section in SectionName::REQUIRED {
        deal = deal.asks_revops("unmapped", section, &format!("Which field answers {}?", section.as_str()));
    }
    deal
}

/// Far more text than anybody reads.
pub fn huge() -> Deal {
    let long = "The board wants one forecast that everybody believes. ".repeat(200);
    let mut deal = Deal::won(&"Acme ".repeat(100))
        .named(&"Forecasting ".repeat(100))
        .worth("54000", "EUR")
        .closed(date(2026, 11, 20))
        .sold_by(&"Anna ".repeat(100))
        .handed_to(&"Dana ".repeat(100))
        .important_because(&"amount 54000 ≥ 50000 ".repeat(50));
    for section in SectionName::ALL {
        for _ in 0..60 {
            deal = deal.says(section, &long);
        }
        for id in ["vague", "too_long", "conflict", "duplicate"] {
            let question = format!("{id}: {long}");
            deal = deal.asks_seller(id, section, &question).asks_revops(id, section, &question);
        }
    }
    for _ in 0..60 {
        deal = deal.knows(&long, &long, &long, &Role::ALL);
    }
    for _ in 0..4 {
        deal = deal.with_point_to_ask(&long, &long);
    }
    deal
}
