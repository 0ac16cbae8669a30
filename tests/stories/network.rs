//! The way to the servers: names that do not resolve and then do, and a proxy that the environment names.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use crate::support::console::{Operator, Said};
use crate::support::ground::{Ground, Kind};
use crate::support::note;
use crate::support::proxy::{Gate, Proxy};

const LIMIT: Duration = Duration::from_mins(1);
/// What the system says of a name that it does not find.
const UNKNOWN: &str = "failed to lookup address information";

/// Holds an operator whose cluster and whose repository have names, and says in a file of their own what these mean.
struct Named<'a> {
    ground: &'a Ground,
    operator: Operator,
    /// What runs a program where that file counts.
    wrap: String,
}

impl<'a> Named<'a> {
    /// Returns nothing where no program can be given a file of its own.
    fn new(ground: &'a Ground) -> Option<Self> {
        let text = fs::read_to_string(ground.kubeconfig()).expect("a kubeconfig of our own").replace("127.0.0.1", "cluster.test");
        let first = ground.operator();
        let operator = Operator::new(&first.file("by-name", &text));
        // The folder of the first one has to stay as long as the second.
        std::mem::forget(first);
        operator.file("resolv", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        operator.file("order", "hosts: files dns\n");
        let named = Self { ground, wrap: String::new(), operator };
        named.resolves(false);
        let binds = "mount --bind \"$HOME/hosts\" /etc/hosts && mount --bind \"$HOME/resolv\" /etc/resolv.conf && \
            { ! [ -e /etc/nsswitch.conf ] || mount --bind \"$HOME/order\" /etc/nsswitch.conf; }";
        let ways = ["-m", "-rm"].map(|how| format!("unshare {how} sh -c '{binds} && exec \"$0\" \"$@\"'"));
        let found = ways.into_iter().find(|wrap| named.operator.shell(&format!("{wrap} true")).code == 0);
        if found.is_none() {
            note("a story of names is skipped: no program can be given names of its own here");
        }
        Some(Self { wrap: found?, ..named })
    }

    /// Lets the names mean this machine, or nothing.
    fn resolves(&self, them: bool) {
        let more = if them { "127.0.0.1 cluster.test git.test\n" } else { "" };
        // Written anew in its place: a file of another identity would not be the one that counts.
        self.operator.file("hosts", &format!("127.0.0.1 localhost\n{more}"));
    }

    fn url(&self) -> String {
        self.ground.repo.url.replace("127.0.0.1", "git.test")
    }

    fn run(&self, arguments: &str) -> Said {
        self.operator.shell(&format!("{} \"$QUARTERDECK\" {arguments}", self.wrap))
    }
}

#[test]
fn names_that_do_not_resolve_are_told_and_it_goes_on_when_they_do() {
    let ground = Ground::new(Kind::Sim, "names").expect("the simulator is always there");
    ground.seed();
    let Some(named) = Named::new(&ground) else { return };
    let (app, url) = (ground.app.as_str(), named.url());
    let add = format!("project add {app} --repo {url}");
    let refused = named.run(&add).failed(1);
    assert!(refused.contains("git.test") && refused.contains("resolve"), "{refused}");
    named.resolves(true);
    named.run(&add).ok();
    named.run(&format!("environment add {app} development --branch main --approvers 0 --yes")).ok();
    let dry = format!("deploy {app} development --tag 9.9.9 --dry-run");
    named.run(&dry).ok();

    named.resolves(false);
    let refused = named.run("get gitrepo -A").failed(1);
    assert!(refused.contains(UNKNOWN) && refused.contains("cluster.test"), "{refused}");
    let mut console = named.operator.shell_in_terminal(&format!("{} \"$QUARTERDECK\"", named.wrap), 150, 40);
    console.until("what is wrong", LIMIT, |screen| screen.contains(UNKNOWN) && !screen.contains("\u{25cf} live"));
    // No key is pressed for the recovery.
    named.resolves(true);
    console.see("\u{25cf} live");
    console.keys("6");
    console.see(&format!("{app}-development"));
    console.kill();
    named.run(&dry).ok();
    // The cluster is found, the repository is not.
    named.operator.file("hosts", "127.0.0.1 localhost cluster.test\n");
    let refused = named.run(&format!("deploy {app} development --tag 9.9.8 --yes")).failed(1);
    assert!(refused.contains("git.test") && refused.contains("resolve"), "{refused}");
    assert!(ground.repo.log("main").iter().all(|commit| !commit.subject.contains("9.9.8")));
}

#[test]
fn the_proxy_of_the_environment_leads_to_the_cluster_and_is_heard() {
    let ground = Ground::new(Kind::Sim, "proxy").expect("the simulator is always there");
    ground.plant("seen");
    // A name that only a proxy finds.
    let text = fs::read_to_string(ground.kubeconfig()).expect("a kubeconfig of our own");
    let server = text.split("http://").nth(1).and_then(|rest| rest.lines().next()).expect("a server");
    let address: SocketAddr = server.trim().parse().expect("an address");
    let first = ground.operator();
    let operator = Operator::new(&first.file("by-name", &text.replace("127.0.0.1", "cluster.invalid")));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let proxy = runtime.block_on(Proxy::start(address));
    let there = format!("http://ada:canary-of-a-proxy@{}", proxy.address());
    // The proxy of encrypted connections is another one, and leads nowhere.
    let around = [("HTTP_PROXY", there.as_str()), ("HTTPS_PROXY", "http://127.0.0.1:1")];
    let get = || operator.run_with(&["get", "gitrepo", "-A"], &around);
    assert!(get().ok().contains("seen"));
    for (gate, words) in [
        (Gate::Refuses(407), "the proxy wants a user name and a password"),
        (Gate::Refuses(502), "the proxy does not let us through"),
        (Gate::Torn, "the proxy"),
    ] {
        proxy.set(|weather| weather.gate = gate);
        let refused = get().failed(1);
        assert!(refused.contains(words) && !refused.contains("canary-of-a-proxy"), "{gate:?}: {refused}");
    }
    let mut console = operator.console_as(150, 40, &around);
    console.until("what is wrong", LIMIT, |screen| screen.contains("the proxy") && !screen.contains("\u{25cf} live"));
    proxy.clear();
    console.see("\u{25cf} live");
    console.keys("6");
    console.see("seen");
    drop(console);
    drop(runtime);
}
