//! Fetching against servers on this machine that answer as the outside may.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use domain::proxy::Proxies;

use super::*;

const CALM: Patience = Patience { silence: Duration::from_mins(1), whole: Duration::from_mins(2) };
const QUICK: Patience = Patience { silence: Duration::from_secs(2), ..CALM };

/// Answers every connection by the path that is asked for, until the test ends; returns its port and what was asked.
fn server(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, asked) = channel();
    let answer = std::sync::Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(mut stream), seen, answer) = (stream, seen.clone(), answer.clone()) else { return };
            thread::spawn(move || {
                let mut head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let first = head.next().unwrap_or_default();
                let _ = head.take_while(|line| !line.is_empty()).count();
                let _ = seen.send(first.clone());
                answer(first.split(' ').nth(1).unwrap_or_default(), &mut stream);
            });
        }
    });
    (port, asked)
}

fn whole(stream: &mut TcpStream, status: &str, more: &str, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}");
}

/// What the outside may do.
fn odd(path: &str, stream: &mut TcpStream) {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let turn = |to: &str| format!("Location: {to}\r\n");
    match path {
        "/releases/latest/install.yaml" => whole(stream, "302 Found", &turn("/releases/v2/install.yaml?x=1"), ""),
        "/releases/v2/install.yaml?x=1" => whole(stream, "307 Temporary Redirect", &turn("stored.yaml"), ""),
        "/releases/v2/stored.yaml" => whole(stream, "200 OK", "", "kind: List\n"),
        "/round" => whole(stream, "301 Moved Permanently", &turn("/round"), ""),
        "/away" => whole(stream, "302 Found", &turn("https://evil.example/x"), ""),
        "/nowhere" => whole(stream, "302 Found", "", ""),
        "/huge" => {
            let _ = write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n");
            while write!(stream, "10000\r\n{}\r\n", "a".repeat(0x1_0000)).is_ok() {}
        }
        "/cut" => drop(write!(stream, "{HEAD}Content-Length: 5000\r\n\r\nkind: List\n")),
        "/cut-chunk" => drop(write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nkind:\r\n")),
        "/endless" => drop(write!(stream, "{HEAD}\r\nkind: List\n")),
        "/silent" => thread::sleep(Duration::from_mins(1)),
        "/stops" => {
            let _ = write!(stream, "{HEAD}Content-Length: 5000\r\n\r\nkind: List\n");
            thread::sleep(Duration::from_mins(1));
        }
        "/drips" => {
            let _ = write!(stream, "{HEAD}Content-Length: 5000\r\n\r\n");
            while write!(stream, "a").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        "/none" => {}
        "/refused" => whole(stream, "403 Forbidden", "", "no"),
        _ => whole(stream, "404 Not Found", "", "<html>no</html>"),
    }
}

async fn got(port: u16, path: &str, patience: Patience) -> Result<Bytes, String> {
    let nothing = Surroundings::default();
    let found = within(patience, &format!("http://127.0.0.1:{port}{path}"), 1 << 20, &nothing).await;
    found.map_err(|error| match error {
        Error::Download { why, .. } => why,
        other => other.to_string(),
    })
}

#[tokio::test]
async fn what_the_outside_does_is_followed_or_said() {
    let (port, _asked) = server(odd);
    assert_eq!(got(port, "/releases/latest/install.yaml", CALM).await.unwrap(), "kind: List\n");
    for (path, words) in [
        ("/round", "again and again"),
        ("/away", "points at another host, evil.example"),
        ("/nowhere", "points nowhere"),
        ("/huge", "longer than 1 MiB"),
        ("/cut", "breaks off"),
        ("/cut-chunk", "breaks off"),
        ("/endless", "does not say how long it is"),
        ("/missing", "answers 404 Not Found"),
        ("/refused", "answers 403 Forbidden"),
        ("/none", ""),
    ] {
        let why = got(port, path, CALM).await.unwrap_err();
        assert!(why.contains(words) && !why.is_empty(), "{path}: {why}");
    }
    let (silent, stops) = tokio::join!(got(port, "/silent", QUICK), got(port, "/stops", QUICK));
    assert!(silent.unwrap_err().contains("does not answer within 2 s") && stops.unwrap_err().contains("stops in the middle"));
    let short = Patience { whole: Duration::from_millis(500), ..CALM };
    assert!(got(port, "/drips", short).await.unwrap_err().contains("takes longer than"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let why = got(closed, "/", CALM).await.unwrap_err();
    assert!(why.to_lowercase().contains("refused"), "{why}");
}

#[tokio::test]
async fn the_official_release_is_asked_for_through_the_proxy_and_its_refusal_is_said() {
    let (port, asked) = server(|_, stream| whole(stream, "403 Forbidden", "", ""));
    let proxies = Proxies::read(|name| (name == "https_proxy").then(|| format!("http://127.0.0.1:{port}")));
    let through = Surroundings { proxies, in_cluster: false };
    let address = "https://github.com/fluxcd/flux2/releases/latest/download/install.yaml";
    let error = within(CALM, address, 1 << 20, &through).await.unwrap_err();
    assert!(asked.recv().unwrap().starts_with("CONNECT github.com:443 "), "{error}");
    let trouble = domain::Trouble::from(error);
    assert!(trouble.object.contains(address) && !trouble.why.is_empty() && trouble.next.contains("--from FILE"), "{trouble}");
}

#[test]
fn only_named_hosts_are_followed() {
    let from = |address: &str| address.parse::<Uri>().unwrap();
    let github = "https://github.com/fluxcd/flux2/releases/latest/download/install.yaml";
    for (address, to, follows) in [
        (github, "https://github.com/fluxcd/flux2/releases/download/v2.8.0/install.yaml", true),
        (github, "/elsewhere", true),
        (github, "install.yaml", true),
        (github, "", false),
        (github, "https://release-assets.githubusercontent.com/x?sig=1", true),
        (github, "http://release-assets.githubusercontent.com/x", false),
        (github, "https://evil.example/x", false),
        (github, "//evil.example/x", false),
        ("https://mirror.example/a", "https://release-assets.githubusercontent.com/x", false),
        ("https://mirror.example/a", "https://mirror.example:8443/a", false),
        ("https://mirror.example/a", "http://mirror.example/a", false),
    ] {
        assert_eq!(turned(&from(address), to).is_ok(), follows, "{address} {to}");
    }
    assert!(turned(&from(github), "https://evil.example/x").unwrap_err().contains("evil.example"));
}

#[test]
fn addresses_are_https_or_on_this_machine_and_keep_no_password() {
    for (address, good) in [
        ("https://mirror.example/install.yaml", true),
        ("http://127.0.0.1:8080/install.yaml", true),
        ("http://mirror.example/install.yaml", false),
        ("https://me:secret@mirror.example/install.yaml", false),
        ("file:///etc/passwd", false),
        ("install.yaml", false),
    ] {
        let found = address.parse::<Uri>().is_ok_and(|at| check(&at).is_ok());
        assert_eq!(found, good, "{address}");
    }
}
