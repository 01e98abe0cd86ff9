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
    Northlight Foods · important: Enterprise, 64,800 EUR · who takes over is not known yet · first value by 11 Dec
    Why now: Their planner retires on 31… · +1 more
    Outcome: Depot Malmö plans all 22 tours without the…
    First value: Jonas Petrov plans one full week of… (by 11 Dec)
    Sponsor: Mara Ekström · backed by Helena Voss, COO
    Others: Jonas Petrov (operator) · +2 more
    Promised: Import of 14 months of tour history before go-live · +2 more
    Risk: Security review still open · +2 more
    Later: Two more depots open in…
    15 minutes with Iris Okafor, Wed 25 Nov: agenda in the task
    Complete. Northlight Foods: route planning, 3 depots · task
    ");
    let task = world.task_on(NORTHLIGHT).await;
    insta::assert_snapshot!(task.subject, @"Handoff ready: Northlight Foods");
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal names no one in customer success who takes over: please give this task to the person who does. Every question is answered; the packet is below.</p>
    <p><b>The deal</b></p>
    <p>Deal: Northlight Foods: route planning, 3 depots<br>
    Value: 64,800 EUR<br>
    Closed: 20 Nov 2026<br>
    Takes over: not known yet<br>
    Seller: Iris Okafor</p>
    <p><b>Why now</b></p>
    <ul>
    <li>Their planner retires on 31 March and her spreadsheet with her. Two missed supermarket slots in October cost 38,000 EUR in penalties.</li>
    <li>Only offer that plans chilled and dry goods on one tour.</li>
    </ul>
    <p><b>Outcome</b></p>
    <p>Depot Malmö plans all 22 tours without the spreadsheet; late deliveries fall from 9 to under 4 a week.</p>
    <p><b>First value</b></p>
    <p>Jonas Petrov plans one full week of Malmö tours himself and sends it to the drivers (by 11 Dec)</p>
    <p><b>People</b></p>
    <ul>
    <li>Sponsor: Mara Ekström, Head of Logistics (mara@northlight-foods.example)</li>
    <li>Operator: Jonas Petrov, Dispatch lead (jonas@northlight-foods.example)</li>
    <li>Evaluator: Aiko Brandt, Systems architect (aiko@northlight-foods.example)</li>
    <li>Likely blocker: Ruben Falk, Head of IT security (ruben@northlight-foods.example)</li>
    <li>Executive backer: Helena Voss, COO (helena@northlight-foods.example)</li>
    </ul>
    <p><b>Promised</b></p>
    <ul>
    <li>Import of 14 months of tour history before go-live</li>
    <li>A named contact in German until 30 June</li>
    <li>Second depot at the price of the first</li>
    </ul>
    <p><b>Risk</b></p>
    <ul>
    <li>Security review still open</li>
    <li>Data migration needed</li>
    <li>Ruben Falk wants the penetration test report before any driver data moves.</li>
    </ul>
    <p><b>Later</b></p>
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
    Pinebrook Clinics · 18,500 EUR · who takes over is not known yet · 4 questions open, asked of Tom Lindqvist
    Why now: not answered yet ("TBD")
    Outcome: No-shows at the Elm Street clinic drop below 8 % by the end of June.
    First value: Front desk sends the first 50… · no date yet, proposal 20 Dec
    Sponsor: Priya Castellan, Practice manager
    Others: Ola Brenner (operator) · evaluator and likely blocker not known yet
    Promised: not answered yet ("see call notes")
    Risk: not answered yet
    Pinebrook Clinics: appointment reminders · task
    "#);
    let task = world.task_on(PINEBROOK).await;
    insta::assert_snapshot!(task.subject, @"Handoff: 4 open questions about Pinebrook Clinics");
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal is won. Please answer each question in the place it names; a sentence is enough.</p>
    <p><b>For the seller, Tom Lindqvist</b></p>
    <p>1. Why now (deal field &quot;Closed won reason&quot;): Why did they choose us now, and what forced the date?<br>
    2. People (association label of each contact): Who are the evaluator and likely blocker at Pinebrook Clinics?<br>
    3. Promised and risk (deal field &quot;Promises made&quot; and deal field &quot;Risks&quot;): What did we promise them, said or implied, and what could slow them down early on? &quot;None&quot; is an answer to either.<br>
    4. First value (deal field &quot;First value by&quot;): By which day should this happen? Without an answer we plan for day 30, 20 Dec 2026.</p>
    <p><b>The deal</b></p>
    <p>Deal: Pinebrook Clinics: appointment reminders<br>
    Value: 18,500 EUR<br>
    Closed: 20 Nov 2026<br>
    Takes over: not known yet<br>
    Seller: Tom Lindqvist</p>
    <p><b>Why now</b></p>
    <p>not answered yet (&quot;TBD&quot;)</p>
    <p><b>Outcome</b></p>
    <p>No-shows at the Elm Street clinic drop below 8 % by the end of June.</p>
    <p><b>First value</b></p>
    <ul>
    <li>Front desk sends the first 50 reminders from the new system.</li>
    <li>No date yet, proposal 20 Dec</li>
    </ul>
    <p><b>People</b></p>
    <ul>
    <li>Sponsor: Priya Castellan, Practice manager (priya@pinebrook.example)</li>
    <li>Operator: Ola Brenner, Front desk (ola@pinebrook.example)</li>
    <li>Evaluator and likely blocker not known yet</li>
    </ul>
    <p><b>Promised</b></p>
    <p>not answered yet (&quot;see call notes&quot;)</p>
    <p><b>Risk</b></p>
    <p>not answered yet</p>
    <p>[handoff:…]
    ");
    assert_eq!(task.owner.as_deref(), Some("70000003"), "the seller is asked");
}

async fn hostile_text_stays_text(world: &mut World) {
    world.closes_deal(ZAZOLC).await;
    let digest = world.next_digest().await;
    assert!(!digest.text.contains("<!") && !digest.text.contains("<http"), "{}", digest.text);
    insta::assert_snapshot!(digest.text, @"
    Zażółć &amp; Sons 🚀 · 23,000.50 EUR · who takes over is not known yet · 4 questions open, asked of Iris Okafor
    Why now: Their vendor raised prices by 40 % on 1 May.
    Outcome: {{deal.amount}} ${HOME} %s {0} *all* _invoices_ `paid` ~in~ 14 days
    First value: '; DROP TABLE deals; -- first invoice run by Zoë on the… (by 4 Jan, asked again)
    Sponsor: &lt;@U012AB3CD&gt; O'Neil | &lt;!here&gt; (also evaluator)
    Others: operator and likely blocker not known yet
    Promised: Then they asked about the export again, and we said that it would be there on 12 May. … (asked again)
    Risk: None · Champion may leave · +2 more (asked again)
    &lt;!channel&gt; Zażółć renewal &lt;https://evil.example|O… · task
    ");
    let task = world.task_on(ZAZOLC).await;
    assert!(!task.body.contains("<script") && !task.body.contains("<!channel>"), "{}", task.body);
    insta::assert_snapshot!(readable(&task.body), @"
    <p>The deal is won. Please answer each question in the place it names; a sentence is enough.</p>
    <p><b>For the seller, Iris Okafor</b></p>
    <p>1. People (association label of each contact): Who are the operator and likely blocker at Zażółć &amp; Sons 🚀?<br>
    2. Promised (deal field &quot;Promises made&quot;): Can you say what we promised in one sentence?<br>
    3. Risk (deal field &quot;Risks&quot;): Are there no risks, or does the risk listed here hold?<br>
    4. First value (deal field &quot;First value by&quot;): What can they see earlier, by 20 Dec 2026?</p>
    <p><b>The deal</b></p>
    <p>Deal: &lt;!channel&gt; Zażółć renewal &lt;https://evil.example|Open in CRM&gt;<br>
    Value: 23,000.50 EUR<br>
    Closed: 20 Nov 2026<br>
    Takes over: not known yet<br>
    Seller: Iris Okafor</p>
    <p><b>Why now</b></p>
    <p>Their vendor raised prices by 40 % on 1 May.</p>
    <p><b>Outcome</b></p>
    <p>{{deal.amount}} ${HOME} %s {0} *all* _invoices_ `paid` ~in~ 14 days</p>
    <p><b>First value (asked again)</b></p>
    <p>&#39;; DROP TABLE deals; -- first invoice run by Zoë on the new system (by 4 Jan)</p>
    <p><b>People</b></p>
    <ul>
    <li>Sponsor, evaluator: &lt;@U012AB3CD&gt; O&#39;Neil | &lt;!here&gt;, Head of &quot;Everything&quot; &amp; more (zoe@zazolc.example)</li>
    <li>Operator and likely blocker not known yet</li>
    </ul>
    <p><b>Promised (asked again)</b></p>
    <p>Then they asked about the export again, and we said that it would be there on 12 May. Then they asked about the export again, and we said that it would be there on 12 May. Then they asked about the export again, and we said that it would be there on 12 May.</p>
    <p><b>Risk (asked again)</b></p>
    <ul>
    <li>None</li>
    <li>Champion may leave</li>
    <li>Read this sdrawkcab @here @everyone &lt;!here&gt; 🧨🧨🧨</li>
    <li>Too few people on the deal (1 contact: &lt;@U012AB3CD&gt; O&#39;Neil | &lt;!here&gt;)</li>
    </ul>
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
