//! Story 2: an image that cannot be pulled, and one that crashes. The Deployments screen says why.

use super::*;

story!(no_such_image);
fn no_such_image(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    form(&mut console, "development");
    tag(&mut console, "missing-2");
    review(&mut console);
    yes(&mut console);
    let screen = console.until("the failure", ground.patience(), |screen| screen.contains("✗ Health"));
    for part in ["✓ Flux sync", "✓ Apply", "failed", "ImagePullBackOff", "ghcr.io/acme/shop:missing-2"] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
}

story!(crashing_image);
fn crashing_image(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    form(&mut console, "development");
    tag(&mut console, "1.1.0-crash");
    review(&mut console);
    yes(&mut console);
    let screen = console.until("the failure", ground.patience(), |screen| screen.contains("✗ Health"));
    for part in [
        "CrashLoopBackOff",
        "ghcr.io/acme/shop:1.1.0-crash",
        "last log lines",
        "panic: cannot open configuration /etc/app/config.yaml",
    ] {
        assert!(screen.contains(part), "{part} in {screen}");
    }
    // The environment's row says so as well, and `l` opens the log of the run that crashed.
    console.keys("l");
    console.until("the log", SOON, |screen| {
        screen.contains("Log of the run before") && screen.contains("panic: cannot open configuration")
    });
    console.keys(ESC);
    console.see("✗ Health");
    console.keys("2");
    console.see("CrashLoopBackOff");
}
