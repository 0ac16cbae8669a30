//! The safe on real files, with keyrings that are absent, silent, locked and sound.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::TroubleKind;
use tempfile::TempDir;

use super::*;
use crate::{Keyring, Wanted};

const VALUE: &str = "ghp_canary_0123456789";

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn means(&self, keyring: Option<Keyring>, passphrase: Option<&'static str>) -> Means {
        let ask = move |_: Wanted| Ok(passphrase.map(Private::new));
        Means { keyring, ask: Arc::new(ask), keys: Some(self.dir.path().join("config/keys")) }
    }

    fn safe(&self, keyring: Option<Keyring>, passphrase: Option<&'static str>) -> SafeFolder {
        SafeFolder::new(&self.dir.path().join("state"), self.means(keyring, passphrase))
    }

    /// Returns a keyring that is a script.
    fn keyring(&self, script: &str) -> Keyring {
        let path = self.dir.path().join("secret-tool");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let kept = self.dir.path().join("kept");
        let variables = vec![("KEPT".into(), kept.into()), ("PATH".into(), std::env::var_os("PATH").unwrap_or_default())];
        Keyring::new(path, variables)
    }
}

/// Keeps what it is given in a file, as a keyring does.
const SOUND: &str = "for last; do :; done\ncase $1 in store) cat > \"$KEPT.$last\";; lookup) cat \"$KEPT.$last\";; esac";

fn name(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Seals, opens with another hand, and looks that the value stands in no file.
fn goes_round(place: &Place, make: impl Fn() -> SafeFolder) -> Way {
    let way = make().seal(&name("git"), &Private::new(VALUE), None).unwrap();
    assert_eq!(make().open(&name("git")).unwrap().text(), VALUE);
    assert_eq!(make().content().unwrap().key, Some(way));
    for file in files(place.dir.path()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(VALUE.len()).any(|w| w == VALUE.as_bytes()), "{}", file.display());
        if file.starts_with(place.dir.path().join("state")) {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }
    way
}

#[test]
fn a_keyring_comes_first() {
    let place = Place::new();
    let keyring = place.keyring(SOUND);
    assert_eq!(goes_round(&place, || place.safe(Some(keyring.clone()), Some("never asked"))), Way::Keyring);
    let gone = place.safe(None, None).open(&name("git")).unwrap_err();
    assert!(gone.why.contains("secret-tool"), "{gone}");
}

#[test]
fn a_keyring_that_never_answers_costs_two_seconds_and_a_passphrase_comes_next() {
    let place = Place::new();
    let silent = place.keyring("exec sleep 60");
    let begun = Instant::now();
    assert_eq!(goes_round(&place, || place.safe(Some(silent.clone()), Some("correct horse"))), Way::Passphrase);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let wrong = place.safe(None, Some("battery staple")).open(&name("git")).unwrap_err();
    assert_eq!((wrong.kind, wrong.what.as_str()), (TroubleKind::Refused, "That is not the passphrase of the safe"));
    let locked = place.safe(None, None).open(&name("git")).unwrap_err();
    assert!(locked.next.contains("QUARTERDECK_PASSPHRASE_FILE"), "{locked}");
}

#[test]
fn a_keyring_that_is_locked_or_lies_is_not_used() {
    for script in ["exit 1", "exit 0", "case $1 in lookup) echo other;; esac"] {
        let place = Place::new();
        let keyring = place.keyring(script);
        let trouble = place.safe(Some(keyring.clone()), None).seal(&name("git"), &Private::new(VALUE), Some(Way::Keyring));
        assert!(trouble.unwrap_err().next.contains("--key"), "{script}");
        assert_eq!(goes_round(&place, || place.safe(Some(keyring.clone()), None)), Way::File, "{script}");
    }
}

#[test]
fn a_key_file_says_what_it_protects_and_lies_elsewhere() {
    let place = Place::new();
    assert_eq!(goes_round(&place, || place.safe(None, None)), Way::File);
    let keys = files(&place.dir.path().join("config/keys"));
    let [file] = keys.as_slice() else { unreachable!("{keys:?}") };
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("does not protect from anybody who can read this account's files"), "{text}");
    // Wider than its owner: refused, and said how to mend it.
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    let trouble = place.safe(None, None).open(&name("git")).unwrap_err();
    assert!(trouble.next.contains("chmod 600") && trouble.kind == TroubleKind::Refused, "{trouble}");
    fs::remove_file(file).unwrap();
    assert_eq!(place.safe(None, None).open(&name("git")).unwrap_err().kind, TroubleKind::NotFound);
}

#[test]
fn a_folder_that_others_can_read_is_refused() {
    let place = Place::new();
    place.safe(None, None).seal(&name("git"), &Private::new(VALUE), None).unwrap();
    let folder = place.dir.path().join("state/credentials");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let trouble = place.safe(None, None).open(&name("git")).unwrap_err();
    assert!(trouble.why.contains("0755") && trouble.next.contains("chmod 700"), "{trouble}");
}

#[test]
fn one_cannot_be_put_in_the_place_of_another() {
    let place = Place::new();
    let safe = place.safe(None, None);
    safe.seal(&name("git"), &Private::new(VALUE), None).unwrap();
    safe.seal(&name("hub"), &Private::new("another value"), None).unwrap();
    let folder = place.dir.path().join("state/credentials");
    fs::copy(folder.join("git.sealed"), folder.join("hub.sealed")).unwrap();
    let trouble = safe.open(&name("hub")).unwrap_err();
    assert!(!trouble.to_string().contains(VALUE) && trouble.next.contains("credential add hub"), "{trouble}");
    assert_eq!(safe.content().unwrap().names, [name("git"), name("hub")]);
    safe.remove(&name("hub")).unwrap();
    assert_eq!(safe.remove(&name("hub")).unwrap_err().kind, TroubleKind::NotFound);
    assert_eq!(safe.open(&name("nothing")).unwrap_err().kind, TroubleKind::NotFound);
}

#[test]
fn two_that_seal_at_once_agree_on_one_key() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let place = &place;
            scope.spawn(move || {
                let (name, value) = (name(&format!("n{n}")), Private::new(format!("value number {n}")));
                place.safe(None, None).seal(&name, &value, None).unwrap();
            });
        }
    });
    let safe = place.safe(None, None);
    for n in 0..8 {
        assert_eq!(safe.open(&name(&format!("n{n}"))).unwrap().text(), format!("value number {n}"));
    }
}
