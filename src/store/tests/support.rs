//! What the tests build on: records, seeded chance, copies of folders, and child processes that can be killed.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::Time;
use domain::actor::{Actor, Authentication, Role};
use domain::change::Draft;
use domain::deployment::{Deployment, Method, Stage, StageState, Status};
use domain::edit::{Edit, Field};
use domain::ident::{ContextName, DeploymentId, EnvironmentId, ObjectName, Slug};
use domain::journal::{Change, Phase, Record, SyncPromise};
use domain::project::{Credential, Environment, EnvironmentType, Project, Provider, Repository};
use store::{AuditFilter, Options, Store};

use crate::measure::resident;

const MODE: &str = "STORE_TEST_CHILD";

/// A moment that depends on nothing but its number.
pub(crate) fn moment(n: u64) -> Time {
    Time::from_second(1_760_000_000 + i64::try_from(n).unwrap()).unwrap()
}

pub(crate) fn actor(login: &str) -> Actor {
    Actor {
        login: login.to_owned(),
        name: format!("{login} Example"),
        email: format!("{login}@example.org"),
        by: Authentication::Process,
        role: Role::Admin,
    }
}

pub(crate) fn record(act: &str, object: &str, n: u64) -> Record {
    Record {
        time: moment(n),
        actor: actor(if n.is_multiple_of(3) { "mara" } else { "tom" }),
        act: act.to_owned(),
        object: object.to_owned(),
        phase: Phase::Done,
        detail: format!("number {n}, with “quotes”, \"more\" and 中文"),
        change: None,
    }
}

pub(crate) fn with(change: Change, n: u64) -> Record {
    Record { change: Some(change), ..record("test.change", "thing", n) }
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(crate) fn env(text: &str) -> EnvironmentId {
    text.parse().unwrap()
}

pub(crate) fn project(name: &str) -> Project {
    Project {
        slug: slug(name),
        name: name.to_uppercase(),
        description: "sells things".to_owned(),
        organization: "default".to_owned(),
        repository: Repository {
            provider: Provider::Git,
            url: format!("https://git.example.org/{name}.git"),
            default_branch: "main".to_owned(),
            credential: Credential::Env { user: "git".to_owned(), name: "TOKEN".to_owned() },
        },
    }
}

pub(crate) fn environment(id: &str, kind: EnvironmentType) -> Environment {
    Environment::with_defaults(env(id), kind, ContextName::from("harbour"))
}

pub(crate) fn promise(id: &str, n: u64) -> SyncPromise {
    SyncPromise {
        environment: env(id),
        kustomization: ObjectName::new("flux-system", "shop-production"),
        commit: "9e1c21d0c0ffee9e1c21d0c0ffee9e1c21d0c0ff".to_owned(),
        actor: actor("mara"),
        since: moment(n),
        token: format!("token-{n}"),
    }
}

pub(crate) fn deployment(n: u64, step: usize) -> Deployment {
    let mut stages = [Stage::pending(), Stage::pending(), Stage::pending(), Stage::pending()];
    for stage in stages.iter_mut().take(step) {
        stage.state = StageState::Done;
        stage.started = Some(moment(n));
        stage.ended = Some(moment(n + 1));
        "main@9e1c21d".clone_into(&mut stage.detail);
    }
    Deployment {
        id: DeploymentId::new(format!("01k{n:023}")),
        environment: env(if n.is_multiple_of(2) { "shop/development" } else { "shop/production" }),
        method: Method::GitopsUi,
        actor: actor("mara"),
        requested: moment(n),
        finished: (step == 4).then(|| moment(n + 2)),
        status: if step == 4 { Status::Succeeded } else { Status::Running },
        edits: vec![Edit::set(Field::ImageTag, format!("1.8.{n}")), Edit::set(Field::Replicas, "6")],
        workload: None,
        message: format!("Deploy shop 1.8.{n}\n\nDeployment-Id: {n}\nEnvironment: shop/development\n"),
        branch: "develop".to_owned(),
        files: vec!["k8s/overlays/development/kustomization.yaml".to_owned()],
        base: None,
        commit: None,
        reviewed: "0f".repeat(32),
        summary: format!("image 1.8.{} → 1.8.{n}, replicas 3 → 6", n.saturating_sub(1)),
        expect_images: vec![("web".to_owned(), format!("registry.example.org/shop:1.8.{n}"))],
        expect_replicas: Some(6),
        automation: None,
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    }
}

pub(crate) fn step(n: u64, step: usize) -> Record {
    Record { act: "deploy".to_owned(), ..with(Change::Deployment(Box::new(deployment(n, step))), n) }
}

pub(crate) fn draft(id: &str, n: u64) -> Draft {
    let edits = (0..40).map(|k| Edit::set(Field::Env(format!("KEY_{k}")), format!("value {n} {}", "x".repeat(60)))).collect();
    Draft { edits, message: Some(n.to_string()), ..Draft::new(env(id)) }
}

/// Small segments, so that tests cross their boundaries.
/// Segments of 16 KiB. A store that is opened again after its last hand went must find its index free, however slow
/// the disk is.
pub(crate) const SMALL: Options = Options { segment_bytes: 16 << 10, index: true, farewell: Duration::from_mins(2) };
pub(crate) const SMALL_PLAIN: Options = Options { index: false, ..SMALL };

/// All entries of the store, oldest first: object and detail.
pub(crate) fn everything(store: &Store) -> Vec<String> {
    let mut all: Vec<String> =
        store.audit(&AuditFilter::default(), usize::MAX).unwrap().iter().map(|e| e.record.object.clone()).collect();
    all.reverse();
    all
}

/// All deployments of the store, newest first, whole.
pub(crate) fn deployments(store: &Store) -> Vec<Deployment> {
    let briefs: Vec<_> = store.state().deployments.iter().cloned().collect();
    store.recall_all(&briefs).unwrap().iter().map(|d| (**d).clone()).collect()
}

/// Chance from a printed seed (xorshift64*): the same one in every run, or `STORE_SEED`, or one of the clock where that
/// says `random`.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(name: &str) -> Self {
        let seed = match std::env::var("STORE_SEED").as_deref() {
            Ok("random") => u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos()) | 1,
            Ok(given) => given.parse().expect("STORE_SEED is a number or random"),
            Err(_) => 249_965_483,
        };
        eprintln!("{name}: STORE_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % end.max(1)
    }
}

/// A folder of its own that only its owner can look into, as a store wants it.
pub(crate) fn place() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().unwrap()
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

pub(crate) fn files_under(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { out.extend(files_under(&path)) } else { out.push(path) }
    }
    out.sort();
    out
}

/// A child process of this very program, doing one of the things in `child`.
pub(crate) struct Helper {
    pub(crate) process: Child,
    // Open until the child may go.
    _input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    pub(crate) fn command(mode: &str, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "support::child", "--nocapture", "--test-threads=1"]);
        command.env(MODE, mode).env("STORE_TEST_DIR", dir).env("STORE_TEST_ARGS", args.join(" "));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    pub(crate) fn start(mode: &str, dir: &Path, args: &[&str]) -> Self {
        Self::take(Self::command(mode, dir, args).spawn().unwrap())
    }

    pub(crate) fn take(mut process: Child) -> Self {
        let input = process.stdin.take().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, _input: input, lines }
    }

    /// The next line that the child said, without the test runner's own.
    pub(crate) fn says(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            if let Some((_, said)) = line.split_once("> ") {
                return Some(said.to_owned());
            }
        }
    }

    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        let rest = std::iter::from_fn(|| self.says()).collect();
        self.process.wait().unwrap();
        rest
    }

    pub(crate) fn finish(mut self) -> Vec<String> {
        let rest = std::iter::from_fn(|| self.says()).collect();
        assert!(self.process.wait().unwrap().success(), "the child failed: {rest:?}");
        rest
    }
}

fn say(words: &str) {
    println!("> {words}");
}

/// What a child does. Without its variable this is a test that does nothing.
#[test]
fn child() {
    let Ok(mode) = std::env::var(MODE) else { return };
    let dir = std::path::PathBuf::from(std::env::var_os("STORE_TEST_DIR").unwrap());
    let args = std::env::var("STORE_TEST_ARGS").unwrap();
    let args: Vec<&str> = args.split_whitespace().collect();
    match mode.as_str() {
        "append" => append(&dir, args[0], args[1].parse().unwrap()),
        "follow" => follow(&dir),
        "echo" => echo(&dir),
        "drafts" => drafts(&dir),
        "lease" => {
            let (store, _) = Store::open_with(&dir, SMALL_PLAIN).unwrap();
            let lease = store.wait_lease(args[0]).unwrap();
            say("held");
            for line in std::io::stdin().lines() {
                line.unwrap();
            }
            drop(lease);
        }
        "open" => {
            let begun = Instant::now();
            let (store, _) = Store::open_with(&dir, Options { index: args[0] != "without-index", ..Options::default() }).unwrap();
            say(&format!("opened in {:?}, {} MiB resident", begun.elapsed(), resident()));
            let begun = Instant::now();
            drop(store);
            say(&format!("closed in {:?}, {} MiB resident", begun.elapsed(), resident()));
        }
        "read-only" => {
            let opened = Store::open_with(&dir, SMALL);
            let (store, notices) = opened.unwrap();
            say(&format!("seq {}", store.state().seq));
            say(&format!("kinds {:?}", notices.iter().map(|n| n.kind).collect::<Vec<_>>()));
            say(&format!("append {}", store.append(record("a", "b", 1)).unwrap_err()));
        }
        other => panic!("no such mode: {other}"),
    }
}

fn append(dir: &Path, tag: &str, count: u64) {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    say("ready");
    for n in 0..count {
        let mut records = vec![record("append", &format!("{tag}-{n}"), n)];
        if n % 5 == 0 {
            records.push(step(n, 4));
        }
        let entries = store.commit(|_| Ok(records)).unwrap();
        say(&format!("{tag}-{n} {}", entries[0].seq));
    }
}

fn follow(dir: &Path) {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    store.subscribe(Box::new(|state| say(&format!("saw {}", state.seq))));
    say("ready");
    for line in std::io::stdin().lines() {
        line.unwrap();
    }
}

/// Answers each record `ping n` of another process with `pong n`.
fn echo(dir: &Path) {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    let (tx, rx) = mpsc::channel();
    store.subscribe(Box::new(move |state| tx.send(state.clone()).unwrap()));
    say("ready");
    let mut answered = 0;
    for state in rx {
        let pings: Vec<_> = state.tail.iter().filter(|e| e.record.act == "ping" && e.seq > answered).cloned().collect();
        for ping in pings {
            answered = ping.seq;
            store.append(record("pong", &ping.record.object, 1)).unwrap();
        }
    }
}

fn drafts(dir: &Path) {
    let (store, _) = Store::open_with(dir, SMALL_PLAIN).unwrap();
    say("ready");
    for n in 0.. {
        store.drafts().save(&draft("shop/production", n)).unwrap();
        say(&n.to_string());
    }
}
