//! The heads of requests and answers as they pass through the forwarder. Touches no body.

use super::Reason;
use crate::address::Origin;

/// Headers of a request that concern the way to the forwarder, or that it writes itself.
const OURS: [&str; 5] = ["host", "connection", "authorization", "proxy-authorization", "proxy-connection"];

/// Holds where requests come from and go to.
pub(super) struct Route {
    /// The one server.
    pub(super) origin: Origin,
    /// How libgit2 calls the server: scheme, loopback host, port and the secret; no slash at the end.
    pub(super) base: String,
    /// What every target begins with, after a slash.
    pub(super) secret: String,
    /// What the server gets where libgit2 sends its stand-in.
    pub(super) authorization: Option<String>,
}

/// Holds a request as the server gets it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) head: String,
    /// Whether libgit2 follows a redirect of it.
    pub(super) may_redirect: bool,
}

/// Returns where the body begins, if the whole head is there.
pub(super) fn end(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let lf = bytes.windows(2).position(|two| two == b"\n\n").map(|at| at + 2);
    crlf.into_iter().chain(lf).min()
}

impl Route {
    /// Turns a request of libgit2's into the server's; nothing for who does not know the secret.
    pub(super) fn request(&self, head: &[u8]) -> Option<Request> {
        let head = std::str::from_utf8(head).ok()?;
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, target, version) = (first.next()?, first.next()?, first.next()?);
        let target = target.strip_prefix('/')?;
        let (secret, target) = target.split_at_checked(self.secret.len())?;
        if !same(secret.as_bytes(), self.secret.as_bytes()) || !target.starts_with('/') || version != "HTTP/1.1" {
            return None;
        }
        let mut out = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.origin.authority());
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, _) = line.split_once(':')?;
            let name = name.to_ascii_lowercase();
            if !OURS.contains(&name.as_str()) {
                put(&mut out, &[line]);
            }
            if let ("authorization", Some(authorization)) = (name.as_str(), &self.authorization) {
                put(&mut out, &["Authorization: ", authorization]);
            }
        }
        out.push_str("\r\n");
        Some(Request { head: out, may_redirect: method == "GET" })
    }

    /// Turns an answer of the server's into libgit2's; nothing for one that only announces the real one.
    pub(super) fn answer(&self, head: &[u8], may_redirect: bool) -> Result<Option<Vec<u8>>, Reason> {
        let broken = || Reason::Unreachable("its answer is no HTTP".to_owned());
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let first = lines.next().filter(|line| line.starts_with("HTTP/1.")).ok_or_else(broken)?;
        let status: u16 = first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        match status {
            101 => return Err(broken()),
            100..=199 => return Ok(None),
            _ => {}
        }
        let mut out = format!("{first}\r\nConnection: close\r\n");
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if ["connection", "keep-alive"].iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                continue;
            }
            if (300..=399).contains(&status) && name.eq_ignore_ascii_case("location") && may_redirect {
                put(&mut out, &["Location: ", &self.moved(value.trim())?]);
                continue;
            }
            put(&mut out, &[line]);
        }
        out.push_str("\r\n");
        Ok(Some(out.into_bytes()))
    }

    /// Returns libgit2's name for the place that a redirect leads to, which must be the same server.
    fn moved(&self, location: &str) -> Result<String, Reason> {
        let absolute = if location.starts_with("//") { format!("https:{location}") } else { location.to_owned() };
        if absolute.starts_with('/') {
            return Ok(format!("{}{absolute}", self.base));
        }
        match Origin::of(&absolute) {
            Some(there) if there == self.origin => {
                let rest = absolute.split_once("://").map_or("", |(_, rest)| rest);
                let path = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)).unwrap_or("");
                let slash = if path.starts_with('/') { "" } else { "/" };
                Ok(format!("{}{slash}{path}", self.base))
            }
            Some(there) => Err(Reason::Elsewhere(there.to_string())),
            None => Err(Reason::Elsewhere(location.to_owned())),
        }
    }
}

/// Adds a line to a head.
fn put(head: &mut String, parts: &[&str]) {
    head.extend(parts.iter().copied().chain(["\r\n"]));
}

/// Compares without telling by its time how much was right.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn route(url: &str) -> Route {
        Route {
            origin: Origin::of(url).unwrap(),
            base: "http://127.0.0.1:7/5ec2e7".to_owned(),
            secret: "5ec2e7".to_owned(),
            authorization: Some("Basic cmVhbA==".to_owned()),
        }
    }

    #[test]
    fn a_request_gets_its_server_and_its_token_and_loses_what_is_ours() {
        let head = "POST /5ec2e7/a/git-upload-pack?x HTTP/1.1\r\nHost: 127.0.0.1:7\r\nConnection: keep-alive\r\n\
                    Authorization: Basic c3RhbmQtaW4=\r\nProxy-Authorization: y\r\nContent-Length: 3\r\n\r\n";
        let request = route("https://Git.Example/a").request(head.as_bytes()).unwrap();
        assert_eq!(
            request.head,
            "POST /a/git-upload-pack?x HTTP/1.1\r\nHost: git.example\r\nConnection: close\r\n\
             Authorization: Basic cmVhbA==\r\nContent-Length: 3\r\n\r\n"
        );
        assert!(!request.may_redirect);
        let plain = route("https://[::1]:8443/a").request(b"GET /5ec2e7/a HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(plain.head, "GET /a HTTP/1.1\r\nHost: [::1]:8443\r\nConnection: close\r\n\r\n", "no token unasked");
        assert!(plain.may_redirect);
    }

    #[test]
    fn who_does_not_know_the_secret_gets_nothing() {
        for target in
            ["/", "/a", "/5ec2e8/a", "/5ec2e7", "/5ec2e7x/a", "5ec2e7/a", "http://git.example/5ec2e7/a", "/é/a", "/5ec2é/a"]
        {
            let head = format!("GET {target} HTTP/1.1\r\n\r\n");
            assert_eq!(route("https://git.example/a").request(head.as_bytes()), None, "{target}");
        }
    }

    #[test]
    fn a_redirect_stays_with_the_server_or_is_refused() {
        let route = route("https://git.example/a");
        let to = |location: &str| {
            let head = format!("HTTP/1.1 301 Moved\r\nlocation: {location}\r\nKeep-Alive: 5\r\n\r\n");
            route.answer(head.as_bytes(), true).map(|head| String::from_utf8(head.unwrap()).unwrap())
        };
        let moved =
            |path: &str| format!("HTTP/1.1 301 Moved\r\nConnection: close\r\nLocation: http://127.0.0.1:7/5ec2e7{path}\r\n\r\n");
        assert_eq!(to("https://git.example/b?c").unwrap(), moved("/b?c"));
        assert_eq!(to("https://GIT.example:443/b").unwrap(), moved("/b"));
        assert_eq!(to("//git.example/b").unwrap(), moved("/b"));
        assert_eq!(to("/b").unwrap(), moved("/b"));
        assert_eq!(to("https://git.example").unwrap(), moved("/"));
        for elsewhere in
            ["http://git.example/b", "https://git.example:8443/b", "https://git.example.evil/b", "//evil/b", "ftp://x"]
        {
            assert!(matches!(to(elsewhere), Err(Reason::Elsewhere(_))), "{elsewhere}");
        }
        let post = route.answer(b"HTTP/1.1 302 Moved\r\nLocation: https://evil/b\r\n\r\n", false).unwrap().unwrap();
        assert!(String::from_utf8(post).unwrap().contains("https://evil/b"), "libgit2 refuses it by itself");
    }

    #[test]
    fn an_announcement_is_passed_over_and_what_is_no_http_refused() {
        let route = route("https://git.example/a");
        assert_eq!(route.answer(b"HTTP/1.1 100 Continue\r\n\r\n", true), Ok(None));
        assert!(route.answer(b"SSH-2.0-x\r\n\r\n", true).is_err());
        assert!(route.answer(b"HTTP/1.1 101 Switching\r\n\r\n", true).is_err());
        assert_eq!(end(b"HTTP/1.1 200 OK\r\n\r\nbody"), Some(19));
        assert_eq!(end(b"a\n\nb\r\n\r\n"), Some(3));
        assert_eq!(end(b"HTTP/1.1 200 OK\r\n\r"), None);
    }
}
