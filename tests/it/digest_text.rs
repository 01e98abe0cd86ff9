//! The exact words that a seller and customer success read.

use libtest_mimic::Trial;

use crate::scenarios;
use crate::world::{NORTHLIGHT, PINEBROOK, World, ZAZOLC};

pub fn trials() -> Vec<Trial> {
    scenarios![Hubspot:
        a_complete_and_important_win,
        a_half_empty_win,
        hostile_text_stays_text,
        the_digest_links_to_the_task,
    ]
}

/// A task's body a line per element, without the part of the marker that differs from run to run.
fn readable(body: &str) -> String {
    let (body, marker) = body.rsplit_once("[handoff:").unwrap();
    assert_eq!(marker.len(), "76206edf4b36]</p>".len(), "{marker}");
    let lines = ["</p>", "</li>", "<br>", "<ul>", "</ul>"];
    let body = lines.iter().fold(body.to_owned(), |body, end| body.replace(end, &format!("{end}\n")));
    format!("{body}[handoff:…]")
}

async fn a_complete_and_important_win(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    let digest = world.next_digest().await;
    insta::assert_snapshot!(digest.text, @"
    Handoff: Northlight Foods · 64,800 EUR · owner Iris Okafor · 6 of 6 · nothing missing
    Nothing to ask. The packet is in this message and in the task.
    ");
    let task = world.task_on(NORTHLIGHT).await;
    insta::assert_snapshot!(task.subject, @"Handoff ready: Northlight Foods");
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal is won and all six sections are filled. There is nothing to add; the packet is below.</p>
    <p><b>The deal</b></p>
    <p>Deal: Northlight Foods: route planning, 3 depots<br>
    Value: 64,800 EUR<br>
    Closed: 20 Nov 2026<br>
    Handoff owner: Iris Okafor<br>
    Seller: Iris Okafor</p>
    <p><b>Buying reason</b></p>
    <ul>
    <li>Their planner retires on 31 March and her spreadsheet with her. Two missed supermarket slots in October cost 38,000 EUR in penalties.</li>
    <li>Only offer that plans chilled and dry goods on one tour.</li>
    </ul>
    <p><b>Success outcome</b></p>
    <p>Depot Malmö plans all 22 tours without the spreadsheet; late deliveries fall from 9 to under 4 a week.</p>
    <p><b>Stakeholders</b></p>
    <ul>
    <li>Mara Ekström, Head of Logistics (mara@northlight-foods.example): sponsor</li>
    <li>Jonas Petrov, Dispatch lead (jonas@northlight-foods.example): operator</li>
    <li>Aiko Brandt, Systems architect (aiko@northlight-foods.example): evaluator</li>
    <li>Ruben Falk, Head of IT security (ruben@northlight-foods.example): blocker</li>
    <li>Helena Voss, COO (helena@northlight-foods.example): executive backer</li>
    </ul>
    <p><b>Promises</b></p>
    <ul>
    <li>Import of 14 months of tour history before go-live</li>
    <li>A named contact in German until 30 June</li>
    <li>Second depot at the price of the first</li>
    </ul>
    <p><b>Risks</b></p>
    <ul>
    <li>Security review still open</li>
    <li>Data migration needed</li>
    <li>Ruben Falk wants the penetration test report before any driver data moves.</li>
    </ul>
    <p><b>First value</b></p>
    <p>Jonas Petrov plans one full week of Malmö tours himself and sends it to the drivers (by 11 Dec 2026)</p>
    <p><b>Expansion</b></p>
    <p>Two more depots open in autumn; Helena Voss asked for prices.</p>
    <p><b>15-minute review</b></p>
    <p>This account is important (Amount: 64,800 EUR; Customer tier: Enterprise). Proposal: Wednesday, 25 Nov 2026, 15 minutes with Iris Okafor, before the kickoff. Settle these four points:</p>
    <p>What mattered most in the sale?<br>
    Their planner retires on 31 March and her spreadsheet with her. Two missed supermarket slots in October cost 38,000 EUR in penalties.</p>
    <p>Where did the buyer feel risk?<br>
    Security review still open; Data migration needed; Ruben Falk wants the penetration test report before any driver data moves.</p>
    <p>What must happen first?<br>
    Import of 14 months of tour history before go-live</p>
    <p>What would feel like a win by day 30?<br>
    Depot Malmö plans all 22 tours without the spreadsheet; late deliveries fall from 9 to under 4 a week.</p>
    <p>[handoff:…]
    ");
    assert_eq!(task.owner.as_deref(), Some("70000002"));
    assert_eq!(task.priority, "HIGH");
    // Friday's win is due on Tuesday, at the end of the day in Berlin.
    assert_eq!(task.due, "2026-11-24T16:00:00Z");
}

async fn a_half_empty_win(world: &mut World) {
    world.closes_deal(PINEBROOK).await;
    let digest = world.next_digest().await;
    insta::assert_snapshot!(digest.text, @r#"
    Handoff: Pinebrook Clinics · 18,500 EUR · owner Tom Lindqvist · 1 of 6 · missing: risks; weak: buying reason, stakeholders, promises, first value
    For the seller, Tom Lindqvist:
    • Buying reason: Why did they choose us now, and what forced the date?
    • Stakeholders: Who are the evaluator and likely blocker at Pinebrook Clinics?
    • Promises and risks: What did we promise them, said or implied, and what could slow them down early on? "None" is an answer to either.
    +1 more in the task
    "#);
    let task = world.task_on(PINEBROOK).await;
    insta::assert_snapshot!(task.subject, @"Handoff: 4 open questions about Pinebrook Clinics");
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal is won, and 1 of 6 sections is filled; missing: risks; weak: buying reason, stakeholders, promises, first value. Please answer on the deal itself; a sentence each is enough.</p>
    <p><b>For the seller, Tom Lindqvist</b></p>
    <p>1. Buying reason: Why did they choose us now, and what forced the date?<br>
    2. Stakeholders: Who are the evaluator and likely blocker at Pinebrook Clinics?<br>
    3. Promises and risks: What did we promise them, said or implied, and what could slow them down early on? &quot;None&quot; is an answer to either.<br>
    4. First value: By which day should this happen? Without an answer we plan for day 30, 20 Dec 2026.</p>
    <p><b>The deal</b></p>
    <p>Deal: Pinebrook Clinics: appointment reminders<br>
    Value: 18,500 EUR<br>
    Closed: 20 Nov 2026<br>
    Handoff owner: Tom Lindqvist<br>
    Seller: Tom Lindqvist</p>
    <p><b>Buying reason (weak)</b></p>
    <p>TBD</p>
    <p><b>Success outcome</b></p>
    <p>No-shows at the Elm Street clinic drop below 8 % by the end of June.</p>
    <p><b>Stakeholders (weak)</b></p>
    <ul>
    <li>Priya Castellan, Practice manager (priya@pinebrook.example): sponsor</li>
    <li>Ola Brenner, Front desk (ola@pinebrook.example): operator</li>
    </ul>
    <p><b>Promises (weak)</b></p>
    <p>see call notes</p>
    <p><b>Risks</b></p>
    <p>Not in the CRM</p>
    <p><b>First value (weak)</b></p>
    <p>Front desk sends the first 50 reminders from the new system (no date given; proposal: 20 Dec 2026)</p>
    <p>[handoff:…]
    ");
    assert_eq!(task.owner.as_deref(), Some("70000003"), "the seller is asked");
}

async fn hostile_text_stays_text(world: &mut World) {
    world.closes_deal(ZAZOLC).await;
    let digest = world.next_digest().await;
    assert!(!digest.text.contains("<!") && !digest.text.contains("<http"), "{}", digest.text);
    insta::assert_snapshot!(digest.text, @"
    Handoff: Zażółć &amp; Sons 🚀 · 23,000.50 EUR · owner Iris Okafor · 2 of 6 · weak: stakeholders, promises, risks, first value
    For the seller, Iris Okafor:
    • Stakeholders: Who are the operator and likely blocker at Zażółć &amp; Sons 🚀?
    • Promises: Can you say what we promised in one sentence?
    • Risks: Are there no risks, or does the risk listed here hold?
    +1 more in the task
    ");
    let task = world.task_on(ZAZOLC).await;
    assert!(!task.body.contains("<script") && !task.body.contains("<!channel>"), "{}", task.body);
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal is won, and 2 of 6 sections are filled; weak: stakeholders, promises, risks, first value. Please answer on the deal itself; a sentence each is enough.</p>
    <p><b>For the seller, Iris Okafor</b></p>
    <p>1. Stakeholders: Who are the operator and likely blocker at Zażółć &amp; Sons 🚀?<br>
    2. Promises: Can you say what we promised in one sentence?<br>
    3. Risks: Are there no risks, or does the risk listed here hold?<br>
    4. First value: What can they see earlier, by 20 Dec 2026?</p>
    <p><b>The deal</b></p>
    <p>Deal: &lt;!channel&gt; Zażółć renewal &lt;https://evil.example|Open in CRM&gt;<br>
    Value: 23,000.50 EUR<br>
    Closed: 20 Nov 2026<br>
    Handoff owner: Iris Okafor<br>
    Seller: Iris Okafor</p>
    <p><b>Buying reason</b></p>
    <p>Their vendor raised prices by 40 % on 1 May.</p>
    <p><b>Success outcome</b></p>
    <p>{{deal.amount}} ${HOME} %s {0} *all* _invoices_ `paid` ~in~ 14 days</p>
    <p><b>Stakeholders (weak)</b></p>
    <p>&lt;@U012AB3CD&gt; O&#39;Neil | &lt;!here&gt;, Head of &quot;Everything&quot; &amp; more (zoe@zazolc.example): sponsor, evaluator</p>
    <p><b>Promises (weak)</b></p>
    <p>Then they asked about the export again, and we said that it would be there on 12 May. Then they asked about the export again, and we said that it would be there on 12 May. Then they asked about the export again, and we said that it would be there on 12 May.</p>
    <p><b>Risks (weak)</b></p>
    <ul>
    <li>None</li>
    <li>Champion may leave</li>
    <li>Read this sdrawkcab @here @everyone &lt;!here&gt; 🧨🧨🧨</li>
    <li>Too few people on the deal (1 contact: &lt;@U012AB3CD&gt; O&#39;Neil | &lt;!here&gt;)</li>
    </ul>
    <p><b>First value (weak)</b></p>
    <p>&#39;; DROP TABLE deals; -- first invoice run by Zoë on the new system (by 4 Jan 2027)</p>
    <p>[handoff:…]
    ");
}

async fn the_digest_links_to_the_task(world: &mut World) {
    world.closes_deal(NORTHLIGHT).await;
    let digest = world.next_digest().await;
    let task = world.task_on(NORTHLIGHT).await;
    let blocks = serde_json::to_string(&digest.blocks).unwrap();
    assert!(blocks.contains(&format!("record/0-27/{}", task.id)), "{blocks}");
    assert!(blocks.contains(&format!("record/0-3/{NORTHLIGHT}")), "{blocks}");
}
