//! https: the same conversations as over http, certificates good and bad, and nothing left behind.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use domain::project::Credential;
use domain::{Trouble, TroubleKind};
use git::{Access, Cancel, Error, FileChange, Limits, Mirror, NewCommit, PushOutcome, ls_remote};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use crate::place::{Place, access, author, push, set_image, time, write};
use crate::server::{Fault, Server};

/// Says what is wrong with a server's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Nothing,
    Name,
    Time,
}

/// Holds an authority of our own, as a file that can be trusted.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new(place: &Place, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let file = place.path(&format!("{name}.pem"));
        write(&file, &params.self_signed(&key).unwrap().pem());
        Self { issuer: Issuer::new(params, key), file }
    }

    pub(crate) fn config(&self, wrong: Wrong) -> Arc<ServerConfig> {
        let name = if wrong == Wrong::Name { "git.example" } else { "127.0.0.1" };
        let mut params = CertificateParams::new(vec![name.to_owned(), "localhost".to_owned()]).unwrap();
        if wrong == Wrong::Time {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    fn access(&self) -> Access {
        Access { ca_file: Some(self.file.clone()), ..access() }
    }
}

/// Makes a repository, a server that proves who it is, and the access that believes it.
fn secure() -> (Place, Server, Access) {
    let place = Place::new();
    let authority = Authority::new(&place, "ours");
    let server = Server::start_secure(place.dir.path().to_owned(), authority.config(Wrong::Nothing));
    (place, server, authority.access())
}

#[test]
fn a_mirror_is_fetched_and_a_commit_lands() {
    let (place, server, access) = secure();
    let mirror = place.mirror_with(&server.url(), &access);
    let base = mirror.head("main").unwrap().unwrap();
    assert_eq!(Some(&base), place.head("main").as_ref());
    server.asked();
    mirror.fetch(&Cancel::new()).unwrap();
    assert_eq!(server.asked().len(), 1, "one listing");
    let commit = set_image(&mirror, &base, "shop:2");
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit.clone() });
    assert_eq!(server.asked().len(), 3, "listing, pack, fresh listing");
    assert_eq!(place.head("main").unwrap(), commit);
    let heads = ls_remote(&server.url(), &access, &Cancel::new()).unwrap();
    assert_eq!(heads.get("main"), Some(&commit));
    assert_eq!(heads.default.as_deref(), Some("main"));
    let config = std::fs::read_to_string(mirror.dir().join("config")).unwrap();
    assert!(!config.contains("127.0.0.1"), "{config}");
}

#[test]
fn a_hook_that_refuses_is_heard_in_its_own_words() {
    let (place, server, access) = secure();
    place.hook("pre-receive", "#!/bin/sh\necho 'main is frozen until Monday' >&2\nexit 1\n");
    let mirror = place.mirror_with(&server.url(), &access);
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let PushOutcome::Rejected { words } = push(&mirror, &commit, &base).unwrap() else { panic!("not rejected") };
    assert!(words.contains("main is frozen until Monday"), "{words}");
    assert_eq!(place.head("main").unwrap(), base);
}

#[test]
fn the_token_is_given_when_asked_for_and_to_the_server_only() {
    let (place, server, access) = secure();
    // Basic authentication of `bot` with `sesame`.
    server.want("Basic Ym90OnNlc2FtZQ==");
    let error = ls_remote(&server.url(), &access, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Auth { status: Some(401), .. }), "{error:?}");
    let token = place.path("token");
    write(&token, "sesame\n");
    let credential = Credential::File { user: "bot".to_owned(), path: token.to_string_lossy().into_owned() };
    let with_token = Access { credential, ..access };
    server.asked();
    let mirror = place.mirror_with(&server.url(), &with_token);
    assert_eq!(server.asked().first().unwrap().authorization, None, "not before it is asked for");
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
    write(&token, "wrong\n");
    server.asked();
    let error = mirror.fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Auth { status: Some(401), .. }), "{error:?}");
    let given: Vec<_> = server.asked().into_iter().filter_map(|asked| asked.authorization).collect();
    // `bot` with `wrong`.
    assert_eq!(given, ["Basic Ym90Ondyb25n"], "one try, no loop, and the real one");
}

#[test]
fn a_redirect_is_followed_at_the_server_and_nowhere_else() {
    let (place, server, access) = secure();
    let other = Server::start(place.dir.path().to_owned());
    let token = place.path("token");
    write(&token, "sesame\n");
    let credential = Credential::File { user: "bot".to_owned(), path: token.to_string_lossy().into_owned() };
    let access = Access { credential, ..access };
    let old = server.url().replace("origin", "old");
    let origin = server.url().replace("/origin.git", "");
    for place in [origin.clone(), String::new()] {
        server.fault(Fault::Renamed("/old.git", "/origin.git", place));
        assert!(ls_remote(&old, &access, &Cancel::new()).unwrap().get("main").is_some());
    }
    let mirror = place.mirror_with(&old, &access);
    assert!(mirror.head("main").unwrap().is_some());
    let elsewhere = [
        format!("http://127.0.0.1:{}", other.port()),
        format!("https://localhost:{}", server.port()),
        format!("https://127.0.0.1:{}", other.port()),
        origin.replace("https", "http"),
    ];
    server.want("Basic Ym90OnNlc2FtZQ==");
    mirror.fetch(&Cancel::new()).unwrap();
    for there in elsewhere {
        server.asked();
        server.fault(Fault::Renamed("/old.git", "/origin.git", there.clone()));
        let error = mirror.fetch(&Cancel::new()).unwrap_err();
        assert!(matches!(&error, Error::Elsewhere { .. }), "{there}: {error:?}");
        assert_eq!(server.asked().len(), 2, "without the token, with it, and no more: {there}");
    }
    assert!(other.asked().is_empty());
}

#[test]
fn a_plain_server_that_sends_to_https_is_said_to_lead_elsewhere() {
    let (place, server, _) = secure();
    let plain = Server::start(place.dir.path().to_owned());
    plain.fault(Fault::Redirect(server.url().replace("/origin.git", "")));
    let error = ls_remote(&plain.url(), &access(), &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");
}

#[test]
fn a_certificate_that_proves_nothing_is_untrusted_and_nothing_is_asked() {
    let place = Place::new();
    let (ours, theirs) = (Authority::new(&place, "ours"), Authority::new(&place, "theirs"));
    for (wrong, believed, words) in
        [(Wrong::Nothing, &theirs, "UnknownIssuer"), (Wrong::Time, &ours, "expired"), (Wrong::Name, &ours, "not valid for name")]
    {
        let server = Server::start_secure(place.dir.path().to_owned(), ours.config(wrong));
        let error = ls_remote(&server.url(), &believed.access(), &Cancel::new()).unwrap_err();
        assert!(matches!(&error, Error::Untrusted { words: said, .. } if said.contains(words)), "{words}: {error:?}");
        assert!(server.asked().is_empty());
        assert_eq!(Trouble::from(error).kind, TroubleKind::Refused);
    }
    let empty = place.path("empty.pem");
    write(&empty, "");
    for file in [empty, place.path("none.pem")] {
        let access = Access { ca_file: Some(file), ..access() };
        let error = ls_remote("https://127.0.0.1:1/x", &access, &Cancel::new()).unwrap_err();
        assert!(matches!(&error, Error::Untrusted { words, .. } if words.contains(".pem")), "{error:?}");
    }
}

#[test]
fn a_server_that_is_not_there_or_speaks_no_tls_is_unreachable() {
    let (place, server, access) = secure();
    let plain = Server::start(place.dir.path().to_owned());
    let no_tls = plain.url().replace("http", "https");
    for (url, words) in
        [("https://127.0.0.1:1/x", "refused"), ("https://nobody.invalid/x", "resolve"), (no_tls.as_str(), "handshake")]
    {
        let error = ls_remote(url, &access, &Cancel::new()).unwrap_err();
        assert!(matches!(&error, Error::Unreachable { words: said, .. } if said.contains(words)), "{url}: {error:?}");
    }
    let missing = server.url().replace("origin", "nothing");
    let error = ls_remote(&missing, &access, &Cancel::new()).unwrap_err();
    assert!(matches!(&error, Error::NoRepository { .. }), "{error:?}");
}

#[test]
fn a_connection_that_dies_is_told_apart() {
    let (place, server, access) = secure();
    server.fault(Fault::Torn("/git-upload-pack"));
    let root = place.path("mirrors");
    let torn = Mirror::open_or_clone(&root, &server.url(), &access, &Cancel::new()).unwrap_err();
    assert!(matches!(torn, Error::Unreachable { .. }), "{torn:?}");
    server.fault(Fault::Nothing);
    let mirror = place.mirror_with(&server.url(), &access);
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    server.fault(Fault::CloseBefore("service=git-receive-pack"));
    assert!(matches!(push(&mirror, &commit, &base), Err(Error::Unreachable { .. })), "nothing was sent");
    server.fault(Fault::CloseBefore("/git-receive-pack"));
    let outcome = push(&mirror, &commit, &base).unwrap();
    assert!(matches!(&outcome, PushOutcome::Unknown { words } if words.contains("without an answer")), "{outcome:?}");
    server.fault(Fault::CloseAfter("/git-receive-pack"));
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
}

/// Makes a commit that does not become smaller in a pack.
fn big(mirror: &Mirror) -> (NewCommit, domain::revision::CommitId) {
    let base = mirror.head("main").unwrap().unwrap();
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()
    };
    let bytes: Vec<u8> = (0..1024 * 1024).flat_map(|_| noise()).collect();
    let new = NewCommit {
        parent: Some(base.clone()),
        changes: vec![FileChange::write("k8s/noise", bytes)],
        message: "Noise".to_owned(),
        author: author(),
        time: time(0),
    };
    (new, base)
}

#[test]
fn a_big_push_passes_and_so_does_fetching_it() {
    let (place, server, access) = secure();
    let mirror = place.mirror_with(&server.url(), &access);
    let (new, base) = big(&mirror);
    let commit = mirror.commit(&new).unwrap();
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit.clone() });
    let other = Mirror::open_or_clone(&place.path("others"), &server.url(), &access, &Cancel::new()).unwrap();
    assert_eq!(other.head("main").unwrap().as_ref(), Some(&commit));
    let (dir, name) = (other.dir().to_string_lossy().into_owned(), format!("{commit}:k8s/noise"));
    assert_eq!(place.git(&["--git-dir", &dir, "cat-file", "-s", &name]), (8 * 1024 * 1024).to_string());
    place.git(&["--git-dir", &dir, "fsck", "--strict"]);
}

#[test]
fn an_answer_before_the_whole_request_ends_the_push_and_does_not_hang() {
    let (place, server, access) = secure();
    let mirror = place.mirror_with(&server.url(), &access);
    let (new, base) = big(&mirror);
    let commit = mirror.commit(&new).unwrap();
    server.fault(Fault::Early(413, "/git-receive-pack"));
    let outcome = push(&mirror, &commit, &base).unwrap();
    // The server closes with unread bytes, so its answer may be lost on the way.
    assert!(
        matches!(&outcome, PushOutcome::Rejected { words } if words.contains("413"))
            || matches!(&outcome, PushOutcome::Unknown { .. })
    );
    assert_eq!(place.head("main").unwrap(), base);
}

#[test]
fn a_stalled_handshake_ends_with_the_operation() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    let (tell, told) = channel();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 1];
            stream.read_exact(&mut hello).unwrap();
            tell.send(()).unwrap();
            // Ends when the other side closes.
            drop(std::io::copy(&mut stream, &mut std::io::sink()));
        }
    });
    let place = Place::empty();
    let access = Authority::new(&place, "ours").access();
    let cancel = Cancel::new();
    let error = thread::scope(|scope| {
        let waiting = scope.spawn(|| ls_remote(&url, &access, &cancel));
        told.recv().unwrap();
        cancel.cancel();
        waiting.join().unwrap().unwrap_err()
    });
    assert!(matches!(error, Error::Cancelled(_)), "{error:?}");
    let limits = Limits { idle: Duration::from_millis(300), total: Duration::from_mins(1) };
    let error = ls_remote(&url, &Access { limits, ..access }, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    server.join().unwrap();
}

#[test]
#[ignore = "a measurement, not a check; run by hand"]
#[expect(clippy::print_stdout, reason = "a measurement prints")]
fn measure_https_beside_http() {
    let (place, server, access) = secure();
    let plain = Server::start(place.dir.path().to_owned());
    for (name, url) in [("http", plain.url()), ("https", server.url())] {
        let mirror = place.mirror_with(&url, &access);
        let mut times: Vec<_> = (0..41)
            .map(|_| {
                let begin = std::time::Instant::now();
                mirror.fetch(&Cancel::new()).unwrap();
                begin.elapsed()
            })
            .collect();
        times.sort();
        println!("{name}: median {:?}, slowest {:?}", times[20], times[40]);
    }
}
