//! Anything at all: random sizes and random keys over the fleet, by a seed that is printed. No panic, no row that is too long or
//! too short, no half of a wide character.
//!
//! `QUARTERDECK_RANDOM=100000` presses so many keys and takes a tenth as many sizes; without it a few thousand are pressed.

use ratatui::layout::Size;

use super::Msg;
use crate::fixture::{Rolls, Stage};
use crate::words::Language;

/// Returns how many keys are pressed, and by which seed.
fn asked() -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (number("QUARTERDECK_RANDOM").and_then(|n| usize::try_from(n).ok()).unwrap_or(3000), number("QUARTERDECK_SEED").unwrap_or(20))
}

fn walk(language: Language, keys: usize, seed: u64) {
    let mut rolls = Rolls::new(seed);
    let mut stage = Stage::new(80, 24, language);
    let mut done: Vec<String> = Vec::new();
    for step in 0..keys {
        if step % 10 == 9 {
            // Mostly sizes that people have, now and then one that nobody has.
            let (wide, high) = match rolls.below(4) {
                0 => (rolls.below(12), rolls.below(8)),
                1 => (rolls.below(60), rolls.below(20)),
                2 => (60 + rolls.below(100), 16 + rolls.below(40)),
                _ => (rolls.below(320), rolls.below(100)),
            };
            let size = |n: usize| u16::try_from(n + 1).unwrap_or(1);
            stage.msg(Msg::Resize(size(wide), size(high)));
            done.push(format!("{}×{}", wide + 1, high + 1));
        } else {
            let pressed = stage.roll(&mut rolls);
            done.push(pressed);
        }
        if step % 400 == 399 {
            // A fresh start now and then, so that no dead end swallows the rest.
            let Size { width, height } = stage.session.size();
            stage = Stage::new(width, height, language);
            done.clear();
        }
        stage.acts.clear();
        let what =
            || format!("seed {seed}, {} step {step}: {}", language.tag(), done[done.len().saturating_sub(30)..].join(", "));
        let drawn = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| stage.buffer()));
        match drawn {
            Ok(buf) => assert_eq!(crate::shell::fault(&buf), None, "{}", what()),
            Err(panic) => {
                println!("{}", what());
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn random_keys_and_sizes_break_nothing() {
    let (keys, seed) = asked();
    println!("{keys} keys, seed {seed}");
    for language in Language::ALL {
        walk(language, keys / 2, seed);
    }
}
