//! Where nothing can be written: a read-only folder and a full disk. It opens, it reads, it says why it cannot write.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use store::{NoticeKind, Store, verify};

use crate::support::*;

fn open_to_all(dir: &Path, folders: u32, files: u32) {
    for file in files_under(dir) {
        fs::set_permissions(&file, fs::Permissions::from_mode(files)).unwrap();
    }
    for folder in ["journal", "index", "index/blobs", ""] {
        let _ = fs::set_permissions(dir.join(folder), fs::Permissions::from_mode(folders));
    }
}

#[test]
fn a_folder_without_write_permission_opens_for_reading() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    for n in 0..30 {
        store.append(record("a", "b", n)).unwrap();
    }
    drop(store);
    open_to_all(dir.path(), 0o555, 0o444);
    let mut command = Helper::command("read-only", dir.path(), &[]);
    if fs::metadata(dir.path()).unwrap().uid() == 0 {
        // Permissions do not bind the superuser; another account does the reading.
        command.uid(65_534).gid(65_534);
    }
    let said = match command.spawn() {
        Ok(child) => Helper::take(child).finish(),
        Err(error) => return eprintln!("skipped: another account cannot run this program here: {error}"),
    };
    open_to_all(dir.path(), 0o700, 0o600);
    assert_eq!(said[..2], ["seq 30", "kinds [ReadOnly]"], "{said:?}");
    assert!(said[2].contains("reading only"), "{}", said[2]);
    assert!(said[2].contains("ermission denied"), "{}", said[2]);
}

/// A small disk of its own, gone with this value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(size: &str) -> Option<Self> {
        let dir = place();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir.path()).output();
        match mount {
            Ok(out) if out.status.success() => Some(Self(dir)),
            Ok(out) => {
                eprintln!("skipped: no small disk can be mounted: {}", String::from_utf8_lossy(&out.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("skipped: no small disk can be mounted: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_with_words_and_works_again_when_there_is_room() {
    let Some(disk) = SmallDisk::new("3m") else { return };
    let dir = disk.0.path().join("store");
    let ballast = disk.0.path().join("ballast");
    let (store, _) = Store::open_with(&dir, SMALL_PLAIN).unwrap();
    store.append(record("a", "first", 1)).unwrap();
    let room = vec![0_u8; 64 << 10];
    let mut filler = fs::File::create(&ballast).unwrap();
    while std::io::Write::write_all(&mut filler, &room).is_ok() {}
    let mut count = 1;
    let trouble = loop {
        match store.append(record("a", "more", count)) {
            Ok(_) => count += 1,
            Err(trouble) => break trouble,
        }
    };
    assert!(trouble.next.contains("Free some space"), "{trouble}");
    assert!(store.append(record("a", "more", 1)).is_err());
    let check = verify(&dir).unwrap();
    assert_eq!((check.holds(), check.entries, check.unfinished), (true, count, 0));
    // A console that starts on the full disk reads everything and says what is wrong, with or without an index.
    let (late, notices) = Store::open_with(&dir, SMALL).unwrap();
    assert_eq!(late.state().seq, count);
    assert!(
        notices.iter().all(|n| matches!(n.kind, NoticeKind::IndexOff | NoticeKind::ReadOnly | NoticeKind::IndexRebuilt)),
        "{notices:?}"
    );
    assert!(late.append(record("a", "more", 1)).is_err());
    drop(late);
    fs::remove_file(&ballast).unwrap();
    drop(filler);
    store.append(record("a", "room again", 1)).unwrap();
    assert!(verify(&dir).unwrap().holds());
    drop(store);
    let (store, _) = Store::open_with(&dir, SMALL).unwrap();
    assert_eq!(store.state().seq, count + 1);
}

#[test]
fn a_disk_that_was_full_from_the_start_gives_an_empty_store_for_reading() {
    let Some(disk) = SmallDisk::new("64k") else { return };
    let mut filler = fs::File::create(disk.0.path().join("ballast")).unwrap();
    while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {}
    let (store, notices) = Store::open_with(&disk.0.path().join("store"), SMALL).unwrap();
    assert_eq!(store.state().seq, 0);
    let told: Vec<_> = notices.iter().map(|n| n.kind).collect();
    eprintln!("{told:?}");
    assert!(store.append(record("a", "b", 1)).is_err());
}

#[test]
fn a_folder_that_others_could_read_is_closed_to_them() {
    let dir = place();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (_, notices) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Permissions]);
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_path_that_is_a_file_is_an_error_that_names_it() {
    let dir = place();
    let path = dir.path().join("file");
    fs::write(&path, b"x").unwrap();
    let Err(error) = Store::open_with(&path, SMALL) else { panic!("it opened") };
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}
