//! An older backup comes back, and no customer hears of one win twice.

use std::time::Duration;

use handoff_bridge::store::Destination::{CrmTask, SlackDigest};
use handoff_bridge::store::Store;
use handoff_sandbox::{Fault, Times};
use libtest_mimic::Trial;

use crate::command_line::said;
use crate::process::handoff;
use crate::side::Side;
use crate::tests;
use crate::world::{WORK, World};

const POST_MESSAGE: &str = "POST /api/chat.postMessage";

pub fn trials() -> Vec<Trial> {
    let mut trials = tests![Hubspot, Salesforce: no_win_is_doubled_by_an_older_backup];
    trials.extend(tests![a_killed_backup_leaves_nothing_that_looks_like_one]);
    trials
}

async fn no_win_is_doubled_by_an_older_backup(side: Side) {
    let mut world = World::without_service(side, &WORK.replace("catch_up = \"off\"", "catch_up = \"1h\""));
    world.starts().await;
    let config = world.installation.config.clone();
    let config = config.to_str().unwrap();
    let (database, copy) =
        (world.directory.path().join("handoff.db"), world.directory.path().join("copy.db"));

    // Delivered before; half delivered at the time of the backup; won and delivered after it.
    world.closes_deal(side.complete()).await;
    world.next_digest().await;
    world.settles().await;
    world.sandbox.slack.fails(POST_MESSAGE, Fault::slack_rate_limited(Some(30)), Times::Next(1));
    world.closes_deal(side.half_empty()).await;
    world
        .eventually("the digest waits for a retry", async || {
            world.attempts(SlackDigest).await.contains(&"retry".to_owned())
        })
        .await;
    let backup = said(&["store", "backup", copy.to_str().unwrap(), "--config", config]).await;
    assert_eq!((backup.status, backup.err.as_str()), (0, ""), "a backup of a running service");
    world.finishes().await;
    world.next_digest().await;
    world.closes_deal(side.third()).await;
    world.next_digest().await;
    world.settles().await;
    let tasks = |world: &World| {
        [side.complete(), side.half_empty(), side.third()].map(|deal| world.tasks_on(deal).len())
    };
    assert_eq!((tasks(&world), world.digests().len()), ([1, 1, 1], 3));

    let refused = said(&["store", "restore", copy.to_str().unwrap(), "--config", config]).await;
    assert_eq!(refused.status, 1);
    assert!(refused.err.contains("already being served"), "{}", refused.err);
    world.stops().await;
    // A search sees a win a little later.
    world.passes(Duration::from_mins(1));
    Store::restore(&copy, &database, &world.clock).await.unwrap();
    world.starts().await;
    world
        .eventually("the win that the backup does not know is found", async || {
            world.passes(Duration::from_secs(1));
            world.packets().await.len() == 3 && world.open_work().await.is_empty()
        })
        .await;
    assert_eq!((tasks(&world), world.digests().len()), ([1, 1, 1], 3), "nothing is doubled");
    for destination in [CrmTask, SlackDigest] {
        let found = world.attempts(destination).await.iter().filter(|outcome| *outcome == "found").count();
        let expected = if destination == CrmTask { 1 } else { 2 };
        assert_eq!(found, expected, "{destination} was found on the other side");
    }
    world.end().await;
}

async fn a_killed_backup_leaves_nothing_that_looks_like_one() {
    let mut world = World::without_service(Side::Hubspot, WORK);
    world.starts().await;
    world.closes_deal(Side::Hubspot.complete()).await;
    world.next_digest().await;
    world.settles().await;
    let config = world.installation.config.to_str().unwrap();
    let copies = world.directory.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    let in_it = || {
        let names = std::fs::read_dir(&copies)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let file = |name: &str| copies.join(name).to_str().unwrap().to_owned();
    for name in ["monday.db", "tuesday.db", "monday.db"] {
        let mut killed = handoff(&["store", "backup", &file(name), "--config", config]);
        let killed = killed.env("HANDOFF_CRASH_AT", "backup.copied").output().await.unwrap();
        assert!(!killed.status.success());
        assert_eq!(in_it(), [".handoff-backup.part"], "what is left has no name of a backup");
    }
    // Left by another copy, and larger than the next.
    std::fs::write(copies.join(".handoff-backup.part"), vec![b'x'; 4 << 20]).unwrap();
    for (name, status) in [("wednesday.db", 0), ("wednesday.db", 1), ("thursday.db", 0)] {
        let backup = said(&["store", "backup", &file(name), "--config", config]).await;
        assert_eq!(backup.status, status, "{}", backup.err);
    }
    assert_eq!(in_it(), ["thursday.db", "wednesday.db"]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(file("thursday.db")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    // One at a time: the part of a running one is nobody else's.
    let running = std::fs::File::create(copies.join(".handoff-backup.part")).unwrap();
    running.lock().unwrap();
    assert_eq!(said(&["store", "backup", &file("friday.db"), "--config", config]).await.status, 1);
    assert_eq!(in_it(), [".handoff-backup.part", "thursday.db", "wednesday.db"]);
    world.end().await;
}
