//! The values that the API server fills in, as far as somebody reads them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::json::{self, default};
use crate::resource::Resource;

/// Fills in an object's defaults.
pub(crate) fn fill(resource: &Resource, object: &mut Value) {
    if resource.custom {
        flux(resource.kind, object);
        return;
    }
    match resource.kind {
        "Namespace" => namespace(object),
        "Secret" => secret(object),
        "Service" => service(object),
        "Pod" => pod_spec(object, "/spec", true),
        "Deployment" => deployment(object),
        "ReplicaSet" => {
            default(object, "/spec/replicas", 1.into());
            template(object);
        }
        "StatefulSet" => stateful_set(object),
        "DaemonSet" => daemon_set(object),
        "Job" => job(object),
        "CronJob" => {
            default(object, "/spec/concurrencyPolicy", "Allow".into());
            default(object, "/spec/suspend", false.into());
        }
        _ => {}
    }
}

/// Returns the status of a new object.
pub(crate) fn first_status(resource: &Resource, object: &Value) -> Option<Value> {
    if resource.custom {
        return resource.traits.status.then(|| json!({"observedGeneration": -1}));
    }
    match resource.kind {
        "Namespace" => Some(json!({"phase": "Active"})),
        "Pod" => Some(json!({"phase": "Pending", "qosClass": quality(object)})),
        "Service" | "Ingress" => Some(json!({"loadBalancer": {}})),
        "ReplicaSet" => Some(json!({"replicas": 0})),
        "StatefulSet" => Some(json!({"replicas": 0, "availableReplicas": 0})),
        "DaemonSet" => {
            Some(json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0}))
        }
        _ if resource.traits.status => Some(json!({})),
        _ => None,
    }
}

fn quality(pod: &Value) -> &'static str {
    let part = |container: &Value, which: &str| container.pointer(&format!("/resources/{which}")).cloned().unwrap_or_default();
    let containers = json::list(pod, "/spec/containers");
    let empty = |value: &Value| value.as_object().is_none_or(Map::is_empty);
    if containers.iter().all(|c| empty(&part(c, "requests")) && empty(&part(c, "limits"))) {
        return "BestEffort";
    }
    let guaranteed = |c: &Value| {
        let limits = part(c, "limits");
        limits.get("cpu").is_some() && limits.get("memory").is_some() && part(c, "requests") == limits
    };
    if containers.iter().all(guaranteed) { "Guaranteed" } else { "Burstable" }
}

fn namespace(object: &mut Value) {
    let name = json::name(object).to_owned();
    json::set(object, "/metadata/labels/kubernetes.io~1metadata.name", name.into());
    if !json::deleting(object) {
        default(object, "/spec/finalizers", json!(["kubernetes"]));
    }
}

fn secret(object: &mut Value) {
    default(object, "/type", "Opaque".into());
    let Some(Value::Object(plain)) = json::take(object, "/stringData") else { return };
    for (key, value) in plain {
        let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
        json::set(object, &format!("/data/{}", key.replace('~', "~0").replace('/', "~1")), encoded.into());
    }
}

fn service(object: &mut Value) {
    default(object, "/spec/type", "ClusterIP".into());
    default(object, "/spec/sessionAffinity", "None".into());
    default(object, "/spec/internalTrafficPolicy", "Cluster".into());
    if let Some(ports) = object.pointer_mut("/spec/ports").and_then(Value::as_array_mut) {
        for port in ports {
            default(port, "/protocol", "TCP".into());
            let number = port.get("port").cloned().unwrap_or_default();
            default(port, "/targetPort", number);
        }
    }
    if json::text(object, "/spec/type") != "ExternalName" && json::text(object, "/spec/clusterIP").is_empty() {
        let seed = json::uid(object).bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let address = format!("10.96.{}.{}", seed >> 8 & 255, (seed & 127) + 2);
        json::set(object, "/spec/clusterIPs", json!([address]));
        json::set(object, "/spec/clusterIP", address.into());
        default(object, "/spec/ipFamilies", json!(["IPv4"]));
        default(object, "/spec/ipFamilyPolicy", "SingleStack".into());
    }
}

fn deployment(object: &mut Value) {
    default(object, "/spec/replicas", 1.into());
    default(object, "/spec/progressDeadlineSeconds", 600.into());
    default(object, "/spec/revisionHistoryLimit", 10.into());
    default(object, "/spec/strategy/type", "RollingUpdate".into());
    if json::text(object, "/spec/strategy/type") == "RollingUpdate" {
        default(object, "/spec/strategy/rollingUpdate/maxSurge", "25%".into());
        default(object, "/spec/strategy/rollingUpdate/maxUnavailable", "25%".into());
    }
    template(object);
}

fn stateful_set(object: &mut Value) {
    default(object, "/spec/replicas", 1.into());
    default(object, "/spec/revisionHistoryLimit", 10.into());
    default(object, "/spec/podManagementPolicy", "OrderedReady".into());
    default(object, "/spec/updateStrategy/type", "RollingUpdate".into());
    template(object);
}

fn daemon_set(object: &mut Value) {
    default(object, "/spec/revisionHistoryLimit", 10.into());
    default(
        object,
        "/spec/updateStrategy",
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
    );
    template(object);
}

fn job(object: &mut Value) {
    default(object, "/spec/completions", 1.into());
    default(object, "/spec/parallelism", 1.into());
    default(object, "/spec/backoffLimit", 6.into());
    let uid = json::uid(object).to_owned();
    if !uid.is_empty() {
        default(object, "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid", uid.clone().into());
        default(object, "/spec/template/metadata/labels/batch.kubernetes.io~1controller-uid", uid.into());
        let name = json::name(object).to_owned();
        default(object, "/spec/template/metadata/labels/job-name", name.into());
    }
    template(object);
}

fn template(object: &mut Value) {
    if object.pointer("/spec/template/spec").is_some() {
        pod_spec(object, "/spec/template/spec", false);
    }
}

fn pod_spec(object: &mut Value, at: &str, pod: bool) {
    let Some(spec) = object.pointer_mut(at) else { return };
    default(spec, "/restartPolicy", "Always".into());
    default(spec, "/terminationGracePeriodSeconds", 30.into());
    default(spec, "/dnsPolicy", "ClusterFirst".into());
    default(spec, "/securityContext", json!({}));
    default(spec, "/schedulerName", "default-scheduler".into());
    if pod {
        default(spec, "/enableServiceLinks", true.into());
        default(spec, "/priority", 0.into());
        default(spec, "/preemptionPolicy", "PreemptLowerPriority".into());
    }
    for list in ["containers", "initContainers"] {
        if let Some(containers) = spec.get_mut(list).and_then(Value::as_array_mut) {
            containers.iter_mut().for_each(container);
        }
    }
}

fn container(container: &mut Value) {
    let image = json::text(container, "/image").to_owned();
    let last = image.rsplit('/').next().unwrap_or_default();
    let latest = !image.contains('@') && (!last.contains(':') || last.ends_with(":latest"));
    default(container, "/imagePullPolicy", if latest { "Always" } else { "IfNotPresent" }.into());
    default(container, "/resources", json!({}));
    default(container, "/terminationMessagePath", "/dev/termination-log".into());
    default(container, "/terminationMessagePolicy", "File".into());
    if let Some(ports) = container.get_mut("ports").and_then(Value::as_array_mut) {
        for port in ports {
            default(port, "/protocol", "TCP".into());
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            for (field, value) in [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
            {
                default(probe, &format!("/{field}"), value.into());
            }
            if probe.get("httpGet").is_some() {
                default(probe, "/httpGet/scheme", "HTTP".into());
                default(probe, "/httpGet/path", "/".into());
            }
        }
    }
}

fn flux(kind: &str, object: &mut Value) {
    match kind {
        "GitRepository" => default(object, "/spec/timeout", "60s".into()),
        "OCIRepository" | "Bucket" => {
            default(object, "/spec/timeout", "60s".into());
            default(object, "/spec/provider", "generic".into());
        }
        "HelmRepository" => default(object, "/spec/provider", "generic".into()),
        "HelmChart" => {
            default(object, "/spec/reconcileStrategy", "ChartVersion".into());
            default(object, "/spec/version", "*".into());
        }
        "Kustomization" => default(object, "/spec/force", false.into()),
        "HelmRelease" if object.pointer("/spec/chart/spec").is_some() => {
            default(object, "/spec/chart/spec/reconcileStrategy", "ChartVersion".into());
            default(object, "/spec/chart/spec/version", "*".into());
        }
        "Alert" => default(object, "/spec/eventSeverity", "info".into()),
        "Receiver" => default(object, "/spec/interval", "10m".into()),
        "ImagePolicy" => default(object, "/spec/digestReflectionPolicy", "Never".into()),
        "ImageRepository" => {
            default(object, "/spec/provider", "generic".into());
            default(object, "/spec/exclusionList", json!(["^.*\\.sig$"]));
        }
        "ImageUpdateAutomation" => default(object, "/spec/update/strategy", "Setters".into()),
        _ => {}
    }
}
