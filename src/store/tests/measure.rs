//! Figures: `cargo test -p store measure -- --ignored --nocapture`, best with `--release`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use store::{AuditFilter, Options, Store, verify};

use crate::support::*;

const COUNT: u64 = 100_000;

pub(crate) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line =
        status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or_default().trim().trim_end_matches(" kB").to_owned();
    line.parse::<u64>().unwrap_or(0) / 1024
}

fn size(dir: &Path) -> u64 {
    files_under(dir).iter().map(|f| fs::metadata(f).unwrap().len()).sum::<u64>() >> 20
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let out = work();
    eprintln!("{what}: {:?} (resident {} MiB)", begun.elapsed(), resident());
    out
}

#[test]
#[ignore = "takes a while; prints figures"]
fn measure() {
    let dir = place();
    let plain = Options { index: false, ..Options::default() };
    let (store, _) = Store::open_with(dir.path(), plain).unwrap();
    // Eight entries a deployment, as a voyage writes them.
    timed("write 100,000 entries, 1,000 a commit", || {
        for part in 0..COUNT / 1000 {
            let records = (part * 1000..part * 1000 + 1000).map(|n| step(n / 8, usize::try_from(n % 8 / 2 + 1).unwrap()));
            store.commit(|_| Ok(records.collect())).unwrap();
        }
    });
    let mut times: Vec<Duration> = (0..1000)
        .map(|n| {
            let begun = Instant::now();
            store.append(step(COUNT / 8 + n, 1)).unwrap();
            begun.elapsed()
        })
        .collect();
    times.sort();
    eprintln!("one durable append at that size: median {:?}, p99 {:?}", times[500], times[990]);
    drop(store);
    eprintln!("journal {} MiB", size(&dir.path().join("journal")));
    timed("verify", || assert!(verify(dir.path()).unwrap().holds()));
    let opened = |mode: &str| eprintln!("{mode}: {}", Helper::start("open", dir.path(), &[mode]).finish().join("; "));
    opened("without-index");
    opened("builds-index");
    eprintln!("index {} MiB", size(&dir.path().join("index")));
    opened("with-index");
    let (store, notices) = timed("open with index", || Store::open(dir.path()).unwrap());
    assert_eq!(notices, []);
    let rare = AuditFilter { object: Some("no such thing".to_owned()), ..AuditFilter::default() };
    // The index is ready for questions a moment after opening.
    store.append(step(COUNT, 1)).unwrap();
    timed("audit, nothing found, by the index", || assert!(store.audit(&rare, 100).unwrap().is_empty()));
    let (other, _) = Store::open_with(dir.path(), plain).unwrap();
    timed("audit, nothing found, by the files", || assert!(other.audit(&rare, 100).unwrap().is_empty()));
}
