//! The list of a large cluster beside other consoles: how soon it is there, what it costs, how soon a key is answered, and how
//! soon it is right again after a cut.
//!
//! Brings up the test cluster, fills it, leaves only its API server running, and drives each program through a
//! pseudo-terminal the same way. Peers are looked for in `--peers FOLDER`, then on the `PATH`:
//! `cargo install --root FOLDER sofka@0.34.0 flux9s@1.5.1`.

mod cut;
mod fill;
mod tool;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use http::Method;
use rustix::process::{Pid, Signal, kill_process};

use crate::median;
use crate::support::cluster::{Api, Cluster};
use crate::support::{note, wait};
use fill::{Changes, LIST};
use tool::{Held, Start, Tool};

/// How many objects a second change.
const CHANGES: u32 = 500;

/// Says what is measured.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// How many Kustomizations the cluster has, one table each; growing.
    pub(crate) objects: Vec<usize>,
    /// How often each program is started.
    pub(crate) runs: usize,
    /// Where peers are looked for first.
    pub(crate) peers: Option<PathBuf>,
    /// A cluster that is there and filled already.
    pub(crate) kubeconfig: Option<PathBuf>,
}

/// Holds what was measured of one program.
struct Column {
    name: &'static str,
    starts: Vec<Start>,
    held: Option<Held>,
    /// How soon after a cut the list was the server's again.
    healed: Option<Duration>,
}

/// Measures and prints a table for each size.
pub(crate) fn measure(options: &Options) {
    let own = options.kubeconfig.is_none().then(|| {
        let cluster = Cluster::start().expect("the test cluster");
        leave_only(&cluster, &["etcd", "apiserver"]);
        cluster
    });
    let mut there = 0;
    for objects in options.objects.iter().copied() {
        if let Some(cluster) = &own {
            fill::fill(cluster.kubeconfig(), there..objects);
            there = objects;
        }
        of_size(options, objects, own.as_ref());
    }
}

fn of_size(options: &Options, objects: usize, own: Option<&Cluster>) {
    let kubeconfig = options.kubeconfig.as_deref().or(own.map(Cluster::kubeconfig)).expect("one of the two");
    let api = Api::new(kubeconfig);
    wait("the list is whole", Duration::from_mins(1), || (fill::count(&api) == objects).then_some(()));
    let tools = tools(options);
    let (mut plain, mut kubectl) = (Vec::new(), Vec::new());
    let mut columns: Vec<Column> =
        tools.iter().map(|tool| Column { name: tool.name, starts: Vec::new(), held: None, healed: None }).collect();
    for run in 0..=options.runs {
        note(&format!("start {run} of {}", options.runs));
        let (get, said) = (get(&api), own.map(said));
        let starts: Vec<Option<Start>> =
            tools.iter().map(|tool| tool.exists().then(|| tool.start(kubeconfig, objects))).collect();
        // The first round warms everything.
        if run > 0 {
            plain.push(get);
            kubectl.extend(said);
            for (column, start) in columns.iter_mut().zip(starts) {
                column.starts.extend(start);
            }
        }
    }
    for (tool, column) in tools.iter().zip(&mut columns).filter(|(tool, _)| tool.exists()) {
        note(&format!("a look at {}", tool.name));
        column.held = Some(tool.hold(kubeconfig, objects, || Changes::start(kubeconfig, objects, CHANGES)));
        column.healed = tool.heal(kubeconfig, objects);
    }
    print((options.runs, objects), &columns, (plain, kubectl));
}

/// Ends all servers of a cluster but these, so that what they do is not measured.
fn leave_only(cluster: &Cluster, kept: &[&str]) {
    let ids = cluster.kubeconfig().parent().expect("a file in a folder").join("pid");
    for file in std::fs::read_dir(ids)
        .expect("the servers' ids")
        .flatten()
        .filter(|file| !kept.iter().any(|name| file.file_name() == *name))
    {
        let id = std::fs::read_to_string(file.path()).ok().and_then(|text| Pid::from_raw(text.trim().parse().ok()?));
        id.map(|id| kill_process(id, Signal::TERM));
    }
}

fn get(api: &Api) -> Duration {
    let start = Instant::now();
    let path = format!("{LIST}?resourceVersion=0");
    let answer = api.call(Method::GET, &path, "application/json", Vec::new()).expect("a list");
    assert!(!answer.is_empty(), "an empty list");
    start.elapsed()
}

fn said(cluster: &Cluster) -> Duration {
    let start = Instant::now();
    let output = cluster.kubectl(&["get", "kustomizations", "-A"]);
    assert!(output.status.success(), "kubectl fails: {}", String::from_utf8_lossy(&output.stderr));
    start.elapsed()
}

fn tools(options: &Options) -> [Tool; 3] {
    let here = std::env::current_exe().expect("a running program has a path");
    let ours = here.ancestors().nth(2).expect("a program of the target folder").join("quarterdeck");
    let peer = |name: &str| {
        let beside = options.peers.iter().map(|folder| find(folder, name));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let everywhere = std::env::split_paths(&path).map(|folder| folder.join(name)).collect::<Vec<_>>();
        beside.chain(everywhere).find(|path| path.is_file()).unwrap_or_default()
    };
    [
        Tool { name: "Quarterdeck", program: ours, arguments: &[], open: "6" },
        Tool { name: "sofka 0.34.0", program: peer("sofka"), arguments: &["-A", "kustomizations"], open: "" },
        Tool { name: "flux9s 1.5.1", program: peer("flux9s"), arguments: &["-c", "ns all"], open: "" },
    ]
}

/// Returns where a program lies in a folder that `cargo install --root` made, or one that holds programs.
fn find(folder: &Path, name: &str) -> PathBuf {
    let inner = folder.join("bin").join(name);
    if inner.is_file() { inner } else { folder.join(name) }
}

fn print((runs, objects): (usize, usize), columns: &[Column], (plain, kubectl): (Vec<Duration>, Vec<Duration>)) {
    let processors = Command::new("nproc").output().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    println!("\n{objects} Kustomizations, {} processors, medians of {runs} starts.\n", processors.unwrap_or_default());
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    println!("| what | asked | plain GET | kubectl get | {} |", names.join(" | "));
    println!("|---|---|---|---|{}", "---|".repeat(names.len()));
    print_starts(objects, columns, (&plain, &kubectl));
    print_looks(columns);
    let healed = |c: &Column| match (&c.held, c.healed) {
        (None, _) => "not installed".to_owned(),
        (_, Some(healed)) => format!("{:.1} s", healed.as_secs_f64()),
        (_, None) => "not within a minute".to_owned(),
    };
    let outage = cut::OUTAGE.as_secs();
    row(&format!("right again after a cut of {outage} s"), "≤ 10 s", [NONE; 2], &columns.iter().map(healed).collect::<Vec<_>>());
}

/// Prints a line of the table.
fn row(what: &str, asked: &str, others: [&str; 2], cells: &[String]) {
    println!("| {what} | {asked} | {} | {} |", others.join(" | "), cells.join(" | "));
}

const NONE: &str = "–";

fn print_starts(objects: usize, columns: &[Column], (plain, kubectl): (&[Duration], &[Duration])) {
    let time = |all: &[Duration]| if all.is_empty() { NONE.to_owned() } else { format!("{:.0} ms", median(all.to_vec())) };
    let cells = |figure: &dyn Fn(&[Start]) -> String| -> Vec<String> {
        columns.iter().map(|c| if c.starts.is_empty() { "not installed".to_owned() } else { figure(&c.starts) }).collect()
    };
    let moment = |pick: fn(&Start) -> Option<Duration>| {
        cells(&move |starts| {
            let all: Vec<Duration> = starts.iter().filter_map(pick).collect();
            if all.len() == starts.len() { format!("{:.0} ms", median(all)) } else { "never".to_owned() }
        })
    };
    let size = |pick: fn(&Start) -> u64| {
        cells(&move |starts| {
            let mut all: Vec<u64> = starts.iter().map(pick).collect();
            all.sort_unstable();
            format!("{:.1} MiB", f64::from(u32::try_from(all[all.len() / 2]).unwrap_or(u32::MAX)) / 1024.0)
        })
    };
    let soon = if plain.is_empty() { NONE.to_owned() } else { format!("≤ {:.0} ms", median(plain.to_vec()) * 1.3) };
    let small = if objects > 10_000 { "≤ 150 MiB" } else { "≤ 40 MiB" };
    row("start → first frame", NONE, [NONE; 2], &moment(|s| s.frame));
    row("start → first rows", "≤ 200 ms", [NONE; 2], &moment(|s| s.rows));
    row("start → list complete", &soon, [&time(plain), &time(kubectl)], &moment(|s| s.complete));
    row("resident", small, [NONE; 2], &size(|s| s.resident));
    row("resident at most", NONE, [NONE; 2], &size(|s| s.peak));
}

fn print_looks(columns: &[Column]) {
    let cells = |figure: &dyn Fn(&Held) -> String| -> Vec<String> {
        columns.iter().map(|c| c.held.as_ref().map_or("not installed".to_owned(), figure)).collect()
    };
    let silence = |h: &Held| match (h.idle_bytes, h.idle_turns) {
        (0, _) => "0".to_owned(),
        (bytes, true) => format!("{bytes}: ages and clock"),
        (bytes, false) => bytes.to_string(),
    };
    let second = tool::LOOK.as_secs();
    row(&format!("processor at rest, {second} s"), "≤ 0.1 %", [NONE; 2], &cells(&|h| format!("{:.2} %", h.idle_cpu)));
    row(&format!("bytes to the terminal at rest, {second} s"), "0 but for ages and clock", [NONE; 2], &cells(&silence));
    row("key → screen, median / 99 %", "≤ 1.5 / 8 ms", [NONE; 2], &cells(&|h| h.keys.to_string()));
    row("bytes to the terminal for a key", NONE, [NONE; 2], &cells(&|h| h.key_bytes.to_string()));
    row("objects changed a second", &CHANGES.to_string(), [NONE; 2], &cells(&|h| format!("{:.0}", h.rate)));
    row("processor while objects change", NONE, [NONE; 2], &cells(&|h| format!("{:.0} %", h.busy_cpu)));
    row("key → screen while objects change", "≤ 1.5 / 8 ms", [NONE; 2], &cells(&|h| h.busy_keys.to_string()));
}
