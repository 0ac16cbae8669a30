//! A cut between console and API server, and how soon after it the list is what the server has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::support::proxy::Proxy;

/// How long nothing gets through.
pub(super) const OUTAGE: Duration = Duration::from_secs(10);

/// A way to the server that can be cut.
pub(super) struct Way {
    proxy: Proxy,
    runtime: Runtime,
    kubeconfig: tempfile::NamedTempFile,
}

impl Way {
    /// Puts a proxy in front of the server of a configuration file.
    pub(super) fn to(kubeconfig: &Path) -> Self {
        const SERVER: &str = "server: https://";
        let text = std::fs::read_to_string(kubeconfig).expect("a configuration file");
        let from = text.find(SERVER).expect("a server") + SERVER.len();
        let address = text[from..].split_whitespace().next().expect("its address");
        let server: SocketAddr = address.parse().expect("an address with a port");
        let runtime = Runtime::new().expect("threads");
        let proxy = runtime.block_on(Proxy::start(server));
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text.replacen(address, &proxy.address().to_string(), 1)).expect("a configuration file");
        Self { proxy, runtime, kubeconfig: file }
    }

    /// Returns the configuration that leads this way.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.path().to_owned()
    }

    /// Cuts all connections and refuses new ones for a while; returns the moment when it lets them through again.
    pub(super) fn outage(&self, meanwhile: impl FnOnce()) -> Instant {
        let _threads = self.runtime.enter();
        let end = Instant::now() + OUTAGE;
        self.proxy.set(|weather| weather.refusing = true);
        self.proxy.cut(false);
        meanwhile();
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        self.proxy.clear();
        Instant::now()
    }
}
