//! The list of a large cluster beside other consoles: how soon it is there, what it costs, and how soon a key is answered.
//!
//! Brings up the test cluster, fills it, leaves only its API server running, and drives each program through a
//! pseudo-terminal the same way. Peers are looked for in `--peers FOLDER`, then on the `PATH`:
//! `cargo install --root FOLDER sofka@0.34.0 flux9s@1.5.1`.

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
    /// How many Kustomizations the cluster has.
    pub(crate) objects: usize,
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
}

/// Measures and prints the table.
pub(crate) fn measure(options: &Options) {
    let own = options.kubeconfig.is_none().then(|| {
        let cluster = Cluster::start().expect("the test cluster");
        fill::fill(cluster.kubeconfig(), options.objects);
        leave_only(&cluster, &["etcd", "apiserver"]);
        cluster
    });
    let kubeconfig = options.kubeconfig.as_deref().or(own.as_ref().map(Cluster::kubeconfig)).expect("one of the two");
    let api = Api::new(kubeconfig);
    wait("the list is whole", Duration::from_mins(1), || (fill::count(&api) == options.objects).then_some(()));
    let tools = tools(options);
    let (mut plain, mut kubectl) = (Vec::new(), Vec::new());
    let mut columns: Vec<Column> = tools.iter().map(|tool| Column { name: tool.name, starts: Vec::new(), held: None }).collect();
    for run in 0..=options.runs {
        note(&format!("start {run} of {}", options.runs));
        let (get, said) = (get(&api), own.as_ref().map(said));
        let starts: Vec<Option<Start>> =
            tools.iter().map(|tool| tool.exists().then(|| tool.start(kubeconfig, options.objects))).collect();
        // The first round warms everything.
        if run > 0 {
            plain.push(get);
            kubectl.extend(said);
            for (column, start) in columns.iter_mut().zip(starts) {
                column.starts.extend(start);
            }
        }
    }
    let mut rate = 0.0;
    for (tool, column) in tools.iter().zip(&mut columns).filter(|(tool, _)| tool.exists()) {
        note(&format!("a look at {}", tool.name));
        column.held = Some(tool.hold(kubeconfig, options.objects, || Changes::start(kubeconfig, options.objects, CHANGES)));
        rate = column.held.as_ref().map_or(rate, |held| held.rate);
    }
    print(options, &columns, (plain, kubectl), rate);
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

fn print(options: &Options, columns: &[Column], (plain, kubectl): (Vec<Duration>, Vec<Duration>), rate: f64) {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let versions = Command::new("nproc").output().map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    println!(
        "\n{} Kustomizations, {} processors, medians of {} starts; {rate:.0} objects a second change where it says so.\n",
        options.objects,
        versions.unwrap_or_default(),
        options.runs
    );
    println!("| what | plain GET | kubectl get | {} |\n|---|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
    let none = || "–".to_owned();
    let time = |all: &[Duration]| if all.is_empty() { none() } else { format!("{:.0} ms", median(all.to_vec())) };
    let of_starts = |figure: &dyn Fn(&[Start]) -> String| -> Vec<String> {
        columns.iter().map(|c| if c.starts.is_empty() { "not installed".to_owned() } else { figure(&c.starts) }).collect()
    };
    let of_held = |figure: &dyn Fn(&Held) -> String| -> Vec<String> {
        columns.iter().map(|c| c.held.as_ref().map_or("not installed".to_owned(), figure)).collect()
    };
    let row = |what: &str, plain: String, kubectl: String, cells: Vec<String>| {
        println!("| {what} | {plain} | {kubectl} | {} |", cells.join(" | "));
    };
    let picked = |pick: fn(&Start) -> Option<Duration>| {
        of_starts(&move |starts| {
            let all: Vec<Duration> = starts.iter().filter_map(pick).collect();
            if all.len() == starts.len() { format!("{:.0} ms", median(all)) } else { "never".to_owned() }
        })
    };
    let size = |pick: fn(&Start) -> u64| {
        of_starts(&move |starts| {
            let mut all: Vec<u64> = starts.iter().map(pick).collect();
            all.sort_unstable();
            format!("{} MiB", all[all.len() / 2].div_ceil(1024))
        })
    };
    row("start → first frame", none(), none(), picked(|s| s.frame));
    row("start → first rows", none(), none(), picked(|s| s.rows));
    row("start → list complete", time(&plain), time(&kubectl), picked(|s| s.complete));
    row("resident", none(), none(), size(|s| s.resident));
    row("resident at most", none(), none(), size(|s| s.peak));
    row("processor at rest, 20 s", none(), none(), of_held(&|h| format!("{:.2} %", h.idle_cpu)));
    row("bytes to the terminal at rest, 20 s", none(), none(), of_held(&|h| h.idle_bytes.to_string()));
    row("key → screen, median / 99 %", none(), none(), of_held(&|h| h.keys.to_string()));
    row("bytes to the terminal for a key", none(), none(), of_held(&|h| h.key_bytes.to_string()));
    row("processor while objects change", none(), none(), of_held(&|h| format!("{:.0} %", h.busy_cpu)));
    row("key → screen while objects change", none(), none(), of_held(&|h| h.busy_keys.to_string()));
}
