//! Where in our code what lives on the heap was allocated, out of a profile.

use std::collections::BTreeMap;

use serde_json::Value;

/// The rooms whose code is ours.
const OURS: [&str; 6] = ["domain::", "manifest::", "git::", "cluster::", "store::", "engine::"];

/// Tells the places that hold the most: at the moment at which most lived, and at the end.
pub(super) fn tell(profile: &str, most: usize) {
    let profile: Value = serde_json::from_str(profile).unwrap();
    for (what, bytes, blocks) in [("when most lived", "gb", "gbk"), ("at the end", "eb", "ebk")] {
        println!("\n{:>12} {:>9}  {what}", "bytes", "blocks");
        let mut places = BTreeMap::<&str, (u64, u64)>::new();
        for point in profile["pps"].as_array().unwrap() {
            let sum = places.entry(place(&profile, point)).or_default();
            sum.0 += point[bytes].as_u64().unwrap();
            sum.1 += point[blocks].as_u64().unwrap();
        }
        let mut places: Vec<_> = places.into_iter().collect();
        places.sort_by_key(|(_, (bytes, _))| std::cmp::Reverse(*bytes));
        for (place, (bytes, blocks)) in places.into_iter().take(most) {
            println!("{bytes:>12} {blocks:>9}  {place}");
        }
    }
}

/// Returns the innermost function of ours that an allocation was made for, else the innermost one.
fn place<'p>(profile: &'p Value, point: &Value) -> &'p str {
    let frame = |at: &Value| profile["ftbl"][usize::try_from(at.as_u64()?).ok()?].as_str();
    let mut frames: Vec<&str> = point["fs"].as_array().into_iter().flatten().filter_map(frame).collect();
    // An address, a colon and a blank stand before the name.
    for frame in &mut frames {
        *frame = frame.split_once(": ").map_or(*frame, |(_, name)| name);
    }
    let ours = frames.iter().find(|name| OURS.iter().any(|room| name.trim_start_matches('<').starts_with(room)));
    ours.or(frames.first()).copied().unwrap_or("nobody knows where")
}
