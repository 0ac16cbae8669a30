//! Kubeconfig files: reading several as one, and what a context says about the way to its cluster.
//!
//! Reads the files it is given and nothing else. Where to look, proxies, and whether this process may be inside a
//! cluster come in as parameters.

use std::path::{Path, PathBuf};

use domain::ident::ContextName;
use domain::proxy::{self, Proxies};
use domain::{redact, text};
use http::Uri;
use kube::config::{AuthInfo, Config, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use secrecy::ExposeSecret as _;

use crate::error::{Error, short};

/// The context's name when the way in is the Pod's own service account.
const IN_CLUSTER: &str = "in-cluster";

/// Holds what the environment says that a kubeconfig does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What it says about proxies; a context's own `proxy-url` comes before them, and loopback never goes through them.
    pub proxies: Proxies,
    /// Whether to use the service account of the Pod that this process may run in when there is no kubeconfig.
    pub in_cluster: bool,
}

/// Names the program that brings a context's credentials, so that a person can be asked before it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// The program, as the kubeconfig names it.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// Holds all contexts of several files.
#[derive(Debug, Clone)]
pub struct Kubeconfigs {
    paths: Vec<PathBuf>,
    surroundings: Surroundings,
    merged: Kubeconfig,
    inside: bool,
}

impl Kubeconfigs {
    /// Reads files and merges them: the first to name a thing wins, as `kubectl` does it.
    ///
    /// Files that do not exist are passed over while another one does. Without any, the service account of the Pod is
    /// used when the surroundings allow it; else the error names every place that was looked at.
    pub fn read(paths: &[PathBuf], surroundings: Surroundings) -> Result<Self, Error> {
        let mut merged = Kubeconfig::default();
        let mut found = 0;
        for path in paths {
            let Some(next) = read_one(path)? else { continue };
            found += 1;
            merged = merged.merge(next).map_err(|e| Error::NotKubeconfig { path: shown(path), why: short(&e.to_string()) })?;
        }
        let inside = found == 0 && surroundings.in_cluster && Config::incluster().is_ok();
        if found == 0 && !inside {
            return Err(Error::NoKubeconfig { looked: paths.iter().map(|p| shown(p)).collect() });
        }
        Ok(Self { paths: paths.to_vec(), surroundings, merged, inside })
    }

    /// Reads one that came out of a cluster.
    ///
    /// What in it would run a program here or read a file here is refused: whoever wrote it is not the one at this machine.
    pub(crate) fn foreign(text: &str, surroundings: Surroundings) -> Result<Self, Error> {
        let unusable = |why: String| Error::NotKubeconfig { path: "it".to_owned(), why };
        let merged = Kubeconfig::from_yaml(text).map_err(|e| unusable(short(without_source(&describe(&e)))))?;
        if let Some(what) = reaches_here(&merged) {
            return Err(unusable(format!("{what} of a kubeconfig that lies in a cluster is not used on this machine")));
        }
        let surroundings = Surroundings { in_cluster: false, ..surroundings };
        Ok(Self { paths: Vec::new(), surroundings, merged, inside: false })
    }

    /// Reads the same files again.
    pub fn again(&self) -> Result<Self, Error> {
        Self::read(&self.paths, self.surroundings.clone())
    }

    /// Returns what the environment says that the files do not.
    pub const fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Returns every context, in the order of the files.
    pub fn contexts(&self) -> Vec<ContextName> {
        if self.inside {
            return vec![ContextName::from(IN_CLUSTER)];
        }
        self.merged.contexts.iter().map(|c| ContextName(c.name.clone())).collect()
    }

    /// Returns the context that is current, when one is named (it need not exist).
    pub fn current(&self) -> Option<ContextName> {
        if self.inside {
            return Some(ContextName::from(IN_CLUSTER));
        }
        self.merged.current_context.clone().filter(|name| !name.is_empty()).map(ContextName)
    }

    /// Returns the program that would bring a context's credentials; `None` when it has none.
    pub fn helper(&self, context: &ContextName) -> Option<Helper> {
        let wanted = self.merged.contexts.iter().find(|c| c.name == context.0)?.context.as_ref()?.user.as_ref()?;
        let user = self.merged.auth_infos.iter().find(|u| &u.name == wanted)?.auth_info.as_ref()?;
        let exec = user.exec.as_ref()?;
        Some(Helper {
            command: text::one_line(exec.command.as_deref().unwrap_or_default()),
            arguments: exec.args.iter().flatten().map(|a| text::one_line(a)).collect(),
        })
    }

    /// Returns what the client library needs to reach a context's cluster.
    pub(crate) async fn config(&self, context: &ContextName) -> Result<Config, Error> {
        let unusable = |why: String| Error::Context { context: context.to_string(), why: short(&why) };
        if self.inside {
            let mut config = Config::incluster().map_err(|e| unusable(e.to_string()))?;
            settle(&mut config);
            known(&config.auth_info);
            return Ok(config);
        }
        if !self.merged.contexts.iter().any(|c| c.name == context.0) {
            let known = self.contexts().iter().map(|c| text::one_line(&c.0)).collect();
            return Err(Error::UnknownContext { name: text::one_line(&context.0), known });
        }
        let options = KubeConfigOptions { context: Some(context.0.clone()), ..KubeConfigOptions::default() };
        let loaded = Config::from_custom_kubeconfig(self.merged.clone(), &options).await;
        let mut config = loaded.map_err(|e| unusable(describe(&e)))?;
        config.proxy_url = self.proxy(context, &config).map(|address| proxied(&address)).transpose().map_err(unusable)?;
        settle(&mut config);
        known(&config.auth_info);
        if travels_in_the_clear(&config) {
            return Err(Error::PlainText {
                context: context.to_string(),
                server: text::one_line(&config.cluster_url.to_string()),
            });
        }
        Ok(config)
    }

    /// Decides about the proxy here, since the client library compares `NO_PROXY` with the proxy's host, not the cluster's.
    fn proxy(&self, context: &ContextName, config: &Config) -> Option<String> {
        let entry = self.merged.contexts.iter().find(|c| c.name == context.0)?.context.as_ref()?;
        let cluster = self.merged.clusters.iter().find(|c| c.name == entry.cluster)?.cluster.as_ref()?;
        if let Some(own) = cluster.proxy_url.clone().filter(|url| !url.is_empty()) {
            return Some(proxy::with_scheme(own));
        }
        proxy_to(&config.cluster_url, &self.surroundings.proxies).map(str::to_owned)
    }
}

/// Returns the address of the proxy that the environment names for a server.
pub(crate) fn proxy_to<'a>(server: &Uri, proxies: &'a Proxies) -> Option<&'a str> {
    let (host, secure) = (server.host().unwrap_or_default(), server.scheme_str() != Some("http"));
    let port = server.port_u16().unwrap_or(if secure { 443 } else { 80 });
    proxies.to(secure, host, port).filter(|_| !is_loopback(host))
}

/// Reads the address of a proxy. Its password becomes known, so that nothing tells it; an error does not repeat the address.
pub(crate) fn proxied(address: &str) -> Result<Uri, String> {
    // The login is known from here on.
    drop(proxy::login(address));
    let uri: Uri = address.parse().map_err(|error| format!("the address of the proxy: {error}"))?;
    match uri.scheme_str() {
        Some("http" | "https" | "socks5") => Ok(uri),
        other => {
            Err(format!("only an http, https or socks5 proxy can be used, and not {}", text::one_line(other.unwrap_or("this"))))
        }
    }
}

/// Names what in a kubeconfig runs a program or reads a file where it is used.
fn reaches_here(config: &Kubeconfig) -> Option<&'static str> {
    let some = |path: &Option<String>| path.as_deref().is_some_and(|path| !path.is_empty());
    let user = |user: &AuthInfo| {
        [
            (user.exec.is_some(), "exec"),
            (user.auth_provider.is_some(), "auth-provider"),
            (some(&user.token_file), "tokenFile"),
            (some(&user.client_certificate), "client-certificate"),
            (some(&user.client_key), "client-key"),
        ]
        .into_iter()
        .find_map(|(has, what)| has.then_some(what))
    };
    let mut clusters = config.clusters.iter().filter_map(|c| c.cluster.as_ref());
    let authority = clusters.any(|cluster| some(&cluster.certificate_authority)).then_some("certificate-authority");
    config.auth_infos.iter().filter_map(|u| u.auth_info.as_ref()).find_map(user).or(authority)
}

fn read_one(path: &Path) -> Result<Option<Kubeconfig>, Error> {
    match Kubeconfig::read_from(path) {
        Ok(config) => Ok(Some(config)),
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(KubeconfigError::ReadConfig(error, _)) => {
            Err(Error::Unreadable { path: shown(path), why: short(&error.to_string()) })
        }
        Err(error) => Err(Error::NotKubeconfig { path: shown(path), why: short(without_source(&describe(&error))) }),
    }
}

/// Returns the error and its causes in one text, since the library keeps the telling part in the cause.
fn describe(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        cause = inner.source();
    }
    said
}

/// Returns what a parser says without the lines of the file that it quotes: a token may stand in them.
fn without_source(said: &str) -> &str {
    let said = said.split(" --> ").next().unwrap_or(said);
    let said = said.lines().next().unwrap_or(said).trim_end();
    said.strip_prefix("failed to parse kubeconfig YAML: ").map_or(said, |rest| rest.strip_prefix("error: ").unwrap_or(rest))
}

fn shown(path: &Path) -> String {
    text::one_line(&path.display().to_string())
}

fn settle(config: &mut Config) {
    config.connect_timeout = Some(std::time::Duration::from_secs(5));
    // Retrying is decided here, where it can be shown; the library's own goes on for hours.
    config.default_retry = false;
    if let Some(exec) = &mut config.auth_info.exec {
        // The terminal belongs to the console: a helper that would ask there must fail and say so.
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
}

/// Makes known what must not be told of a user.
fn known(user: &AuthInfo) {
    let secrets = [&user.token, &user.password, &user.client_key_data];
    for secret in secrets.into_iter().flatten() {
        redact::know(secret.expose_secret());
    }
    // A file is read by the library at each use; what is in it now is what it uses next.
    if let Some(token) = user.token_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()) {
        redact::know(token.trim());
    }
    if let (Some(name), Some(password)) = (&user.username, &user.password) {
        redact::know_login(name, password.expose_secret());
    }
}

fn travels_in_the_clear(config: &Config) -> bool {
    let host = config.cluster_url.host().unwrap_or_default();
    config.cluster_url.scheme_str() == Some("http") && !is_loopback(host) && has_secret(&config.auth_info)
}

fn has_secret(user: &AuthInfo) -> bool {
    user.token.is_some()
        || user.token_file.is_some()
        || user.password.is_some()
        || user.exec.is_some()
        || user.auth_provider.is_some()
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const ONE: &str = "apiVersion: v1
kind: Config
current-context: red
clusters:
- {name: red, cluster: {server: 'https://10.0.0.1:6443', insecure-skip-tls-verify: true}}
- {name: clear, cluster: {server: 'http://10.0.0.1:8080'}}
contexts:
- {name: red, context: {cluster: red, user: red, namespace: shop}}
- {name: clear, context: {cluster: clear, user: red}}
- {name: lost, context: {cluster: gone, user: red}}
users:
- {name: red, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: fetch-token, args: [--for, red]}}}
";
    const TWO: &str = "apiVersion: v1
kind: Config
current-context: blue
clusters:
- {name: blue, cluster: {server: 'https://blue.example:6443'}}
contexts:
- {name: blue, context: {cluster: blue, user: blue}}
- {name: red, context: {cluster: blue, user: blue}}
users:
- {name: blue, user: {token: t}}
";

    fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = texts.iter().enumerate().map(|(n, text)| {
            let path = folder.path().join(format!("config-{n}"));
            std::fs::write(&path, text).unwrap();
            path
        });
        let paths = paths.collect();
        (folder, paths)
    }

    #[tokio::test]
    async fn several_files_are_one_and_the_first_wins() {
        let (folder, mut paths) = files(&[ONE, TWO]);
        paths.insert(1, folder.path().join("absent"));
        let all = Kubeconfigs::read(&paths, Surroundings::default()).unwrap();
        let names: Vec<String> = all.contexts().into_iter().map(|c| c.0).collect();
        assert_eq!(names, ["red", "clear", "lost", "blue"]);
        assert_eq!(all.current(), Some("red".into()));
        let red = all.config(&"red".into()).await.unwrap();
        assert_eq!(red.cluster_url.host(), Some("10.0.0.1"));
        assert!(red.accept_invalid_certs);
        assert_eq!(red.auth_info.exec.unwrap().interactive_mode, Some(ExecInteractiveMode::Never));
        assert_eq!(all.helper(&"red".into()).unwrap().arguments, ["--for", "red"]);
        assert_eq!(all.helper(&"blue".into()), None);
    }

    #[test]
    fn one_that_came_out_of_a_cluster_runs_and_reads_nothing_here() {
        let foreign = |text: &str| Kubeconfigs::foreign(text, Surroundings::default());
        assert_eq!(foreign(TWO).unwrap().current(), Some("blue".into()));
        for (text, what) in [
            (ONE.to_owned(), "exec of"),
            (TWO.replace("token: t", "tokenFile: /etc/passwd"), "tokenFile of"),
            (TWO.replace("token: t", "client-certificate: a, client-key: b"), "client-certificate of"),
            (TWO.replace("6443'", "6443', certificate-authority: a"), "certificate-authority of"),
            ("clusters: 7\n".to_owned(), ""),
        ] {
            let refused = foreign(&text).unwrap_err();
            assert!(matches!(&refused, Error::NotKubeconfig { why, .. } if why.starts_with(what)), "{refused}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_its_place() {
        let (folder, paths) = files(&[ONE, "contexts: [\n", "clusters: 7\n"]);
        let read = |paths: &[PathBuf]| Kubeconfigs::read(paths, Surroundings::default());
        let broken = read(paths.get(1..2).unwrap()).unwrap_err();
        assert!(
            matches!(&broken, Error::NotKubeconfig { path, why } if path.ends_with("config-1") && !why.is_empty()),
            "{broken}"
        );
        let broken = read(paths.get(2..).unwrap()).unwrap_err();
        assert!(matches!(&broken, Error::NotKubeconfig { path, .. } if path.ends_with("config-2")), "{broken}");
        let folder_itself = read(&[folder.path().to_owned()]).unwrap_err();
        assert!(matches!(&folder_itself, Error::Unreadable { .. }), "{folder_itself}");
        let absent = read(&[folder.path().join("absent")]).unwrap_err();
        assert!(matches!(&absent, Error::NoKubeconfig { looked } if looked.len() == 1), "{absent}");

        let all = read(paths.get(..1).unwrap()).unwrap();
        let unknown = all.config(&"green".into()).await.unwrap_err();
        assert_eq!(
            unknown,
            Error::UnknownContext { name: "green".into(), known: vec!["red".into(), "clear".into(), "lost".into()] }
        );
        let lost = all.config(&"lost".into()).await.unwrap_err();
        assert!(matches!(&lost, Error::Context { why, .. } if why.contains("gone")), "{lost}");
        let clear = all.config(&"clear".into()).await.unwrap_err();
        assert!(matches!(&clear, Error::PlainText { .. }), "{clear}");
        let trouble = domain::Trouble::from(unknown);
        assert_eq!(trouble.kind, domain::TroubleKind::NotFound);
        assert!(trouble.why.contains("red, clear, lost"));
    }

    #[tokio::test]
    async fn a_proxy_serves_only_whom_it_should() {
        let local = ONE.replace("https://10.0.0.1:6443", "https://127.0.0.1:6443");
        let own = TWO.replace("6443'", "6443', proxy-url: 'own:3128'");
        let clear = TWO.replace("https:", "http:").replace("user: {token: t}", "user: {}");
        let table = [
            (ONE, "red", "", Some("http://env:3128/")),
            (ONE, "red", "10.0.0.1", None),
            (ONE, "red", "*", None),
            (ONE, "red", "10.0.0.0/8", None),
            (ONE, "red", "10.0.0.1:443", Some("http://env:3128/")),
            (clear.as_str(), "blue", "", Some("http://plain:3128/")),
            (local.as_str(), "red", "", None),
            (TWO, "blue", "example", None),
            (TWO, "blue", ".example,other", None),
            (TWO, "blue", "lue.example", Some("http://env:3128/")),
            (own.as_str(), "blue", "*", Some("http://own:3128/")),
        ];
        for (text, context, no_proxy, expected) in table {
            let (_folder, paths) = files(&[text]);
            let named = [("https_proxy", "http://env:3128"), ("http_proxy", "plain:3128"), ("no_proxy", no_proxy)];
            let config = Kubeconfigs::read(&paths, around(&named)).unwrap().config(&context.into()).await.unwrap();
            assert_eq!(config.proxy_url.map(|u| u.to_string()).as_deref(), expected, "{context} without {no_proxy}");
        }
    }

    fn around(variables: &[(&str, &str)]) -> Surroundings {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Surroundings { proxies: Proxies::read(get), in_cluster: false }
    }

    #[tokio::test]
    async fn a_proxy_that_cannot_be_used_is_refused_without_its_password() {
        let (_folder, paths) = files(&[ONE]);
        for (address, words) in [("ftp://me:se%20same-proxy@p", "and not ftp"), ("http://me:se%20same-proxy@[p", "the proxy")] {
            let all = Kubeconfigs::read(&paths, around(&[("https_proxy", address)])).unwrap();
            let said = all.config(&"red".into()).await.unwrap_err().to_string();
            assert!(said.contains(words) && !said.contains("same-proxy"), "{said}");
        }
        assert!(!redact::clean("got se same-proxy").contains("same-proxy"));
    }
}
