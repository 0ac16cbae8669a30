//! What an API server answers when it refuses: a `Status` object in Kubernetes' own words.

use serde_json::{Map, Value, json};

use crate::resource::Resource;

/// Holds a refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) code: u16,
    /// The reason, a word for machines.
    pub(crate) reason: &'static str,
    /// The sentence.
    pub(crate) message: String,
    details: Option<Box<Value>>,
    resume: Option<String>,
}

/// Holds one thing that is wrong with a field.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    field: String,
    reason: &'static str,
    message: String,
}

impl Cause {
    /// Says that a field is missing.
    pub(crate) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { field: field.into(), reason: "FieldValueRequired", message }
    }

    /// Says that a field's value is wrong.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self { field: field.into(), reason: "FieldValueInvalid", message: format!("Invalid value: {value}: {why}") }
    }
}

impl Fault {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, resume: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".into(), name.into());
        }
        if !resource.group.is_empty() {
            details.insert("group".into(), resource.group.into());
        }
        details.insert("kind".into(), resource.plural.into());
        self.details = Some(Box::new(Value::Object(details)));
        self
    }

    /// The object does not exist.
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", resource.qualified())).about(resource, name)
    }

    /// The path names nothing that is served.
    pub(crate) fn no_resource() -> Self {
        let mut fault = Self::new(404, "NotFound", "the server could not find the requested resource");
        fault.details = Some(Box::new(json!({})));
        fault
    }

    /// The object exists.
    pub(crate) fn exists(resource: &Resource, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", resource.qualified())).about(resource, name)
    }

    /// The object changed since it was read, or a precondition does not hold.
    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The resource version of the request is not the present one.
    pub(crate) fn modified(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// Other managers own fields that an apply would change: manager and field, in order.
    pub(crate) fn owned(conflicts: &[(String, String)]) -> Self {
        let mut message = match conflicts.len() {
            1 => "Apply failed with 1 conflict: ".to_owned(),
            n => format!("Apply failed with {n} conflicts: "),
        };
        let mut managers: Vec<&str> = conflicts.iter().map(|(manager, _)| manager.as_str()).collect();
        managers.dedup();
        if let [(manager, field)] = conflicts {
            message = format!("{message}conflict with {manager}: {field}");
        } else {
            let parts: Vec<String> = managers
                .iter()
                .map(|manager| {
                    let fields: Vec<&str> =
                        conflicts.iter().filter(|(other, _)| other == manager).map(|(_, field)| field.as_str()).collect();
                    format!("conflicts with {manager}:\n- {}", fields.join("\n- "))
                })
                .collect();
            message.push_str(&parts.join("\n"));
        }
        let causes: Vec<Value> = conflicts
            .iter()
            .map(|(manager, field)| {
                json!({"reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": field})
            })
            .collect();
        let mut fault = Self::new(409, "Conflict", message);
        fault.details = Some(Box::new(json!({ "causes": causes })));
        fault
    }

    /// The object breaks rules.
    pub(crate) fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let said: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let said = if let [one] = said.as_slice() { one.clone() } else { format!("[{}]", said.join(", ")) };
        let kind =
            if resource.group.is_empty() { resource.kind.to_owned() } else { format!("{}.{}", resource.kind, resource.group) };
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".into(), name.into());
        }
        if !resource.group.is_empty() {
            details.insert("group".into(), resource.group.into());
        }
        details.insert("kind".into(), resource.kind.into());
        let causes: Vec<Value> =
            causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
        details.insert("causes".into(), Value::Array(causes));
        let mut fault = Self::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {said}"));
        fault.details = Some(Box::new(Value::Object(details)));
        fault
    }

    /// The options of a patch lack the manager's name.
    pub(crate) fn no_manager() -> Self {
        let mut fault = Self::new(
            422,
            "Invalid",
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        );
        fault.details = Some(Box::new(json!({"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [
            {"reason": "FieldValueRequired", "message": "Required value: is required for apply patch", "field": "fieldManager"}]})));
        fault
    }

    /// The request makes no sense.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The verb is not served here.
    pub(crate) fn no_verb() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    /// A custom resource takes fewer kinds of patch.
    pub(crate) fn custom_media_type() -> Self {
        Self::new(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, \
             application/merge-patch+json, application/apply-patch+yaml",
        )
    }

    /// The content type is not understood.
    pub(crate) fn media_type() -> Self {
        let mut fault = Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        fault.details = Some(Box::new(json!({})));
        fault
    }

    /// The version asked for is no longer known.
    pub(crate) fn expired(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// The version asked for lies in the future.
    pub(crate) fn too_large(asked: u64, present: u64) -> Self {
        let mut fault = Self::new(504, "Timeout", format!("Too large resource version: {asked}, current: {present}"));
        fault.details =
            Some(Box::new(json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1})));
        fault
    }

    /// The continue token is no longer good; another may be used for the rest.
    pub(crate) fn stale_page(resume: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list result. You can start a new \
                       list without the continue parameter, or use the continue token in this response to retrieve the \
                       remainder of the results. Continuing with the provided token results in an inconsistent list - \
                       objects that were created, modified, or deleted between the time the first chunk was returned and \
                       now may show up in the list.";
        let mut fault = Self::new(410, "Expired", message);
        fault.resume = Some(resume);
        fault
    }

    /// Nobody is known to be asking.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// The asker may not do that.
    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() { resource.qualified() } else { format!("{} \"{name}\"", resource.qualified()) };
        Self::new(403, "Forbidden", format!("{subject} is forbidden: {why}")).about(resource, name)
    }

    /// An admission webhook refuses it.
    pub(crate) fn by_webhook(name: &str, words: &str) -> Self {
        Self::new(403, "Forbidden", format!("admission webhook \"{name}\" denied the request: {words}"))
    }

    /// Any other status.
    pub(crate) fn other(code: u16) -> Self {
        match code {
            401 => Self::unauthorized(),
            403 => Self::new(403, "Forbidden", "forbidden: User \"admin\" cannot get path"),
            429 => {
                Self::new(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later")
            }
            503 => Self::new(503, "ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => Self::new(504, "Timeout", "the server was unable to return a response in the time allotted"),
            _ => Self::new(code, "InternalError", "Internal error occurred: simulated failure"),
        }
    }

    /// Writes the `Status` object.
    pub(crate) fn status(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(resume) = &self.resume {
            metadata.insert("continue".into(), resume.as_str().into());
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "reason": self.reason,
        });
        if let (Value::Object(map), Some(details)) = (&mut status, &self.details) {
            map.insert("details".into(), (**details).clone());
        }
        if let Value::Object(map) = &mut status {
            map.insert("code".into(), self.code.into());
        }
        status
    }
}
