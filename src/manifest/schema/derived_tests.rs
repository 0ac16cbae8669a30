//! Derives the schemas of the built-in kinds from the types of k8s-openapi and compares them with the asset that is compiled in.
//!
//! `QUARTERDECK_WRITE_SCHEMAS=1 cargo test -p manifest --test kubernetes_schemas` writes the asset anew.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use k8s_openapi::Resource;
use k8s_openapi::schemars::JsonSchema;
use k8s_openapi::schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// Derives each type of a table of modules.
macro_rules! each {
    ($derived:expr; $($module:tt $($kind:ident),+;)+) => { $($(one!($derived, $module $kind);)+)+ };
}

macro_rules! one {
    ($derived:expr, ($($part:ident)::+) $kind:ident) => {
        derive::<k8s_openapi::$($part)::+::$kind>($derived, concat!($(stringify!($part), "::",)+ stringify!($kind)))
    };
}

struct Derived {
    generator: SchemaGenerator,
    /// Rust path, name of the definition, group, version and kind.
    kinds: Vec<(String, String, [&'static str; 3])>,
}

fn derive<T: JsonSchema + Resource>(derived: &mut Derived, path: &str) {
    derived.generator.subschema_for::<T>();
    derived.kinds.push((path.to_owned(), T::schema_name().into_owned(), [T::GROUP, T::VERSION, T::KIND]));
}

fn derived() -> Derived {
    let mut derived = Derived { generator: SchemaGenerator::new(SchemaSettings::draft2020_12()), kinds: Vec::new() };
    each! { &mut derived;
        (api::admissionregistration::v1) MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration;
        (api::admissionregistration::v1alpha1) MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding;
        (api::admissionregistration::v1beta1) MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding;
        (api::apiserverinternal::v1alpha1) StorageVersion;
        (api::apps::v1) ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet;
        (api::authentication::v1) SelfSubjectReview, TokenRequest, TokenReview;
        (api::authorization::v1) LocalSubjectAccessReview, SelfSubjectAccessReview, SelfSubjectRulesReview, SubjectAccessReview;
        (api::autoscaling::v1) HorizontalPodAutoscaler, Scale;
        (api::autoscaling::v2) HorizontalPodAutoscaler;
        (api::batch::v1) CronJob, Job;
        (api::certificates::v1) CertificateSigningRequest, ClusterTrustBundle, PodCertificateRequest;
        (api::certificates::v1beta1) ClusterTrustBundle, PodCertificateRequest;
        (api::coordination::v1) Lease;
        (api::coordination::v1alpha2) LeaseCandidate;
        (api::coordination::v1beta1) LeaseCandidate;
        (api::core::v1) Binding, ComponentStatus, ConfigMap, Endpoints, Event, LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodTemplate, ReplicationController, ResourceQuota, Secret, Service, ServiceAccount;
        (api::discovery::v1) EndpointSlice;
        (api::events::v1) Event;
        (api::flowcontrol::v1) FlowSchema, PriorityLevelConfiguration;
        (api::lifecycle::v1alpha1) Eviction, EvictionRequest;
        (api::networking::v1) Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR;
        (api::node::v1) RuntimeClass;
        (api::policy::v1) Eviction, PodDisruptionBudget;
        (api::rbac::v1) ClusterRole, ClusterRoleBinding, Role, RoleBinding;
        (api::resource::v1) DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice;
        (api::resource::v1alpha3) DeviceTaintRule, ResourcePoolStatusRequest;
        (api::resource::v1beta1) DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice;
        (api::resource::v1beta2) DeviceClass, DeviceTaintRule, ResourceClaim, ResourceClaimTemplate, ResourceSlice;
        (api::scheduling::v1) PriorityClass;
        (api::scheduling::v1alpha3) CompositePodGroup, PodGroup, Workload;
        (api::scheduling::v1beta1) PodGroup, Workload;
        (api::storage::v1) CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment, VolumeAttributesClass;
        (api::storagemigration::v1) StorageVersionMigration;
        (api::storagemigration::v1beta1) StorageVersionMigration;
        (apiextensions_apiserver::pkg::apis::apiextensions::v1) CustomResourceDefinition;
        (kube_aggregator::pkg::apis::apiregistration::v1) APIService;
    }
    derived
}

/// Keeps what is checked of a schema: no prose, references by name.
fn compact(schema: &Value) -> Value {
    let Value::Object(map) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (key, value) in map {
        let value = match (key.as_str(), value) {
            ("description" | "default" | "title" | "$schema", _) => continue,
            ("properties", Value::Object(fields)) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), compact(field))).collect())
            }
            ("oneOf" | "anyOf" | "allOf", Value::Array(items)) => Value::Array(items.iter().map(compact).collect()),
            ("$ref", Value::String(name)) => Value::String(short(name.rsplit('/').next().unwrap())),
            (_, other) => compact(other),
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}

/// Shortens a definition's name to what tells it apart from all others.
fn short(name: &str) -> String {
    name.trim_start_matches("io.k8s.")
        .replace("apimachinery.pkg.", "")
        .replace("kube-aggregator.pkg.", "")
        .replace("apiextensions-apiserver.pkg.", "")
}

/// Returns the asset's text: one definition a line, in order.
fn text(derived: &mut Derived) -> String {
    let definitions = derived.generator.take_definitions(false);
    let mut lines: Vec<String> = Vec::new();
    for (name, schema) in &definitions {
        let mut schema = compact(schema);
        let named: Vec<Value> = derived
            .kinds
            .iter()
            .filter(|(_, of, _)| of == name)
            .map(|(_, _, [group, version, kind])| json!({ "group": group, "kind": kind, "version": version }))
            .collect();
        if !named.is_empty() {
            schema["x-kubernetes-group-version-kind"] = Value::Array(named);
        }
        lines.push(format!("{}:{schema}", Value::String(short(name))));
    }
    lines.sort();
    assert_eq!(lines.len(), definitions.len());
    format!("{{\"components\":{{\"schemas\":{{\n{}\n}}}}}}\n", lines.join(",\n"))
}

fn asset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/schema/kubernetes.json")
}

#[test]
fn the_asset_is_what_the_types_say() {
    let text = text(&mut derived());
    if env::var_os("QUARTERDECK_WRITE_SCHEMAS").is_some() {
        fs::create_dir_all(asset().parent().unwrap()).unwrap();
        fs::write(asset(), &text).unwrap();
    }
    let there = fs::read_to_string(asset()).unwrap_or_default();
    assert!(there == text, "the schemas differ from k8s-openapi's types; write them anew as this file's head says");
    assert!(text.len() < 400_000, "{} bytes", text.len());
}

/// Finds the types that are objects in k8s-openapi's source, as the paths that the table above has.
fn objects(dir: &Path, below: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            objects(&path, below, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let Some((_, rest)) = text.split_once("impl crate::Metadata for ") else { continue };
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let module = path.parent().unwrap().strip_prefix(below).unwrap();
        if rest.split_once("type Ty = ").is_some_and(|(_, ty)| ty.split(';').next().unwrap().ends_with("::ObjectMeta")) {
            found.insert(format!("{}::{name}", module.iter().map(|p| p.to_str().unwrap()).collect::<Vec<_>>().join("::")));
        }
    }
}

#[test]
fn the_table_has_every_object_that_there_is() {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata of this workspace");
    let metadata: Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "k8s-openapi").unwrap();
    let latest = package["features"]["latest"][0].as_str().unwrap();
    let source = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().join("src").join(latest);
    let mut there = BTreeSet::new();
    objects(&source, &source, &mut there);
    let table: BTreeSet<String> = derived().kinds.into_iter().map(|(path, ..)| path).collect();
    assert!(there.len() > 90, "{there:?}");
    assert_eq!(table, there);
}
