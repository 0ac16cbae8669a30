//! The properties of an edit over manifests written in any style: one random writer, three properties.
//!
//! The writer draws indentation, order of keys, quoting, flow and block style, comments, blank lines, other documents, line
//! ends and a byte order mark from a seed; a failing seed is printed. The independent reader is `serde_yaml`.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::fmt::{self, Write as _};

use domain::edit::{Bound, Edit, Field, Resource};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::apply;
use crate::files::Files;

/// Draws numbers (SplitMix64), so that a seed gives the same text wherever it runs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap()]
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, usize::try_from(self.roll(at as u64 + 1)).unwrap());
        }
    }
}

/// Writes a value in a style of its own.
struct Writer {
    dice: Dice,
    width: usize,
    /// Whether dashes stand deeper than the key of their list.
    deeper: bool,
    out: String,
}

const COMMENTS: [&str; 5] = ["# 注释: 这里", "#", "# - not: an item", "# image: x:0 'quoted' \"too\"", "#!tab\there"];

impl Writer {
    fn put(&mut self, text: fmt::Arguments<'_>) {
        self.out.write_fmt(text).unwrap();
    }

    fn comment(&mut self, indent: usize) {
        if self.dice.one_in(5) {
            let at = if self.dice.one_in(3) { 0 } else { indent };
            let comment = self.dice.pick(&COMMENTS);
            self.put(format_args!("{}{comment}\n", " ".repeat(at)));
        }
        if self.dice.one_in(8) {
            self.out.push('\n');
        }
    }

    fn tail(&mut self) {
        match self.dice.roll(6) {
            0 => self.out.push_str(" # tail: {x}"),
            1 => self.out.push_str("   "),
            2 => self.out.push_str("\t# 尾"),
            _ => {}
        }
        self.out.push('\n');
    }

    fn key(&mut self, key: &str) {
        let text = match self.dice.roll(12) {
            0 => format!("'{key}':"),
            1 => format!("\"{key}\":"),
            2 => format!("{key} :"),
            _ => format!("{key}:"),
        };
        self.out.push_str(&text);
    }

    fn scalar(&mut self, value: &Value) -> String {
        let Value::String(text) = value else { return value.to_string() };
        match self.dice.roll(3) {
            0 => format!("'{}'", text.replace('\'', "''")),
            1 => Value::String(text.clone()).to_string(),
            _ => crate::yaml::written(text),
        }
    }

    fn flow(&mut self, value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let mut parts: Vec<String> = map.iter().map(|(k, v)| format!("{k}: {}", self.flow(v))).collect();
                self.dice.shuffle(&mut parts);
                let (open, close) = self.dice.pick(&[("{", "}"), ("{ ", " }")]);
                format!("{open}{}{close}", parts.join(", "))
            }
            Value::Array(items) => {
                let parts: Vec<String> = items.iter().map(|v| self.flow(v)).collect();
                format!("[{}]", parts.join(self.dice.pick(&[", ", ","])))
            }
            // In flow style plain scalars have fewer letters; quotes always do.
            Value::String(text) if self.dice.one_in(2) => format!("'{}'", text.replace('\'', "''")),
            Value::String(text) => Value::String(text.clone()).to_string(),
            other => other.to_string(),
        }
    }

    /// Writes the value of a key whose colon stands there already.
    fn value(&mut self, value: &Value, indent: usize) {
        let flow = value.to_string().len() < 120 && self.dice.one_in(4);
        match value {
            Value::Object(map) if !map.is_empty() && !flow => {
                self.tail();
                self.map(value, indent + self.width, true);
            }
            Value::Array(items) if !items.is_empty() && !flow => {
                self.tail();
                let at = if self.deeper { indent + self.width } else { indent };
                for item in items {
                    self.comment(at);
                    self.item(item, at);
                }
            }
            Value::Object(_) | Value::Array(_) => {
                let text = self.flow(value);
                self.put(format_args!(" {text}"));
                self.tail();
            }
            Value::String(text) if text.ends_with('\n') => {
                self.out.push_str(" |\n");
                for line in text.lines() {
                    let pad = if line.is_empty() { String::new() } else { " ".repeat(indent + self.width) };
                    self.put(format_args!("{pad}{line}\n"));
                }
            }
            other => {
                let text = self.scalar(other);
                let gap = self.dice.pick(&[" ", " ", " ", "  ", "\t"]);
                self.put(format_args!("{gap}{text}"));
                self.tail();
            }
        }
    }

    fn item(&mut self, item: &Value, indent: usize) {
        self.out.push_str(&" ".repeat(indent));
        let flow = item.to_string().len() < 120 && self.dice.one_in(4);
        if item.is_object() && !flow {
            let gap = usize::try_from(self.dice.roll(3)).unwrap() + 1;
            self.put(format_args!("-{}", " ".repeat(gap)));
            self.map(item, indent + 1 + gap, false);
        } else {
            let text = self.flow(item);
            self.put(format_args!("- {text}"));
            self.tail();
        }
    }

    fn map(&mut self, value: &Value, indent: usize, mut padded: bool) {
        let mut entries: Vec<(&String, &Value)> = value.as_object().unwrap().iter().collect();
        self.dice.shuffle(&mut entries);
        for (key, value) in entries {
            if padded {
                self.comment(indent);
                self.out.push_str(&" ".repeat(indent));
            }
            padded = true;
            self.key(key);
            self.value(value, indent);
        }
    }
}

fn workload(dice: &mut Dice) -> Value {
    let env = json!([
        {"name": "FIRST", "value": dice.pick(&["a", "true", "1.10", "a: b # c", "值", "x\ny\n", "~", "'"])},
        {"name": "SECOND", "value": dice.pick(&["b", "null", "0x1F", "- y"])},
    ]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web", "tier": "一"}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [
                {"name": "web", "image": "ghcr.io/acme/web:1.0.0", "env": env, "resources": {"limits": {"cpu": "500m", "memory": "64Mi"}}},
                {"name": "side", "image": "envoy", "args": ["--a", "b: c"]},
            ]},
        }},
    })
}

/// Returns a text of several documents, and the one in the middle as a value.
fn manifest(seed: u64) -> (String, Value) {
    let mut dice = Dice(seed);
    let value = workload(&mut dice);
    let (width, deeper) = (dice.pick(&[1, 2, 2, 2, 4]), dice.one_in(2));
    let (bom, crlf, open) = (dice.one_in(6), dice.one_in(4), dice.one_in(6));
    let mut writer = Writer { dice, width, deeper, out: String::new() };
    if bom {
        writer.out.push('\u{feff}');
    }
    writer.out.push_str("# head\n---\nkind: A # 一\napiVersion: v1\nmetadata: {name: a}\n---\n");
    writer.map(&value, 0, true);
    writer.out.push_str(writer.dice.pick(&[
        "---\n# 尾\nkind: B\napiVersion: v1\nmetadata:\n    name: b",
        "...\n# end",
        "# end",
        "---",
    ]));
    let mut out = writer.out;
    if !open {
        out.push('\n');
    }
    if crlf {
        out = out.replace('\n', "\r\n");
    }
    (out, value)
}

/// Holds an edit, the edit that takes it back, and what it means in a value.
struct Case {
    edit: Edit,
    back: Edit,
    change: fn(&mut Value),
}

fn container(value: &mut Value) -> &mut Value {
    &mut value["spec"]["template"]["spec"]["containers"][0]
}

fn cases() -> Vec<Case> {
    let web = |edit: Edit| Edit { container: Some("web".to_owned()), ..edit };
    let cpu = Field::Resource(Bound::Limit, Resource::Cpu);
    let memory = Field::Resource(Bound::Request, Resource::Memory);
    let case = |edit: Edit, back: Edit, change| Case { edit: web(edit), back: web(back), change };
    vec![
        case(Edit::set(Field::ImageTag, "v2"), Edit::set(Field::ImageTag, "1.0.0"), |v| {
            container(v)["image"] = json!("ghcr.io/acme/web:v2");
        }),
        case(Edit::set(Field::Replicas, "5"), Edit::set(Field::Replicas, "2"), |v| v["spec"]["replicas"] = json!(5)),
        case(Edit::set(cpu.clone(), "750m"), Edit::set(cpu, "500m"), |v| {
            container(v)["resources"]["limits"]["cpu"] = json!("750m");
        }),
        case(Edit::set(memory.clone(), "1Gi"), Edit::remove(memory), |v| {
            container(v)["resources"]["requests"] = json!({"memory": "1Gi"});
        }),
        case(Edit::set(Field::Env("NEW".to_owned()), "a: b # c"), Edit::remove(Field::Env("NEW".to_owned())), |v| {
            container(v)["env"].as_array_mut().unwrap().push(json!({"name": "NEW", "value": "a: b # c"}));
        }),
        case(Edit::set(Field::PullPolicy, "Always"), Edit::remove(Field::PullPolicy), |v| {
            container(v)["imagePullPolicy"] = json!("Always");
        }),
    ]
}

fn applied(text: &str, edit: &Edit) -> String {
    let mut files = Files::new();
    files.insert("k/a.yaml", text);
    let applied = apply(&files, "k", None, std::slice::from_ref(edit)).unwrap();
    applied.files.first().map_or_else(|| text.to_owned(), |f| f.after.clone().unwrap())
}

/// Reads the second document independently; nothing when this reader does not take what we wrote.
fn independent(text: &str) -> Option<Value> {
    use serde::Deserialize;
    let text = text.trim_start_matches('\u{feff}');
    let document = serde_yaml::Deserializer::from_str(text).nth(1)?;
    let value = serde_yaml::Value::deserialize(document).ok()?;
    serde_json::to_value(value).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_edit_means_what_it_says_and_touches_nothing_else(seed in any::<u64>(), which in 0..6_usize) {
        let (text, mut value) = manifest(seed);
        let case = cases().swap_remove(which);
        prop_assume!(independent(&text).as_ref() == Some(&value));
        let after = applied(&text, &case.edit);
        (case.change)(&mut value);
        prop_assert_eq!(independent(&after), Some(value), "\n{}\n=>\n{}", text, after);
        let head = text.char_indices().zip(after.chars()).take_while(|((_, a), b)| a == b).last().map_or(0, |((at, c), _)| at + c.len_utf8());
        let tail = text[head..].chars().rev().zip(after[head..].chars().rev()).take_while(|(a, b)| a == b).count();
        let gone: String = text[head..].chars().take(text[head..].chars().count() - tail).collect();
        // An insertion removes nothing but a closing bracket's blank or an empty value; a scalar is at most itself.
        prop_assert!(gone.trim().chars().count() <= 24 && !gone.trim().contains('\n'), "removed {gone:?}\n{text}\n=>\n{after}");
    }

    #[test]
    fn an_edit_taken_back_gives_the_original_bytes(seed in any::<u64>(), which in 0..6_usize) {
        let (text, _) = manifest(seed);
        let case = cases().swap_remove(which);
        prop_assume!(crate::yaml::Tree::parse(&text).is_ok());
        prop_assert_eq!(applied(&applied(&text, &case.edit), &case.back), text);
    }

    #[test]
    fn an_edit_made_twice_is_made_once(seed in any::<u64>(), which in 0..6_usize) {
        let (text, _) = manifest(seed);
        let case = cases().swap_remove(which);
        prop_assume!(crate::yaml::Tree::parse(&text).is_ok());
        let once = applied(&text, &case.edit);
        prop_assert_eq!(applied(&once, &case.edit), once);
    }
}
