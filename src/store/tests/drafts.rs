//! Drafts: whole or not there, also when the process is killed while it saves.

use std::fs;
use std::thread;
use std::time::Duration;

use store::{Error, Store};

use crate::support::*;

#[test]
fn a_draft_is_kept_replaced_listed_and_removed() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let drafts = store.drafts();
    let id = env("shop/production");
    assert_eq!(drafts.load(&id).unwrap(), None);
    assert_eq!(drafts.list().unwrap(), []);
    drafts.save(&draft("shop/production", 1)).unwrap();
    drafts.save(&draft("shop/production", 2)).unwrap();
    drafts.save(&draft("shop/staging", 3)).unwrap();
    assert_eq!(drafts.load(&id).unwrap(), Some(draft("shop/production", 2)));
    assert_eq!(drafts.list().unwrap(), [id.clone(), env("shop/staging")]);
    drafts.remove(&id).unwrap();
    drafts.remove(&id).unwrap();
    assert_eq!(drafts.load(&id).unwrap(), None);
    assert_eq!(store.state().seq, 0, "a draft is no operation");
}

#[test]
fn an_unreadable_draft_is_put_aside_and_named() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let id = env("shop/production");
    store.drafts().save(&draft("shop/production", 1)).unwrap();
    let path = dir.path().join("drafts/shop.production.json");
    fs::write(&path, b"{\"v\":1,\"draft\":{").unwrap();
    let Err(Error::Draft { path: named, kept, .. }) = store.drafts().load(&id) else { panic!("it was read") };
    assert_eq!(named, path);
    assert_eq!(fs::read(kept).unwrap(), b"{\"v\":1,\"draft\":{");
    assert_eq!(store.drafts().load(&id).unwrap(), None);
}

#[test]
fn a_process_killed_while_saving_leaves_a_whole_draft_no_older_than_the_last_confirmed() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let mut chance = Chance::new("drafts");
    for _ in 0..15 {
        let mut helper = Helper::start("drafts", dir.path(), &[]);
        assert_eq!(helper.says().as_deref(), Some("ready"));
        assert_eq!(helper.says().as_deref(), Some("0"));
        // The moment is the point here, so it is not an event.
        thread::sleep(Duration::from_micros(chance.below(20_000)));
        let said = helper.kill();
        let confirmed: u64 = said.iter().rev().nth(1).map_or(0, |n| n.parse().unwrap());
        let found = store.drafts().load(&env("shop/production")).unwrap().unwrap();
        let number: u64 = found.message.clone().unwrap().parse().unwrap();
        assert_eq!(found, draft("shop/production", number));
        assert!(number >= confirmed, "{number} found, {confirmed} confirmed");
    }
}
