//! What is written, where it lives, and when it is not: all of it or nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::super::input::refused;
use super::{OVERLAY, OVERLAY_TEXT, Repository, WEB, WEB_TEXT};
use crate::support::mount::Mount;

/// Returns the names in a file's folder that are not the file.
fn beside(repository: &Repository, path: &str) -> Vec<String> {
    let path = repository.path(path);
    let folder = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    folder.map(|e| e.expect("an entry").path()).filter(|p| *p != path).map(|p| p.display().to_string()).collect()
}

#[test]
fn a_file_keeps_its_mode_and_is_another_file_only_when_it_changes() {
    let repository = Repository::new();
    let path = repository.path(OVERLAY);
    fs::set_permissions(&path, Permissions::from_mode(0o604)).expect("our own file");
    repository.set(&["--tag", "1.3.0", "--write"]).ok();
    let about = fs::metadata(&path).expect("the file");
    assert_eq!(about.permissions().mode() & 0o7777, 0o604);
    repository.set(&["--tag", "1.3.0", "--write"]).ok();
    assert_eq!(fs::metadata(&path).expect("the file").ino(), about.ino(), "nothing to change leaves it alone");
    assert_eq!(beside(&repository, OVERLAY), Vec::<String>::new(), "nothing is left beside it");
}

#[test]
fn a_linked_file_is_written_where_it_lives_and_one_outside_is_refused() {
    let repository = Repository::new();
    let outside = tempfile::tempdir().expect("a temporary folder");
    repository.file("shared/dev.yaml", OVERLAY_TEXT);
    fs::remove_file(repository.path(OVERLAY)).expect("our own file");
    repository.link(OVERLAY, "../../../shared/dev.yaml");
    repository.set(&["--tag", "1.3.0", "--write"]).ok();
    assert!(repository.path(OVERLAY).symlink_metadata().expect("the link").is_symlink(), "the link stays");
    assert_eq!(repository.text("shared/dev.yaml"), OVERLAY_TEXT.replace("1.2.0", "1.3.0"));
    let target = outside.path().join("kustomization.yaml");
    fs::write(&target, OVERLAY_TEXT).expect("a file of our own");
    fs::remove_file(repository.path(OVERLAY)).expect("our own link");
    repository.link(OVERLAY, &target.display().to_string());
    refused(repository.set(&["--tag", "1.3.0", "--write"]), 3, &["kustomization.yaml", "out of the repository"]);
    assert_eq!(fs::read_to_string(&target).expect("the file"), OVERLAY_TEXT);
}

#[test]
fn a_file_for_reading_only_is_told_and_the_others_stay_as_they_were() {
    let repository = Repository::new();
    fs::set_permissions(repository.path(WEB), Permissions::from_mode(0o444)).expect("our own file");
    let refusal = repository.run(&["set", "k8s/base", "--tag", "2", "--write"]);
    assert!(refusal.err.contains("reading only") && refusal.err.contains("web.yaml") && refusal.err.contains("chmod"));
    refusal.failed(1);
    assert_eq!(repository.text(WEB), WEB_TEXT);
    repository.run(&["set", "k8s/base", "--tag", "2"]).ok();
    fs::set_permissions(repository.path(WEB), Permissions::from_mode(0o644)).expect("our own file");
    repository.run(&["set", "k8s/base", "--tag", "2", "--write"]).ok();
}

#[test]
fn on_a_full_disk_the_file_stays_whole() {
    let repository = Repository::new();
    let Some(mount) = Mount::new(&["-t", "tmpfs", "-o", "size=64k", "quarterdeck-test"], &repository.path("small")) else {
        return;
    };
    let long = "# a line of a comment that makes the file longer\n".repeat(200);
    repository.file("small/web.yaml", &format!("{long}{WEB_TEXT}"));
    let before = repository.text("small/web.yaml");
    let mut filler = fs::File::create(mount.path().join("filler")).expect("a file");
    while std::io::Write::write(&mut filler, &[0; 4096]).is_ok_and(|n| n > 0) {}
    let refusal = repository.run(&["set", "small", "--tag", "2", "--write"]);
    assert!(refusal.err.contains("No space left on device") && refusal.err.contains("Free some space"), "{}", refusal.err);
    refusal.failed(1);
    assert_eq!(repository.text("small/web.yaml"), before);
    assert_eq!(beside(&repository, "small/web.yaml").len(), 1, "nothing but the filler is beside it");
    drop(filler);
    fs::remove_file(mount.path().join("filler")).expect("our own file");
    repository.run(&["set", "small", "--tag", "2", "--write"]).ok();
    assert_eq!(repository.text("small/web.yaml"), before.replace("shop:1.0.0", "shop:2"));
}
