//! Manifests for a project that has none: a base, and an overlay for each environment.
//!
//! What is made passes the restricted Pod security standard and renders without a warning. Nothing that is there already is
//! touched: when one of the files exists, nothing is made. Who asks decides names and paths; nothing is guessed here.

use std::fmt::Write as _;

use domain::change::FileChange;
use domain::edit::{Edit, Field};
use domain::ident::label_fault;
use domain::image::Image;

use crate::build::NAMES;
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Fragment, print};

/// The folder of the base, when nobody says another.
pub const BASE: &str = "k8s/base";

/// Says what is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaffold {
    /// The application: the name of its objects, a DNS label that starts with a letter.
    pub name: String,
    /// The image with its tag or digest.
    pub image: String,
    /// The port that the container listens on.
    pub port: Option<u16>,
    /// How many Pods each environment starts with, at least 1.
    pub replicas: u32,
    /// The environments, at least one.
    pub environments: Vec<Overlay>,
    /// The folder of the base, relative to the repository's root.
    pub base: String,
    /// Whether there is a Service; it needs a port.
    pub service: bool,
}

/// Says what is to be made for one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// The environment's name.
    pub name: String,
    /// Its folder, relative to the repository's root.
    pub path: String,
    /// The namespace that all its objects go to.
    pub namespace: String,
    /// The host of its Ingress; none is made without. It needs a Service.
    pub host: Option<String>,
}

impl Scaffold {
    /// Builds a request for an application with a Service, one replica, and no environment yet.
    pub fn new(name: impl Into<String>, image: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            image: image.into(),
            port: None,
            replicas: 1,
            environments: Vec::new(),
            base: BASE.to_owned(),
            service: true,
        }
    }
}

/// Returns the files that make up a base and its overlays, in the order of their paths.
///
/// Fails when a value cannot stand where it goes, when folders lie within each other, and when a file is there already.
pub fn scaffold(files: &Files, request: &Scaffold) -> Result<Vec<FileChange>, Error> {
    let image = checked(request)?;
    let base = folder(&request.base)?;
    let mut made = vec![
        (format!("{base}/kustomization.yaml"), base_kustomization(request)),
        (format!("{base}/deployment.yaml"), deployment(request, &image)),
    ];
    if request.service {
        made.push((format!("{base}/service.yaml"), service(request)));
    }
    let mut folders = vec![base.clone()];
    for overlay in &request.environments {
        let path = folder(&overlay.path)?;
        if let Some(other) = folders.iter().find(|other| files::within(&path, other) || files::within(other, &path)) {
            return Err(value("path", &overlay.path, format!("it and {other} lie within each other")));
        }
        made.push((
            format!("{path}/kustomization.yaml"),
            overlay_kustomization(request, &image, overlay, &between(&path, &base)),
        ));
        if let Some(host) = &overlay.host {
            made.push((format!("{path}/ingress.yaml"), ingress(request, host)));
        }
        folders.push(path);
    }
    free(files, &folders, &made)?;
    made.sort();
    Ok(made.into_iter().map(|(path, text)| FileChange { path, before: None, after: Some(text) }).collect())
}

fn value(field: &str, value: &str, why: impl Into<String>) -> Error {
    Error::Value { field: field.to_owned(), value: value.to_owned(), why: why.into() }
}

/// Checks all values and returns the image.
fn checked(request: &Scaffold) -> Result<Image, Error> {
    if let Some(why) = label_fault(&request.name) {
        return Err(value("name", &request.name, why));
    }
    if !request.name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(value("name", &request.name, "the name of a Service starts with a letter"));
    }
    let image: Image = request.image.parse().map_err(|trouble: domain::Trouble| value("image", &request.image, trouble.why))?;
    if image.digest.is_none() && matches!(image.tag.as_deref(), None | Some("latest")) {
        return Err(value("image", &request.image, "it needs a tag, and not latest, which is another image tomorrow"));
    }
    let replicas = request.replicas.to_string();
    let none = (request.replicas == 0).then(|| "a new application has at least one".to_owned());
    if let Some(why) = none.or_else(|| Edit::set(Field::Replicas, &replicas).fault()) {
        return Err(value("replicas", &replicas, why));
    }
    match request.port {
        Some(0) => return Err(value("port", "0", "it is a whole number from 1 to 65535")),
        None if request.service => return Err(value("port", "", "a Service needs the port that the container listens on")),
        _ => {}
    }
    if request.environments.is_empty() {
        return Err(value("environments", "", "at least one is needed"));
    }
    for overlay in &request.environments {
        if let Some(why) = label_fault(&overlay.namespace) {
            return Err(value("namespace", &overlay.namespace, format!("{why} (environment {})", overlay.name)));
        }
        let Some(host) = &overlay.host else { continue };
        if let Some(why) = Edit::set(Field::IngressHost, host).fault() {
            return Err(value("ingress host", host, why));
        }
        if !request.service {
            return Err(value("ingress host", host, "an Ingress needs a Service"));
        }
    }
    Ok(image)
}

/// Returns a folder's path as it is used; an error when it leads out of the repository or is its root.
fn folder(written: &str) -> Result<String, Error> {
    let path = files::join("", written, written)?;
    if path.is_empty() {
        return Err(value("path", written, "it is the repository's root"));
    }
    if let Some(odd) =
        path.chars().find(|c| domain::text::hidden(*c) || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
    {
        return Err(value("path", written, format!("U+{:04X} does not belong into a path", u32::from(odd))));
    }
    Ok(path)
}

/// Returns the way from one folder to another.
fn between(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - same);
    up.chain(to.get(same..).unwrap_or_default().iter().copied()).collect::<Vec<_>>().join("/")
}

/// Makes sure that nothing is in the way: no file of the same name, no other kustomization, no link and no file on the path.
fn free(files: &Files, folders: &[String], made: &[(String, String)]) -> Result<(), Error> {
    let mut taken: Vec<String> = Vec::new();
    for folder in folders {
        if files.resolve(folder)? != *folder {
            return Err(value("path", folder, "there is a link on the way"));
        }
        taken.extend(NAMES.iter().map(|name| format!("{folder}/{name}")).filter(|path| files.is_file(path)));
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        taken.extend(ends.map(|end| folder[..end].to_owned()).filter(|path| files.is_file(path)));
    }
    let there = |path: &str| files.is_file(path) || files.is_folder(path) || files.resolve(path).is_ok_and(|real| real != path);
    taken.extend(made.iter().map(|(path, _)| path.clone()).filter(|path| there(path)));
    taken.sort();
    taken.dedup();
    if taken.is_empty() { Ok(()) } else { Err(Error::Exists { paths: taken.join(", ") }) }
}

/// Writes a text as YAML: in quotes when it would be read as something else.
fn word(text: &str) -> String {
    let line = print(&[("k".to_owned(), Fragment::Text(text.to_owned()))]);
    line.strip_prefix("k: ").unwrap_or(&line).to_owned()
}

const KUSTOMIZATION: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

fn base_kustomization(request: &Scaffold) -> String {
    let service = if request.service { "  - service.yaml\n" } else { "" };
    format!("{KUSTOMIZATION}resources:\n  - deployment.yaml\n{service}")
}

fn overlay_kustomization(request: &Scaffold, image: &Image, overlay: &Overlay, base: &str) -> String {
    let mut out = format!("{KUSTOMIZATION}namespace: {}\nresources:\n  - {}\n", word(&overlay.namespace), word(base));
    if overlay.host.is_some() {
        out.push_str("  - ingress.yaml\n");
    }
    let _ = write!(out, "images:\n  - name: {}\n", word(&image.name));
    for (key, text) in [("newTag", &image.tag), ("digest", &image.digest)] {
        if let Some(text) = text {
            let _ = writeln!(out, "    {key}: {}", word(text));
        }
    }
    let _ = write!(out, "replicas:\n  - name: {}\n    count: {}\n", word(&request.name), request.replicas);
    out
}

/// The label that tells the application's objects from others.
fn labels(request: &Scaffold, indent: usize) -> String {
    format!("{}app.kubernetes.io/name: {}\n", " ".repeat(indent), word(&request.name))
}

fn metadata(request: &Scaffold) -> String {
    format!("metadata:\n  name: {}\n  labels:\n{}", word(&request.name), labels(request, 4))
}

fn deployment(request: &Scaffold, image: &Image) -> String {
    // A digest is an environment's own: in the base it would hold where an overlay takes its own away.
    let image = Image { digest: None, ..image.clone() };
    let (name, image) = (word(&request.name), word(&image.to_string()));
    let mut out = format!(
        "apiVersion: apps/v1\nkind: Deployment\n{}spec:\n  selector:\n    matchLabels:\n{}  template:\n    metadata:\n      labels:\n{}",
        metadata(request),
        labels(request, 6),
        labels(request, 8)
    );
    out.push_str(POD);
    let _ = write!(
        out,
        "        - name: {name}\n          # The version of each environment is in its own kustomization.\n          image: {image}\n"
    );
    if let Some(port) = request.port {
        let _ = write!(out, "          ports:\n            - name: http\n              containerPort: {port}\n{PROBES}");
    }
    out.push_str(LIMITS);
    out
}

const POD: &str = "    spec:
      automountServiceAccountToken: false
      securityContext:
        # The image has to run as a user that is not root. Where its user is a name and not a number, add runAsUser: 1000 here.
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
";

const PROBES: &str =
    "          # Says no more than that the port is open. When the application has a path that tells whether it can serve,
          # use httpGet: {path: /readyz, port: http} instead of tcpSocket.
          readinessProbe:
            tcpSocket:
              port: http
          # Starts the container again when it hangs. It must not depend on other services: they would take this one down too.
          # livenessProbe:
          #   httpGet:
          #     path: /healthz
          #     port: http
          #   periodSeconds: 10
          #   failureThreshold: 6
";

const LIMITS: &str = "          # To start with: watch what it uses, then set what it needs.
          resources:
            requests:
              cpu: 50m
              memory: 64Mi
            limits:
              cpu: 500m
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop:
                - ALL
";

fn service(request: &Scaffold) -> String {
    format!(
        "apiVersion: v1\nkind: Service\n{}spec:\n  selector:\n{}  ports:\n    - name: http\n      port: 80\n      targetPort: http\n",
        metadata(request),
        labels(request, 4)
    )
}

fn ingress(request: &Scaffold, host: &str) -> String {
    let (name, host) = (word(&request.name), word(host));
    format!(
        "apiVersion: networking.k8s.io/v1
kind: Ingress
{}spec:
  # Which controller serves it; without, the cluster's default one does.
  # ingressClassName: nginx
  rules:
    - host: {host}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
",
        metadata(request)
    )
}

#[cfg(test)]
#[path = "scaffold_tests.rs"]
mod tests;
