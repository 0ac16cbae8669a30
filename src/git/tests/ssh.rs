//! ssh through the `git` program, against a real sshd on loopback.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use git::{Access, Base, Cancel, Error, PushOutcome, ls_remote};

use crate::place::{Place, access, note, push, set_image, text};

/// Runs until it is dropped.
struct Sshd {
    child: Child,
    port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts an sshd for one user key; says why not, when it cannot.
fn start(place: &Place) -> Option<Sshd> {
    let skip = |why: &str| {
        note(&format!("the ssh test is skipped: {why}"));
        None
    };
    let program = Path::new("/usr/sbin/sshd");
    if !program.exists() {
        return skip("there is no sshd");
    }
    let dir = place.dir.path();
    for key in ["host", "user", "other"] {
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.join(key)).status();
        if !made.is_ok_and(|status| status.success()) {
            return skip("ssh-keygen makes no key");
        }
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {0}/host\nAuthorizedKeysFile {0}/user.pub\nStrictModes no\nUsePAM no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nPidFile none\nLogLevel ERROR\n",
        dir.display()
    );
    std::fs::write(dir.join("sshd_config"), config).unwrap();
    let mut command = Command::new(program);
    // Run by root it wants a folder, which only a system on which it serves has: it gets one that nobody else sees.
    if !Path::new("/run/sshd").exists() && text(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0" {
        command = Command::new("unshare");
        command.args(["-m", "sh", "-c", "mount -t tmpfs none /run && mkdir /run/sshd && exec \"$0\" \"$@\""]).arg(program);
    }
    let said = dir.join("sshd.log");
    let words = std::fs::File::create(&said).unwrap();
    let child = command.args(["-D", "-e", "-f"]).arg(dir.join("sshd_config")).stderr(words).spawn();
    let Ok(mut child) = child else { return skip("sshd does not start") };
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(Sshd { child, port });
        }
        if child.try_wait().unwrap().is_some() || Instant::now() > until {
            drop(child.kill());
            drop(child.wait());
            return skip(&format!("sshd does not listen: {}", std::fs::read_to_string(&said).unwrap().trim()));
        }
        std::thread::yield_now();
    }
}

/// Writes the ssh configuration of somebody who knows a host key and has a user key.
fn reach(place: &Place, sshd: &Sshd, host_key: &str, user_key: &str) -> Access {
    let dir = place.dir.path();
    let key = std::fs::read_to_string(dir.join(format!("{host_key}.pub"))).unwrap();
    std::fs::write(dir.join("known_hosts"), format!("[127.0.0.1]:{} {key}", sshd.port)).unwrap();
    let config = format!(
        "Host *\n  UserKnownHostsFile {0}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  IdentityFile {0}/{user_key}\n  \
         IdentitiesOnly yes\n  IdentityAgent none\n  StrictHostKeyChecking yes\n",
        dir.display()
    );
    std::fs::write(dir.join("ssh_config"), config).unwrap();
    Access { ssh: Some(format!("ssh -F {}/ssh_config", dir.display())), ..access() }
}

#[test]
fn a_commit_lands_over_ssh_and_refusals_say_why() {
    let place = Place::new();
    let Some(sshd) = start(&place) else { return };
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let url = format!("ssh://{}@127.0.0.1:{}{}", user.trim(), sshd.port, place.origin().display());
    let access = reach(&place, &sshd, "host", "user");
    let heads = ls_remote(&url, &access, &Cancel::new()).unwrap();
    assert_eq!((heads.get("main"), heads.default.as_deref()), (place.head("main").as_ref(), Some("main")));

    let mirror = place.mirror_with(&url, &access);
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit.clone() });
    assert_eq!(place.head("main").unwrap(), commit);
    let other = place.somebody_commits("main", "NEWS", "x");
    let next = set_image(&mirror, &commit, "shop:3");
    assert_eq!(push(&mirror, &next, &commit).unwrap(), PushOutcome::Moved { head: Some(other.clone()) });
    assert_eq!(mirror.push("staging", &next, &Base::Absent, &Cancel::new()).unwrap(), PushOutcome::Landed { head: next });

    place.hook("pre-receive", "#!/bin/sh\necho 'frozen until Monday' >&2\nexit 1\n");
    let refused = set_image(&mirror, &other, "shop:4");
    let PushOutcome::Rejected { words } = push(&mirror, &refused, &other).unwrap() else { panic!("not rejected") };
    assert!(words.contains("frozen until Monday") && words.contains("pre-receive hook declined"), "{words}");

    let error = ls_remote(&format!("{url}x"), &access, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::NoRepository { .. }), "{error:?}");
    let access = reach(&place, &sshd, "host", "other");
    let error = ls_remote(&url, &access, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Auth { .. }), "{error:?}");
    let access = reach(&place, &sshd, "other", "user");
    let error = ls_remote(&url, &access, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Untrusted { .. }), "{error:?}");
}

#[test]
fn a_silent_ssh_server_is_left_and_its_process_ended() {
    let place = Place::new();
    // Accepts and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ssh://127.0.0.1:{}/x", silent.local_addr().unwrap().port());
    let mut access = Access { ssh: Some("ssh -F /dev/null".to_owned()), ..access() };
    access.limits.idle = Duration::from_millis(500);
    let error = ls_remote(&url, &access, &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    let (stream, _) = silent.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut rest = Vec::new();
    let end = std::io::Read::read_to_end(&mut { stream }, &mut rest);
    assert!(end.is_ok(), "the ssh process lives on: {end:?}");
    drop(place);
}
