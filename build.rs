//! Asks the linker of a release build to keep one copy of functions that are the same: a tenth of the code, and as much of
//! what the running program holds in memory, are the same functions for types of another name.
//!
//! The places that are filled in when it starts are packed too, where the C library reads them so packed.
//!
//! Only the linker that comes with rustc is asked; another one may not know the words.

use std::env;
use std::path::Path;
use std::process::Command;

const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if is("PROFILE", "release") && is("TARGET", TARGET) && !is_chosen() && comes_with_rustc() {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        if knows_short_relocations() {
            println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}

fn is(name: &str, value: &str) -> bool {
    env::var(name).is_ok_and(|v| v == value)
}

/// Tells whether somebody chose a linker or its flavour.
fn is_chosen() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var_os("RUSTC_LINKER").is_some() || flags.contains("link")
}

/// Tells whether rustc brings a linker of its own, which it then uses.
fn comes_with_rustc() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Ok(said) = Command::new(rustc).args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("bin/gcc-ld/ld.lld").is_file()
}

/// Tells whether the C library of this machine, which the program is linked with, is glibc 2.36 or newer.
fn knows_short_relocations() -> bool {
    let Ok(said) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else { return false };
    let said = String::from_utf8_lossy(&said.stdout);
    let Some((major, minor)) = said.trim().strip_prefix("glibc ").and_then(|version| version.split_once('.')) else {
        return false;
    };
    let number = |part: &str| part.split('.').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    (number(major), number(minor)) >= (2, 36)
}
