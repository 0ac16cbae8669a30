//! Both languages have the same keys, every command and every key that a view names.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn both_languages_say_the_same_things() {
    let of = |language| Words::load(language).keys().into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let (english, chinese) = (of(Language::English), of(Language::Chinese));
    assert!(english.len() > 200, "the file is read");
    assert_eq!(english.symmetric_difference(&chinese).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_and_all_is_said_in_english() {
    for language in Language::ALL {
        assert_eq!(Words::load(language).fault(), None, "{}.toml", language.tag());
    }
    let twice = "[tab]\nflux = \"一\"\nflux = \"二\"\n";
    let words = Words::read(Language::Chinese, twice);
    assert_eq!(words.fault().map(|fault| fault.object.as_str()), Some("zh-CN.toml:3"));
    assert_eq!(words.get("link.live"), "live");
}

#[test]
fn the_same_places_are_filled_in_both() {
    let (english, chinese) = (Words::load(Language::English), Words::load(Language::Chinese));
    let places = |text: &str| {
        text.split('{').skip(1).filter_map(|p| p.split_once('}')).map(|(n, _)| n.to_owned()).collect::<BTreeSet<_>>()
    };
    for key in english.keys() {
        assert_eq!(places(english.get(key)), places(chinese.get(key)), "{key}");
    }
}

#[test]
fn a_place_is_filled_and_a_missing_key_shows_itself() {
    let words = Words::load(Language::English);
    assert_eq!(words.fill("audit.entry", &[("seq", "7")]), "Entry 7 of the journal");
    assert_eq!(words.get("no.such.key"), "no.such.key");
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|s| s != "tests") {
            into.push(path);
        }
    }
}

/// Every key that stands literally in the sources, and every command's id, is in the language files.
#[test]
fn nothing_that_is_said_lacks_its_words() {
    let words = Words::load(Language::English);
    let mut files = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let mut missing = BTreeSet::new();
    let mut found = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (call, prefix) in [
            (".t(\"", ""),
            (".tf(\"", ""),
            ("words.get(\"", ""),
            ("= command(\"", "command."),
            (" command(\"", "command."),
            ("Column { id: \"", "column."),
        ] {
            for part in text.split(call).skip(1) {
                let key = format!("{prefix}{}", part.split('"').next().unwrap());
                found += 1;
                let known = words.find(&key).is_some();
                if !known && !key.contains('{') && key != "no.such.key" {
                    missing.insert(format!("{key} in {}", file.file_name().unwrap().display()));
                }
            }
        }
    }
    assert!(found > 100, "the sources are read");
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn what_other_rooms_say_is_said_in_the_operators_language() {
    let (english, chinese) = (Words::load(Language::English), Words::load(Language::Chinese));
    let sentence = "One commit goes to main and changes k8s/web.yaml, k8s/overlays/production/kustomization.yaml.";
    assert_eq!(english.said(sentence), sentence);
    assert_eq!(chinese.said(sentence), "向 main 提交一次，改动 k8s/web.yaml, k8s/overlays/production/kustomization.yaml。");
    assert_eq!(
        chinese.said("Flux applies it to shop in demo after a manual sync."),
        "手动同步后，Flux 会把它应用到 demo 的 shop。"
    );
    assert_eq!(chinese.said("behind Git"), "落后于 Git");
    for unknown in ["CrashLoopBackOff", "", "One commit goes to main"] {
        assert_eq!(chinese.said(unknown), unknown);
    }
}

#[test]
fn what_the_checks_say_reads_naturally_with_the_names_in_it() {
    let chinese = Words::load(Language::Chinese);
    for (english, expect) in [
        ("container web of Deployment shop has no limit for memory", "Deployment shop 的容器 web 没有内存限制（limit）"),
        (
            "the image of container web of Deployment shop goes back from 1.9 to 1.8 (and 2 more)",
            "Deployment shop 的容器 web 的镜像从 1.9 退回到 1.8（及另外 2 处）",
        ),
        (
            "Deployment shop wants Secret tls, which is not there; did you mean tls-web?",
            "Deployment shop 引用的 Secret tls 不存在；是否想写 tls-web？",
        ),
        ("spec.replicas wants a whole number and gets the string “three”", "spec.replicas 应为整数，实为字符串“three”"),
        (
            "TOKEN of ConfigMap web holds a GitHub token and is written in the clear",
            "ConfigMap web 的 TOKEN 含有GitHub 令牌，且以明文写出",
        ),
        ("there is no field spec.replica; did you mean replicas?", "没有字段 spec.replica；是否想写 replicas？"),
        (
            "Namespace shop is deleted, and everything in it, 3 objects of this folder among it",
            "Namespace shop 将被删除，其中的一切也随之删除，包括此目录的 3 个对象",
        ),
    ] {
        assert_eq!(chinese.said(english), expect);
    }
}

/// Finds the sentences in the sources of the checks: those that are built of a text and those of a text with values in it.
fn sentences() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifest/check/rules"), &mut files);
    let mut found = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for part in text.split("format!(").skip(1) {
            let Some(sentence) = part.trim_start().strip_prefix('"').and_then(|part| part.split('"').next()) else { continue };
            let words =
                sentence.split(' ').filter(|word| word.chars().all(|c| c.is_ascii_lowercase()) && !word.is_empty()).count();
            // Half sentences are parts of others.
            if words >= 2 && (sentence.starts_with('{') || sentence.starts_with("the ")) {
                found.insert(sentence.to_owned());
            }
        }
    }
    found
}

/// Puts something into the places of a sentence.
fn filled_in(sentence: &str) -> String {
    let mut parts = sentence.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        out.push_str(match name {
            "why" if rest.is_empty() => "",
            "why" => "looks like a secret",
            "word" if rest == " probe" => "readiness",
            "word" => "limit",
            "end" => "Kubernetes will refuse it",
            "meant" | "known" => "",
            "how" => "read-only",
            "field" => "hostPID",
            _ => "x",
        });
        out.push_str(rest);
    }
    out.replace("hostPID: x", "hostPID: it sees all processes of its node").replace(&format!("hostPID {}", "of"), "spec of")
}

#[test]
fn every_sentence_of_the_rules_is_known_in_chinese() {
    let chinese = Words::load(Language::Chinese);
    let all = sentences();
    assert!(all.len() > 40, "the sources are read: {}", all.len());
    let unknown: Vec<&String> = all.iter().filter(|sentence| chinese.said(&filled_in(sentence)) == filled_in(sentence)).collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

/// Reads a text as the compiler does: with its escapes, and lines that go on.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('u')) => {
                let code: String = chars.by_ref().skip(2).take_while(|c| *c != '}').collect();
                out.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            ('\\', Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some(_)) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

/// Returns a text in quotes as it is written, when it begins here.
fn quoted(text: &str) -> Option<&str> {
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            '"' if !escaped => return body.get(..at),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// Returns the text that an argument begins with, itself or through `format!`; nothing when it begins with something else.
fn text_at(argument: &str) -> Option<String> {
    let argument = argument.trim_start();
    let argument = argument.strip_prefix("format!(").unwrap_or(argument).trim_start();
    quoted(argument).map(unescaped)
}

/// Returns all texts of a source but those of comments and attributes.
fn texts(source: &str) -> Vec<String> {
    let mut code = String::new();
    let mut within = false;
    for line in source.lines() {
        let start = line.trim_start();
        within |= start.starts_with("#[error(");
        if !within && !start.starts_with("//") && !start.starts_with("#[") {
            code.extend([line, "\n"]);
        }
        within &= !line.trim_end().ends_with(")]");
    }
    let (mut out, mut rest) = (Vec::new(), code.as_str());
    while let Some(at) = rest.find('"') {
        let Some(text) = quoted(&rest[at..]) else { break };
        out.push(unescaped(text));
        rest = &rest[at + text.len() + 2..];
    }
    out
}

/// Returns a sentence with something in its places, when it has words enough of its own to be one.
fn shown(sentence: &str) -> Option<String> {
    let own = sentence.split(' ').filter(|w| !w.contains('{') && w.chars().filter(|c| c.is_alphabetic()).count() > 1);
    let mut parts = sentence.split('{');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        out.extend(["X1", part.split_once('}').map_or(part, |(_, rest)| rest)]);
    }
    (own.count() > 2 && !sentence.ends_with("{}")).then_some(out)
}

/// Everything that is said of what goes wrong, in any room, has its Chinese sentence: what happened, why, and what to do next.
///
/// What is nothing but places, or a word of somebody else's, is left out.
#[test]
fn every_trouble_is_known_in_chinese() {
    let chinese = Words::load(Language::Chinese);
    let mut unknown = BTreeSet::new();
    let mut found = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // What the root's own files say to the console; the subcommands speak English.
    let own = ["config.rs", "editor.rs", "taste.rs"].map(|name| vec![root.join(name)]);
    let rooms = ["cluster", "domain", "engine", "git", "manifest", "safe", "store", "tui"].map(|room| {
        let mut files = Vec::new();
        sources(&root.join(room), &mut files);
        files
    });
    for files in rooms.into_iter().chain(own) {
        for file in files {
            let name = file.to_string_lossy().into_owned();
            if name.contains("tests") || name.contains("fixture") || name.contains("mock") {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            let kinds = ["usage", "refused", "failed", "not_found", "timed_out"].map(|kind| format!("Trouble::{kind}("));
            let calls = kinds.iter().map(String::as_str).chain([".why(", ".next("]);
            let mut said: Vec<String> = calls.flat_map(|call| text.split(call).skip(1).filter_map(text_at)).collect();
            if name.ends_with("/error.rs") && !name.contains("/store/") {
                said.extend(texts(text));
            }
            found += said.len();
            let news = said.iter().filter_map(|sentence| shown(sentence));
            unknown.extend(news.filter(|shown| chinese.said(shown) == *shown).map(|shown| format!("{shown} ({name})")));
        }
    }
    assert!(found > 250, "the sources are read: {found}");
    assert_eq!(unknown, BTreeSet::new());
}

/// What the journal says an order came to, each as the engine writes it.
#[test]
fn the_journal_is_told_in_the_operators_language() {
    let chinese = Words::load(Language::Chinese);
    for (detail, expect) in [
        (
            "1a2b3c4 is on main for shop/production: image 1.8.4 \u{2192} 1.9.0, replicas 3 \u{2192} 6.",
            "1a2b3c4 已进入 main，用于 shop/production：镜像 1.8.4 \u{2192} 1.9.0，副本数 3 \u{2192} 6。",
        ),
        (
            "image tag 1.9.0, env LOG_LEVEL set, cpu limit removed",
            "镜像标签 1.9.0，环境变量 LOG_LEVEL（已设置），CPU 上限 已删除",
        ),
        ("takes back 8fk2qa", "撤销 8fk2qa"),
        ("pushes 1a2b3c4 to main", "推送 1a2b3c4 到 main"),
        ("Apply begins", "应用开始"),
        ("Flux sync: artifact is main@1a2b3c4", "Flux 同步：制品为 main@1a2b3c4"),
        ("succeeded", "成功"),
        ("suspended again", "已再次挂起"),
        (
            "Environment shop/production was edited. Created: Secret/flux-system/shop. Kustomization/flux-system/shop is suspended.",
            "已修改环境 shop/production。已创建：Secret/flux-system/shop。Kustomization/flux-system/shop 已挂起。",
        ),
        (
            "main@1a2b3c4 was applied to shop/production; it is suspended again.",
            "已将 main@1a2b3c4 应用到 shop/production；已再次挂起。",
        ),
        ("back to 8fk2qa: image 1.9.0 \u{2192} 1.8.2", "回到 8fk2qa：镜像 1.9.0 \u{2192} 1.8.2"),
        ("12 objects: suspended.", "12 个对象：已挂起。"),
        ("Kustomization/shop/web was asked to reconcile.", "已请求调和 Kustomization/shop/web。"),
    ] {
        assert_eq!(chinese.acted(detail), expect);
    }
    assert_eq!(Words::load(Language::English).acted("succeeded"), "succeeded");
}

#[test]
fn a_trouble_in_one_line_keeps_the_words_of_the_server_and_those_of_a_commit() {
    let chinese = Words::load(Language::Chinese);
    let refused = "The server refused the push: shop/production on main: remote: hook declined (policy: two reviews). \
                   Nothing was changed and what was wanted is kept; do what the server says, then submit again.";
    let told = chinese.acted(refused);
    assert!(
        told.starts_with("服务器拒绝了推送：shop/production on main：remote: hook declined (policy: two reviews)。"),
        "{told}"
    );
    assert!(told.ends_with("请按服务器所说处理后重新提交。"), "{told}");
    let seen = chinese.acted("1a2b3c4 on main by Ada Byron: port 8080 removed");
    assert!(seen.ends_with("port 8080 removed"), "{seen}");
    for theirs in ["error: image not found", "forbidden: User \"ada\" cannot patch", "set up the port 80 set. Then more"] {
        assert_eq!(chinese.said(theirs), theirs);
    }
}

/// Everything that an order comes to has its Chinese sentence: it is told in a note and stands in the journal.
#[test]
fn every_outcome_is_known_in_chinese() {
    let chinese = Words::load(Language::Chinese);
    let (mut unknown, mut found) = (BTreeSet::new(), 0);
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/orders"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for said in texts(text.split("#[cfg(test)]").next().unwrap()).iter().filter(|said| said.trim_end().ends_with('.')) {
            let Some(shown) = shown(said.trim()) else { continue };
            // What is joined to a sentence begins one of its own, or goes on in the middle of a word's end.
            let own = shown.strip_prefix("X1 ").filter(|rest| rest.starts_with(|c: char| c.is_uppercase())).unwrap_or(&shown);
            let joined = own.match_indices("X1").any(|(at, _)| own[..at].ends_with(|c: char| c.is_lowercase()));
            found += 1;
            if !joined && chinese.acted(own) == own {
                unknown.insert(format!("{shown} ({})", file.display()));
            }
        }
    }
    assert!(found > 40, "the sources are read: {found}");
    assert_eq!(unknown, BTreeSet::new());
}

/// What a field cannot be has its Chinese sentence.
#[test]
fn every_fault_of_a_field_is_known_in_chinese() {
    let chinese = Words::load(Language::Chinese);
    let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain");
    let (mut unknown, mut found) = (BTreeSet::new(), 0);
    for name in ["edit.rs", "check.rs", "image.rs", "ident.rs", "quantity.rs"] {
        let text = std::fs::read_to_string(domain.join(name)).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let calls = ["Some(", "Err(", "then(|| ", "then_some(", "=> ", "ok_or(", "map_err(|_| "];
        let said = calls.iter().flat_map(|call| text.split(call).skip(1).filter_map(text_at));
        for shown in said.filter_map(|said| shown(&said)) {
            found += 1;
            if chinese.said(&shown) == shown {
                unknown.insert(format!("{shown} ({name})"));
            }
        }
    }
    assert!(found > 25, "the sources are read: {found}");
    assert_eq!(unknown, BTreeSet::new());
}

/// What the stages of a deployment say of themselves while it goes on, and what the gate writes down before it acts.
#[test]
fn every_detail_of_a_stage_and_every_intent_is_known_in_chinese() {
    let chinese = Words::load(Language::Chinese);
    let (mut unknown, mut found) = (BTreeSet::new(), 0);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![root.join("engine/gate.rs")];
    sources(&root.join("domain/voyage"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let said = texts(text.split("#[cfg(test)]").next().unwrap());
        // What a trouble tells to do is looked at elsewhere; how a controller's own message begins is its own.
        let ours = |said: &&String| !said.ends_with('.') && *said != "Running health checks";
        for shown in said.iter().filter(ours).filter_map(|said| shown(said)) {
            found += 1;
            if chinese.acted(&shown) == shown && chinese.said(&shown) == shown {
                unknown.insert(format!("{shown} ({})", file.display()));
            }
        }
    }
    assert!(found > 20, "the sources are read: {found}");
    assert_eq!(unknown, BTreeSet::new());
}
