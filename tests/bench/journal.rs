//! Figures of a long journal that anybody can measure again: `cargo run --release -p store --example journal [ENTRIES…]`.
//!
//! Writes a journal of 100,000 entries and one of a million, of which eight in ten are the steps of 10,000 and 100,000 deployments,
//! into a temporary folder and prints how long it takes to open it, alone and beside another process, to page through it and through
//! the history, to filter both, to work out the figures of 90 days and to verify it behind the work, and the memory that this needs.
//! Each opening is a process of its own.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use domain::Time;
use domain::actor::{Actor, Authentication, Role};
use domain::deployment::{Deployment, Method, Stage, StageState, Status};
use domain::edit::{Edit, Field};
use domain::filter::Filter;
use domain::history::Brief;
use domain::ident::DeploymentId;
use domain::journal::{Change, Phase, Record};
use domain::monitor::{Span, monitor};
use domain::revision::CommitId;
use store::{AuditFilter, Options, Store, verify};

const PEOPLE: [&str; 5] = ["ada", "bob", "eve", "mara", "tom"];
const RUNS: usize = 9;
/// How many rows a large screen shows.
const PAGE: usize = 60;

fn moment(n: u64) -> Time {
    Time::from_millisecond(1_760_000_000_000 + i64::try_from(n * 997).unwrap()).unwrap()
}

fn actor(n: u64) -> Actor {
    let login = PEOPLE[usize::try_from(n % 5).unwrap()];
    let (name, email) = (format!("{login} Example"), format!("{login}@example.org"));
    Actor { login: login.to_owned(), name, email, by: Authentication::Process, role: Role::Admin }
}

/// One of eight steps of a deployment.
fn step(number: u64, step: u64, n: u64) -> Record {
    let environment =
        format!("shop-{}/{}", number % 40, ["development", "staging", "production"][usize::try_from(number % 3).unwrap()]);
    let mut stages = [Stage::pending(), Stage::pending(), Stage::pending(), Stage::pending()];
    for stage in stages.iter_mut().take(usize::try_from(step / 2 + 1).unwrap()) {
        (stage.state, stage.started, stage.ended) = (StageState::Done, Some(moment(n)), Some(moment(n + 1)));
        "main@9e1c21d".clone_into(&mut stage.detail);
    }
    let over = step == 7;
    let deployment = Deployment {
        id: DeploymentId::new(format!("01k{number:023}")),
        environment: environment.parse().unwrap(),
        method: Method::GitopsUi,
        actor: actor(number),
        requested: moment(n),
        finished: over.then(|| moment(n + 9)),
        status: if over { Status::Succeeded } else { Status::Running },
        edits: vec![Edit::set(Field::ImageTag, format!("1.8.{number}")), Edit::set(Field::Replicas, "6")],
        workload: None,
        message: format!(
            "Deploy shop 1.8.{number} to {environment}\n\nDeployment-Id: 01k{number:023}\nEnvironment: {environment}\n"
        ),
        branch: "main".to_owned(),
        files: vec!["k8s/overlays/production/kustomization.yaml".to_owned()],
        base: None,
        commit: CommitId::parse(&format!("{number:040x}")),
        reviewed: "0f".repeat(32),
        summary: format!("image 1.8.{} \u{2192} 1.8.{number}, replicas 3 \u{2192} 6", number.saturating_sub(1)),
        expect_images: vec![("web".to_owned(), format!("registry.example.org/shop:1.8.{number}"))],
        expect_replicas: Some(6),
        automation: None,
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    };
    let change = Some(Change::Deployment(Box::new(deployment)));
    let phase = if step == 0 { Phase::Intent } else { Phase::Done };
    Record {
        time: moment(n),
        actor: actor(number),
        act: "deploy".to_owned(),
        object: environment,
        phase,
        detail: format!("step {step}"),
        change,
    }
}

fn act(n: u64) -> Record {
    let acts = ["kustomization.suspend", "kustomization.resume", "flux.sync", "pod.delete"];
    let act = acts[usize::try_from(n / 10 % 4).unwrap()];
    // One of a thousand is what the rare filters look for.
    let object = if n % 1000 == 8 {
        "HelmRelease/payments/ledger".to_owned()
    } else {
        format!("Kustomization/flux-system/app-{}", n % 3000)
    };
    Record {
        time: moment(n),
        actor: actor(n / 10),
        act: act.to_owned(),
        object,
        phase: Phase::Done,
        detail: String::new(),
        change: None,
    }
}

fn fill(dir: &Path, entries: u64) {
    let (store, _) = Store::open_with(dir, Options { index: false, ..Options::default() }).unwrap();
    let record = |n: u64| if n % 10 < 8 { step(n / 10, n % 10, n) } else { act(n) };
    for from in (0..entries).step_by(1000) {
        store.commit(|_| Ok((from..entries.min(from + 1000)).map(record).collect())).unwrap();
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

fn timed<T>(what: &str, runs: usize, mut work: impl FnMut() -> T) -> T {
    let mut times: Vec<Duration> = Vec::new();
    let mut last = None;
    for _ in 0..runs {
        let begun = Instant::now();
        last = Some(work());
        times.push(begun.elapsed());
    }
    times.sort();
    let (median, worst) = (times[runs / 2].as_secs_f64() * 1e3, times[runs - 1].as_secs_f64() * 1e3);
    println!("| {what} | {median:.1} ms | {worst:.1} ms | {} MiB |", resident());
    last.unwrap()
}

/// Opens the store as a console does and asks it what the Audit tab asks.
fn opened(dir: &Path, entries: u64) {
    let (store, notices) = timed("open the store", 1, || Store::open(dir).unwrap());
    for notice in &notices {
        println!("{}", notice.trouble);
    }
    timed("the newest 1,000", RUNS, || store.audit(&AuditFilter::default(), 1000).unwrap().len());
    let all = AuditFilter::default;
    let table = [
        ("one actor", AuditFilter { actor: Some("eve".to_owned()), ..all() }),
        ("an actor who is not there", AuditFilter { actor: Some("zoe".to_owned()), ..all() }),
        ("an act in a hundred", AuditFilter { act: Some("pod.".to_owned()), ..all() }),
        ("an object in a thousand", AuditFilter { object: Some("payments/ledger".to_owned()), ..all() }),
        ("an object that is not there", AuditFilter { object: Some("no such thing".to_owned()), ..all() }),
        ("the oldest thousandth", AuditFilter { until: Some(moment(entries / 1000)), ..all() }),
        (
            "an actor, an object, half of the time",
            AuditFilter {
                actor: Some("bob".to_owned()),
                object: Some("app-29".to_owned()),
                until: Some(moment(entries / 2)),
                ..all()
            },
        ),
    ];
    for (what, filter) in table {
        let found = timed(what, RUNS, || store.audit(&filter, 1000).unwrap().len());
        println!("| \u{2003}found | {found} | | |");
    }
    let refused = |part: store::Part<'_>| part != store::Part::Phase(Phase::Done);
    let narrow = AuditFilter { until: Some(moment(entries / 100)), ..all() };
    let ask = || store.audit_where((&narrow, &|entry| entry.record.phase == Phase::Intent), 1000, &refused).unwrap().len();
    timed("a result, by the language of the lists", RUNS, ask);
    history(&store, moment(entries));
    let (tell, told) = std::sync::mpsc::channel();
    store.subscribe(Box::new(move |_| _ = tell.send(())));
    timed("the rest of the journal verified behind the work", 1, || {
        store.verify_behind().unwrap();
        while !store.verified().is_through() {
            told.recv().unwrap();
        }
    });
}

/// Opens the store as a subcommand does beside a console that runs: the index is the console's.
fn beside(dir: &Path) {
    let (console, _) = Store::open(dir).unwrap();
    let (store, notices) = timed("open it beside a process that has the index", RUNS, || Store::open(dir).unwrap());
    assert!(notices.is_empty() && store.state() == console.state());
}

/// Asks what the History and the Monitor tabs ask.
fn history(store: &Store, now: Time) {
    let state = store.state();
    let all = &state.deployments;
    println!("| deployments | {} | | {} MiB |", all.len(), resident());
    // What a list does: a row for each, and what is drawn of those on the screen.
    let drawn = |d: &Brief| format!("{} {} {} {} {}", d.short(), d.environment(), d.change(), d.commit(), d.requested()).len();
    let page = |from: usize| all.iter().skip(from).take(PAGE).map(drawn).sum::<usize>();
    timed("the history: its rows and the first page", RUNS, || (all.iter().cloned().collect::<Vec<Brief>>().len(), page(0)));
    timed("the history: a page in its middle", RUNS, || page(all.len() / 2));
    let whole = |from: usize| {
        let briefs: Vec<Brief> = all.iter().skip(from).take(PAGE).cloned().collect();
        store.recall_all(&briefs).unwrap().len()
    };
    timed("the history: a page of whole records", RUNS, || whole(all.len() / 2));
    let fits = Filter::<Brief>::parse("env=production by=eve status=succeeded method=gitops-ui age<90d image").unwrap();
    timed("the history, filtered", RUNS, || all.iter().filter(|d| fits.matches(d, now)).count());
    let counted = timed("the figures of 90 days", RUNS, || monitor(all.iter(), &Span::days(90, now)).all.deployments);
    println!("| \u{2003}deployments in them | {counted} | | |");
}

fn child(phase: &str, dir: &Path, entries: u64) {
    let program = std::env::current_exe().unwrap();
    let done = Command::new(program).args([entries.to_string().as_str(), phase]).arg(dir).status().unwrap();
    assert!(done.success(), "{phase} failed");
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [entries, phase, dir] = &arguments[..]
        && phase.parse::<u64>().is_err()
    {
        let (dir, entries) = (Path::new(dir), entries.parse().unwrap());
        match phase.as_str() {
            "fill" => timed("write the journal", 1, || fill(dir, entries)),
            "index" => drop(timed("open without an index; it is built", 1, || Store::open(dir).unwrap())),
            "beside" => beside(dir),
            "verify" => assert!(timed("verify", 1, || verify(dir).unwrap()).holds()),
            _ => opened(dir, entries),
        }
        return;
    }
    let sizes: Vec<u64> = arguments.iter().map(|count| count.parse().unwrap()).collect();
    for entries in if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes } {
        let place = tempfile::tempdir().unwrap();
        println!("| a journal of {entries} entries | median | worst | memory |\n|---|---|---|---|");
        for phase in ["fill", "index", "open", "beside", "verify"] {
            child(phase, place.path(), entries);
        }
        println!();
    }
}
