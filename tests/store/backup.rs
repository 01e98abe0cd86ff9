//! Copies of the database, and what a database that comes back from one must not do.

use std::path::Path;
use std::time::Duration;

use handoff_bridge::store::{DealEnd, DeliveryEnd, NewPacket, Store, StoreError};
use handoff_core::record::WinKey;

use crate::fixture::{DAY, Fixture, MINUTE, done, event};
use crate::story::Story;

pub const STORIES: &[Story] = stories![
    what_a_restored_database_believes_to_be_undelivered_is_looked_up_first,
    wins_after_the_restore_are_new,
    wins_from_before_a_new_database_are_looked_up_first,
];

pub const OF_A_FILE: &[Story] = stories![
    the_database_that_was_there_is_whole_under_its_one_name,
    a_copy_that_is_taken_under_load_is_one_instant,
    a_copy_overwrites_nothing_and_belongs_to_its_owner,
    what_is_no_sound_copy_is_not_restored,
    a_served_database_is_not_replaced,
    a_restored_database_goes_on_from_the_copy_and_keeps_what_was_there,
];

async fn what_a_restored_database_believes_to_be_undelivered_is_looked_up_first(fixture: Fixture) {
    fixture.is_handed_over("1").await;
    fixture.has_packet("2").await;
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, DeliveryEnd::Dead).await;
    fixture.store.mark_restored().await.unwrap();

    let digest = fixture.claims_delivery().await;
    assert!(digest.unknown && digest.intended_at == Some(fixture.now()), "{digest:?}");
    fixture.store.replay("pkt_2", None).await.unwrap();
    assert!(fixture.claims_delivery().await.unknown, "the task was dead, and may have been replayed since");
    fixture.has_packet("3").await;
    let new = fixture.claims_delivery().await;
    assert!(new.unknown, "its win is older than the restore");
    assert_eq!(new.intended_at, Some(fixture.packet("3").win.won_at), "so it is looked for from then on");
}

async fn wins_after_the_restore_are_new(fixture: Fixture) {
    fixture.store.mark_restored().await.unwrap();
    fixture.hears("1", "won").await;
    let lease = fixture.claims_deal().await;
    let packet = fixture.packet("1");
    let win = WinKey { won_at: fixture.after(11 * MINUTE), ..packet.win.clone() };
    fixture.ends(&lease, DealEnd::Packet(Box::new(NewPacket { win, ..*packet }))).await;
    let task = fixture.claims_delivery().await;
    assert_eq!((task.unknown, task.intended_at), (false, None));
}

async fn a_copy_that_is_taken_under_load_is_one_instant(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let before: Vec<_> = (0..2000).map(|n| event(&n.to_string(), &format!("before {n}"))).collect();
    fixture.store.record(before).await.unwrap();
    let store = fixture.store.clone();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let load = tokio::spawn(async move {
        let (mut written, mut stopped) = (0_usize, stopped);
        while stopped.try_recv().is_err() {
            let deal = (written % 300).to_string();
            let one = event(&deal, &format!("a {written}"));
            let other = event(&format!("other {deal}"), &format!("b {written}"));
            store.record(vec![one, other]).await.unwrap();
            written += 1;
        }
        written
    });
    let mut copies = Vec::new();
    for number in 0..3 {
        let copy = directory.path().join(format!("{number}.db"));
        Store::back_up(&fixture.database.file(), &copy).await.unwrap();
        copies.push(copy);
    }
    stop.send(()).unwrap();
    let written = load.await.unwrap();
    assert!(written > 3, "there was load: {written}");

    let mut earlier = 0;
    for copy in copies {
        let store = Store::open(copy.as_path(), fixture.clock.clone()).await.unwrap();
        let events = store.events(1_000_000).await.unwrap();
        let count = |kind: &str| events.iter().filter(|event| event.provider_id.starts_with(kind)).count();
        assert_eq!(count("id of before"), 2000);
        assert_eq!(count("id of a "), count("id of b "), "both events of a webhook, or neither");
        assert!(count("id of a ") >= earlier, "a later copy has no less");
        earlier = count("id of a ");
        store.close().await;
    }
    fixture.store.ping().await.unwrap();
}

async fn a_copy_overwrites_nothing_and_belongs_to_its_owner(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    Store::back_up(&fixture.database.file(), &copy).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let bytes = std::fs::read(&copy).unwrap();
    fixture.hears("1", "a").await;
    let refused = Store::back_up(&fixture.database.file(), &copy).await.unwrap_err();
    assert!(refused.to_string().ends_with("copy.db: File exists (os error 17)"), "{refused}");
    assert_eq!(std::fs::read(&copy).unwrap(), bytes);
    let nowhere = Store::back_up(Path::new("/nowhere/handoff.db"), &directory.path().join("2.db")).await;
    assert!(matches!(nowhere, Err(StoreError::File { .. })), "{nowhere:?}");
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a copy that failed leaves nothing behind");
}

async fn what_is_no_sound_copy_is_not_restored(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fixture.store.record((0..500).map(|n| event(&n.to_string(), &n.to_string())).collect()).await.unwrap();
    Store::back_up(&fixture.database.file(), &at("sound.db")).await.unwrap();
    let database = fixture.database.file();
    fixture.store.close().await;
    let served = std::fs::read(&database).unwrap();

    let sound = std::fs::read(at("sound.db")).unwrap();
    std::fs::write(at("empty.db"), b"").unwrap();
    std::fs::write(at("text.db"), "not a database".repeat(100)).unwrap();
    std::fs::write(at("half.db"), &sound[..sound.len() / 2]).unwrap();
    let mut scribbled = sound.clone();
    scribbled[4096..40_960].fill(0xA5);
    std::fs::write(at("scribbled.db"), scribbled).unwrap();
    for name in ["empty.db", "text.db", "half.db", "scribbled.db", "missing.db"] {
        let refused = Store::restore(&at(name), &database, &fixture.clock).await.unwrap_err();
        assert!(refused.to_string().contains(name), "{refused}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), served, "nothing was touched");
    Store::restore(&at("sound.db"), &database, &fixture.clock).await.unwrap();
}

async fn a_served_database_is_not_replaced(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    Store::back_up(&fixture.database.file(), &copy).await.unwrap();
    let refused = Store::restore(&copy, &fixture.database.file(), &fixture.clock).await;
    assert!(matches!(refused, Err(StoreError::Served { .. })), "{refused:?}");
}

async fn a_restored_database_goes_on_from_the_copy_and_keeps_what_was_there(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    fixture.has_packet("1").await;
    Store::back_up(&fixture.database.file(), &copy).await.unwrap();
    let task = fixture.claims_delivery().await;
    fixture.finishes(&task, done("9")).await;
    fixture.store.close().await;
    fixture.clock.advance(DAY);
    let restored = Store::restore(&copy, &fixture.database.file(), &fixture.clock).await.unwrap();

    let fixture = fixture.reopened().await;
    let again = fixture.claims_deliveries().await;
    assert!(again.len() == 2 && again.iter().all(|lease| lease.unknown), "{again:?}");
    let aside = restored.set_aside.unwrap();
    assert!(aside.to_string_lossy().ends_with("handoff.db.replaced-20261123T080000Z"), "{}", aside.display());
    let old = Store::open(aside.as_path(), fixture.clock.clone()).await.unwrap();
    let packet = old.packet("pkt_1").await.unwrap().unwrap();
    assert_eq!(packet.deliveries[0].external_id.as_deref(), Some("9"));
    old.close().await;
}

async fn wins_from_before_a_new_database_are_looked_up_first(fixture: Fixture) {
    let second = Duration::from_secs(1);
    for (deal, before, unknown) in [
        ("1", second, true),
        ("2", Duration::from_millis(1), true),
        ("3", 7 * DAY, true),
        ("4", 365 * DAY, true),
        ("5", Duration::ZERO, false),
    ] {
        fixture.hears(deal, deal).await;
        let lease = fixture.claims_deal().await;
        let packet = fixture.packet(deal);
        let won_at = fixture.now().checked_sub(before).unwrap();
        let win = WinKey { won_at, ..packet.win.clone() };
        fixture.ends(&lease, DealEnd::Packet(Box::new(NewPacket { win, ..*packet }))).await;
        let task = fixture.claims_deliveries().await.remove(0);
        assert_eq!((task.unknown, task.intended_at), (unknown, unknown.then_some(won_at)), "{deal}");
        fixture.finishes(&task, done("1")).await;
        for digest in fixture.claims_deliveries().await {
            assert_eq!(digest.unknown, unknown, "{deal}");
            fixture.finishes(&digest, done("1")).await;
        }
    }
}

async fn the_database_that_was_there_is_whole_under_its_one_name(fixture: Fixture) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.db");
    Store::back_up(&fixture.database.file(), &copy).await.unwrap();
    // As a killed process leaves it: what was written last is in the log only.
    let killed = directory.path().join("killed.db");
    fixture.hears("1", "a").await;
    for ending in ["", "-wal"] {
        let name = |path: &Path| std::path::PathBuf::from(format!("{}{ending}", path.display()));
        std::fs::copy(name(&fixture.database.file()), name(&killed)).unwrap();
    }
    let restored = Store::restore(&copy, &killed, &fixture.clock).await.unwrap();
    let alone = directory.path().join("alone.db");
    std::fs::copy(restored.set_aside.unwrap(), &alone).unwrap();
    let store = Store::open(alone.as_path(), fixture.clock.clone()).await.unwrap();
    assert_eq!(store.events(10).await.unwrap().len(), 1, "without the files beside it");
    store.close().await;
}
