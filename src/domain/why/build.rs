//! Causes in manifests, before anything is applied: YAML, kustomize, substitution, decryption.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set, value};
use super::source::in_source;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "yaml-error",
        "The file {file} is no valid YAML at line {line}: {why}",
        "Correct that line and push; what runs was not touched.",
    )
    .says(&[
        "MalformedYAMLError: yaml: line {line}: {why} in File: {file}",
        "failed to decode Kubernetes YAML from {file}: {_}yaml: line {line}: {why*}",
        "accumulating resources from '{file}': {_}yaml: line {line}: {why*}",
        "unable to parse {file}: yaml: line {line}: {why*}",
    ])
    .refine(in_source),
    Rule::new("yaml-error-file", "The file {file} is no valid YAML: {why}", "Correct it and push; what runs was not touched.")
        .says(&["MalformedYAMLError: {why} in File: {file}", "failed to decode Kubernetes YAML from {file}: {why*}"])
        .refine(in_source),
    Rule::new(
        "kustomization-field",
        "The kustomization.yaml has a field that kustomize does not know: {field}",
        "Correct or remove that field.",
    )
    .says(&["invalid Kustomization: json: unknown field \"{field}\"", "unknown field \"{field}\""])
    .on(&["BuildFailed"]),
    Rule::new(
        "yaml-error-line",
        "A file is no valid YAML at line {line}: {why}",
        "Correct that line and push; what runs was not touched.",
    )
    .says(&["yaml: line {line}: {why*}"])
    .on(&["BuildFailed"]),
    Rule::new(
        "file-missing",
        "The kustomization names {file}, which does not exist",
        "Add the file, or take it off the kustomization's list.",
    )
    .says(&[
        "accumulating resources from '{file}': open {_}: no such file or directory",
        "evalsymlink failure on '{file}'",
        "accumulating resources: accumulation err='accumulating resources from '{file}': {_}no such file or directory",
        "failed to get the patch file from path({file}): ",
        "accumulating components: accumulateDirectory: \"{_}'{file}'{_} no such file or directory",
        "open {file}: no such file or directory",
    ])
    .on(&["BuildFailed", "ArtifactFailed", "ReconciliationFailed"])
    .refine(in_source),
    Rule::new("patch-no-target", "The patch for {target} matches no object", "Correct the patch's target, or add the object.")
        .says(&[
            "no resource matches strategic merge patch \"{target}\"",
            "unable to find patch target \"{target}\"",
            "no matches for Id {target}; failed to find unique target for patch",
            "failed to find unique target for patch {target}",
        ]),
    Rule::new(
        "json-patch-path",
        "The JSON patch does not fit: the object has nothing at {pointer}",
        "Correct the path, or add what it points to first.",
    )
    .says(&[
        "doc is missing path: {pointer}: missing value",
        "doc is missing path: \"{pointer}\"",
        "doc is missing key: {pointer}",
        "error in remove for path: '{pointer}'",
        "jsonpatch {_} operation does not apply: {pointer*}",
        "operation does not apply: {pointer*}",
    ]),
    Rule::new("object-twice", "The object {id} is there twice", "Remove one of the two.")
        .says(&["may not add resource with an already registered id: {id*}", "already registered id: {id*}"])
        .refine(tidy_id),
    Rule::new(
        "no-object",
        "A file holds something that is no Kubernetes object",
        "Give it apiVersion, kind and metadata.name, or keep it out of the path (.sourceignore).",
    )
    .says(&[
        "missing metadata.name in object",
        "missing Resource metadata",
        "failed to decode Kubernetes apiVersion, kind and name",
        "Object 'Kind' is missing",
        "kind must not be empty",
    ]),
    Rule::new("kustomize-cycle", "The bases of the kustomization form a cycle", "Take one of the references away.")
        .says(&["cycle detected: "]),
    Rule::new(
        "load-restricted",
        "The kustomization reaches for {file}, outside of the source",
        "Put the file into the repository, inside of it.",
    )
    .says(&["security; file '{file}' is not in or below", "path '{file}' is not in or below"])
    .refine(in_source),
    Rule::new(
        "variable-missing",
        "The variable {variable} has no value",
        "Give it one in spec.postBuild.substitute or substituteFrom, or a default: ${name:=value}.",
    )
    .says(&["variable not set (strict mode): \"{variable}\""]),
    Rule::new(
        "variables-missing",
        "What the variables come from does not exist: {holder}",
        "Create it, or mark it as optional in spec.postBuild.substituteFrom.",
    )
    .says(&["substitute from '{holder}' error: {_} not found"]),
    Rule::new(
        "substitution-failed",
        "The variables of {what} cannot be substituted: {why}",
        "Correct the expression; write $${name} for a literal one.",
    )
    .says(&["post build failed for '{what}': envsubst error: {why*}", "post build failed for '{what}': {why*}"]),
    Rule::new(
        "decryption-secret-missing",
        "The Secret with the decryption keys does not exist: {secret}",
        "Create it, or correct spec.decryption.secretRef.",
    )
    .says(&["decryption Secret '{secret}': {_} not found"]),
    Rule::new(
        "decryption-not-configured",
        "An encrypted Secret is applied without decryption: {secret}",
        "Set spec.decryption of the Kustomization.",
    )
    .says(&["{secret} is SOPS encrypted, configuring decryption is required"]),
    Rule::new(
        "decryption-failed",
        "What is encrypted cannot be decrypted",
        "Encrypt it for a key that the decryption Secret holds, or add that key.",
    )
    .says(&[
        "decryption failed for '{what}'",
        "error decrypting sources",
        "failed to decrypt",
        "no identity matched any of the recipients",
        "Error getting data key",
    ]),
    Rule::new("build-failed", "Flux cannot build the manifests", "Correct the manifests and push; what runs was not touched.")
        .on(&["BuildFailed"])
        .rank(8),
];

fn tidy_id(_: &Said, values: &mut Values) -> bool {
    if let Some(id) = value(values, "id") {
        let id = id.trim_end_matches(['\'', '"']).to_owned();
        set(values, "id", id);
    }
    true
}
