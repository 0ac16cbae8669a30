//! Reading a request's path and query: which resource, which object, which part of it, with which options.

use crate::resource::{self, Resource};

/// Holds what a path points at.
#[derive(Debug)]
pub(crate) struct Target {
    /// The resource.
    pub(crate) resource: &'static Resource,
    /// The namespace; nothing means all, or none.
    pub(crate) namespace: Option<String>,
    /// The object's name; nothing means the collection.
    pub(crate) name: Option<String>,
    /// `status`, `scale`, `log`, …
    pub(crate) subresource: Option<String>,
}

impl Target {
    /// Reads a path such as `/apis/apps/v1/namespaces/shop/deployments/web/status`.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, below @ ..] if !below.is_empty() => (Some((*namespace).to_owned()), below),
            _ => (None, rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, None, None),
            [plural, name] => (*plural, Some((*name).to_owned()), None),
            [plural @ "pods", name, "proxy", ..] => {
                // `name:port`, or `scheme:name:port`.
                let name = name.rsplit_once(':').map_or(*name, |(name, _)| name);
                let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
                (*plural, Some(name.to_owned()), Some("proxy".to_owned()))
            }
            [plural, name, subresource] => (*plural, Some((*name).to_owned()), Some((*subresource).to_owned())),
            _ => return None,
        };
        let resource = resource::by_path(group, version, plural)?;
        Some(Self { resource, namespace, name, subresource })
    }
}

/// Holds the options of a request.
#[derive(Debug, Default)]
pub(crate) struct Options(Vec<(String, String)>);

impl Options {
    /// Reads a query.
    pub(crate) fn read(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
                })
                .collect(),
        )
    }

    /// Returns an option that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// Tells whether an option is set to true.
    pub(crate) fn on(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "True"))
    }

    /// Returns a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = if byte == b'%' { text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()) } else { None };
        out.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says what failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn paths_point_at_resources() {
        for (path, plural, namespace, name, sub) in [
            ("/api/v1/pods", "pods", None, None, None),
            ("/api/v1/namespaces/shop", "namespaces", None, Some("shop"), None),
            ("/api/v1/namespaces/shop/status", "namespaces", None, Some("shop"), Some("status")),
            ("/api/v1/namespaces/shop/pods/web%2D1/log", "pods", Some("shop"), Some("web-1"), Some("log")),
            ("/apis/apps/v1/namespaces/shop/deployments", "deployments", Some("shop"), None, None),
        ] {
            let target = Target::read(path).unwrap();
            assert_eq!(target.resource.plural, plural, "{path}");
            assert_eq!(target.namespace.as_deref(), namespace, "{path}");
            assert_eq!(target.name.as_deref(), name, "{path}");
            assert_eq!(target.subresource.as_deref(), sub, "{path}");
        }
        assert!(Target::read("/apis/apps/v1/nothing").is_none());
        let options = Options::read(Some("watch=1&labelSelector=a%3Db%2Cc+in+(d)&x="));
        assert!(options.on("watch"));
        assert_eq!(options.get("labelSelector"), Some("a=b,c in (d)"));
        assert_eq!(options.get("x"), None);
    }
}
