//! The objects that an environment needs in its cluster, as JSON for a server-side apply. Pure.

use domain::ident::ObjectName;
use domain::project::{Environment, Repository};
use serde_json::{Value, json};

/// How long an apply may take.
const TIMEOUT: &str = "5m";

/// Returns the namespace that the workloads run in.
pub(crate) fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

/// Returns the name of the Secret that holds the repository's token.
pub(crate) fn secret_name(source: &ObjectName) -> String {
    format!("{}-git", source.name)
}

/// Returns the Secret with these values. The only place where a token or a key stands in an object.
pub(crate) fn secret(environment: &Environment, values: &Value) -> Value {
    let source = &environment.gitops.source;
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "name": secret_name(source), "namespace": source.namespace },
        "stringData": values,
    })
}

/// Returns the GitRepository.
pub(crate) fn git_repository(environment: &Environment, repository: &Repository, secret: bool) -> Value {
    let gitops = &environment.gitops;
    let mut spec = json!({
        "interval": gitops.interval,
        "url": flux_url(&repository.url),
        "ref": { "branch": gitops.branch },
    });
    if secret {
        spec["secretRef"] = json!({ "name": secret_name(&gitops.source) });
    }
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": { "name": gitops.source.name, "namespace": gitops.source.namespace },
        "spec": spec,
    })
}

/// Returns the Kustomization; suspended when the environment is synced by hand.
pub(crate) fn kustomization(environment: &Environment) -> Value {
    let gitops = &environment.gitops;
    let mut source = json!({ "kind": "GitRepository", "name": gitops.source.name });
    if gitops.source.namespace != gitops.kustomization.namespace {
        source["namespace"] = json!(gitops.source.namespace);
    }
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "name": gitops.kustomization.name, "namespace": gitops.kustomization.namespace },
        "spec": {
            "interval": gitops.interval,
            "path": flux_path(&gitops.path),
            "prune": true,
            "wait": false,
            "suspend": !gitops.auto_sync,
            "timeout": TIMEOUT,
            "targetNamespace": environment.namespace,
            "sourceRef": source,
        },
    })
}

/// Returns a path as Flux writes it: with `./` in front.
pub(crate) fn flux_path(path: &str) -> String {
    format!("./{}", path.trim_start_matches("./").trim_matches('/'))
}

/// Returns a URL as Flux accepts it: an scp-like one is written out as ssh.
pub(crate) fn flux_url(url: &str) -> String {
    match url.split_once(':') {
        Some((host, path)) if !url.contains("://") && host.contains('@') && !host.contains('/') => {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::{ContextName, EnvironmentId, Slug};
    use domain::project::EnvironmentType;

    fn environment(kind: EnvironmentType) -> Environment {
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("prod").unwrap());
        Environment::with_defaults(id, kind, ContextName::from("c"))
    }

    #[test]
    fn an_environment_synced_by_hand_is_born_suspended() {
        for (kind, suspended) in [(EnvironmentType::Production, true), (EnvironmentType::Development, false)] {
            let object = kustomization(&environment(kind));
            assert_eq!(object["spec"]["suspend"], suspended, "{kind}");
            assert_eq!(object["spec"]["path"], format!("./k8s/overlays/{kind}"));
            assert_eq!(object["spec"]["targetNamespace"], "shop-prod");
            assert_eq!((&object["spec"]["prune"], &object["spec"]["wait"]), (&json!(true), &json!(false)));
            assert!(object["spec"]["sourceRef"].get("namespace").is_none());
        }
    }

    #[test]
    fn urls_and_paths_are_written_as_flux_wants_them() {
        for (url, expect) in [
            ("git@host.example:acme/shop.git", "ssh://git@host.example/acme/shop.git"),
            ("https://host.example/acme/shop.git", "https://host.example/acme/shop.git"),
            ("ssh://git@host.example:2222/shop.git", "ssh://git@host.example:2222/shop.git"),
            ("file:///srv/a:b.git", "file:///srv/a:b.git"),
        ] {
            assert_eq!(flux_url(url), expect);
        }
        assert_eq!((flux_path("./k8s/"), flux_path("")), ("./k8s".to_owned(), "./".to_owned()));
    }
}
