//! The proxy that the environment names: what goes through it, what it says itself, and whom it spares. Each case is a process of its
//! own, for the environment is a process's.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use domain::Trouble;
use git::{Cancel, ls_remote};

use crate::place::{Place, access, alone, text};
use crate::secure::{Authority, Wrong};
use crate::server::Server;

/// What a proxy does with each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Passes,
    /// It lets nobody through but `me` with `sesame`.
    Asks,
    /// Its gateway is broken.
    Fails,
    /// It closes without a word.
    Cuts,
}

/// Serves until the process ends.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                thread::spawn(move || serve(&client, does, &seen));
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        std::mem::take(&mut *self.heads.lock().unwrap())
    }
}

fn serve(mut client: &TcpStream, does: Does, seen: &Mutex<Vec<String>>) {
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_exact(&mut byte).is_err() {
            return;
        }
        head.extend(byte);
    }
    let head = text(&head);
    seen.lock().unwrap().push(head.clone());
    // `me:sesame`.
    let known = head.contains("Proxy-Authorization: Basic bWU6c2VzYW1l\r\n");
    let answer = match does {
        Does::Asks if !known => "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"",
        Does::Fails => "502 Bad Gateway",
        Does::Cuts => return,
        Does::Passes | Does::Asks => return pass(client, &head),
    };
    drop(write!(client, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    drop(client.shutdown(Shutdown::Both));
}

/// Carries bytes both ways, behind a CONNECT.
fn pass(mut client: &TcpStream, head: &str) {
    let mut server = TcpStream::connect(head.split(' ').nth(1).unwrap()).unwrap();
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
    let (mut up, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let upward = thread::spawn(move || {
        drop(std::io::copy(&mut up, &mut to));
        drop(to.shutdown(Shutdown::Write));
    });
    drop(std::io::copy(&mut server, &mut client));
    drop(client.shutdown(Shutdown::Both));
    upward.join().unwrap();
}

#[test]
fn the_proxy_of_the_environment_is_used_heard_and_left_out() {
    let place = Place::new();
    let authority = Authority::new(&place, "ours");
    let secure = Server::start_secure(place.dir.path().to_owned(), authority.config(Wrong::Nothing));
    let plain = Server::start(place.dir.path().to_owned());
    let file = authority.file.to_string_lossy().into_owned();
    let [passes, asks, fails, cuts] = [Does::Passes, Does::Asks, Does::Fails, Does::Cuts].map(Proxy::start);
    let url = secure.url();
    let asked = |url: &str, (login, proxy): (&str, &Proxy), spared: &str, words: &str| {
        let named = format!("http://{login}127.0.0.1:{}", proxy.port);
        // The way of what is not encrypted leads nowhere, and is not gone.
        let all = [("https_proxy", named.as_str()), ("http_proxy", "http://127.0.0.1:1"), ("no_proxy", spared)];
        let more = [("TEST_URL", url), ("TEST_WORDS", words), ("SSL_CERT_FILE", &file)];
        let output = alone("proxy::child_lists", place.dir.path(), &[&all[..], &more[..]].concat());
        assert!(output.status.success(), "{url} {words}: {}{}", text(&output.stdout), text(&output.stderr));
    };
    asked(&url, ("", &passes), "", "");
    let wanted = format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", secure.port());
    let heads = passes.heads();
    assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with(&wanted)), "{heads:?}");
    asked(&url, ("me:sesame@", &asks), "", "");
    asked(&url, ("", &asks), "", "user name and a password that it accepts");
    asked(&url, ("me:open%20sesame@", &asks), "", "user name and a password that it accepts");
    asked(&url, ("", &fails), "", "502");
    asked(&url, ("", &cuts), "", "it closed the connection");
    assert!(!cuts.heads().is_empty());
    // Who is spared, and what is not encrypted, is asked without it.
    for (url, spared) in [(&url, "10.0.0.0/8,127.0.0.0/8"), (&plain.url(), "")] {
        asked(url, ("", &cuts), spared, "");
    }
    assert!(cuts.heads().is_empty());
}

#[test]
#[ignore = "run by the_proxy_of_the_environment_is_used_heard_and_left_out"]
fn child_lists() {
    let (url, words) = (std::env::var("TEST_URL").unwrap(), std::env::var("TEST_WORDS").unwrap());
    let listed = ls_remote(&url, &access(), &Cancel::new());
    if words.is_empty() {
        assert!(listed.unwrap().get("main").is_some());
        return;
    }
    let trouble = Trouble::from(listed.unwrap_err());
    let said = trouble.to_string();
    assert!(said.contains(&words) && !said.contains("sesame") && !trouble.next.is_empty(), "{said}");
}
