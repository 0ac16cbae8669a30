//! What the documents say about the command line is true: every command in them parses, every command has a row in the table of
//! commands, and a row names no option that its command has not.
#![expect(clippy::expect_used, reason = "a test that cannot read the documents fails by failing")]

use std::fs;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser as _};

use super::Cli;

/// Returns every document with its name.
fn documents() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    for folder in ["docs", "assets/examples"] {
        let found = fs::read_dir(root.join(folder)).expect("a folder of documents");
        files.extend(found.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    }
    files.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below the root").display().to_string();
        (name, fs::read_to_string(&path).expect("text"))
    };
    files.into_iter().map(read).collect()
}

/// Returns the words of a command line as a shell takes them, up to where another command, a file or a comment begins.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut begun, mut quote) = (String::new(), false, None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (_, '\\') => word.extend(letters.next()),
            (None, ' ') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (None, '|' | '<' | '>' | ';' | '&') => break,
            (None, '#') if !begun => break,
            _ => {
                word.push(letter);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// Returns the command lines of this program that stand in a document, with the number of their line: those of blocks, and those in
/// a line of text that begin with the program's name.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut block = false;
    let mut going: Option<(usize, String)> = None;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            block = !block;
            continue;
        }
        if let Some((begun, before)) = going.take() {
            let whole = format!("{before} {}", line.trim());
            going = keep(&mut found, begun, &whole);
        } else if block {
            let typed = line.trim_start().trim_start_matches("$ ");
            if typed.starts_with("quarterdeck") {
                going = keep(&mut found, at + 1, typed);
            }
        } else {
            let spans = line.split('`').skip(1).step_by(2).filter(|span| span.starts_with("quarterdeck"));
            found.extend(spans.map(|span| (at + 1, span.to_owned())));
        }
    }
    found
}

/// Keeps a line that is whole, and returns one that goes on.
fn keep(found: &mut Vec<(usize, String)>, at: usize, line: &str) -> Option<(usize, String)> {
    if let Some(half) = line.strip_suffix('\\') {
        return Some((at, half.trim_end().to_owned()));
    }
    found.push((at, line.to_owned()));
    None
}

#[test]
fn every_command_line_in_the_documents_parses() {
    let mut faults = Vec::new();
    let mut count = 0;
    for (name, text) in documents() {
        for (at, line) in commands(&text) {
            count += 1;
            // What may be left out is said in brackets.
            let line = line.replace(['[', ']'], "").replace('…', "");
            if let Err(error) = Cli::try_parse_from(words(&line)) {
                let why = error.to_string();
                faults.push(format!("{name}:{at}: {line}\n    {}", why.lines().next().unwrap_or_default()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    assert!(count > 20, "only {count} command lines were found");
}

/// Returns every example of a command and of those below it, and names commands for people that have none.
fn examples(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>, faults: &mut Vec<String>, told: bool) {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with("quarterdeck "));
    let before = found.len();
    found.extend(lines.map(|line| (path.to_owned(), line.to_owned())));
    let told = told || found.len() > before;
    let below: Vec<_> = command.get_subcommands().filter(|below| !below.is_hide_set()).collect();
    if below.is_empty() && !told {
        faults.push(format!("{path} has no example, nor has what it belongs to"));
    }
    for below in below {
        examples(below, &format!("{path} {}", below.get_name()), found, faults, told);
    }
}

#[test]
fn every_command_has_examples_and_they_parse() {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    Cli::command().get_subcommands().for_each(|command| examples(command, command.get_name(), &mut found, &mut faults, false));
    for (path, line) in found {
        if let Err(error) = Cli::try_parse_from(words(&line)) {
            faults.push(format!("{path}: {line}\n    {}", error.to_string().lines().next().unwrap_or_default()));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Returns the command that the first words of a span name, with its path.
fn named<'a>(whole: &'a clap::Command, span: &str) -> Option<&'a clap::Command> {
    let mut words = span.split_whitespace().filter(|word| *word != "quarterdeck");
    let mut found = whole.find_subcommand(words.next()?)?;
    for word in words {
        match found.find_subcommand(word) {
            Some(next) => found = next,
            None => break,
        }
    }
    Some(found)
}

/// Returns the long options that a span names.
fn options(span: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect::<String>();
    let found = span.match_indices("--").map(|(at, _)| name(&span[at + 2..]));
    found.filter(|option| !option.is_empty()).collect()
}

/// Returns every option that a command or one of the commands below it takes.
fn taken(command: &clap::Command, all: &mut Vec<String>) {
    all.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned));
    command.get_subcommands().for_each(|below| taken(below, all));
}

#[test]
fn the_table_of_commands_is_whole_and_names_only_options_that_there_are() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/commands.md")).expect("the table of commands");
    let mut whole = Cli::command();
    whole.build();
    let mut global = Vec::new();
    global.extend(whole.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned));
    let mut missing: Vec<&str> =
        whole.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help").map(clap::Command::get_name).collect();
    let mut faults = Vec::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
        let (mut options_there, mut any) = (global.clone(), false);
        for span in cell.split('`').skip(1).step_by(2) {
            for word in span.split(['|', ' ']).filter(|word| !word.is_empty()) {
                missing.retain(|name| *name != word.trim_matches(['[', ']']));
            }
            if let Some(command) = named(&whole, span) {
                any = true;
                taken(command, &mut options_there);
            }
        }
        if !any {
            continue;
        }
        let told = options(row).into_iter().filter(|option| !options_there.contains(option));
        faults.extend(told.map(|option| format!("--{option} is no option: {cell}")));
    }
    faults.extend(missing.into_iter().map(|name| format!("{name} has no row in docs/commands.md")));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn words_are_those_of_a_shell() {
    assert_eq!(words("quarterdeck set . -m \"two words\" > file"), ["quarterdeck", "set", ".", "-m", "two words"]);
    assert_eq!(words("quarterdeck lint . --strict   # a remark"), ["quarterdeck", "lint", ".", "--strict"]);
    assert_eq!(
        words("quarterdeck get ks --filter 'age>2h ns=apps' | head"),
        ["quarterdeck", "get", "ks", "--filter", "age>2h ns=apps"]
    );
}

/// Commands that print no JSON of their own.
const PLAIN: [&str; 6] = ["demo", "completions", "man", "schema", "config init", "config path"];

/// Returns the paths of all commands that do something: those that have none below them, and those that do without one.
fn leaves(command: &clap::Command, path: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        let path = path.trim();
        if below.get_subcommands().next().is_none() || !below.is_subcommand_required_set() {
            found.push(path.to_owned());
        }
        leaves(below, path, found);
    }
}

#[test]
fn what_every_command_prints_as_json_has_a_schema() {
    let text = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/schema/output.json"));
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text.expect("the schemas")).expect("schemas as JSON");
    let named: Vec<String> = all
        .iter()
        .filter(|(name, _)| !name.starts_with('$'))
        .flat_map(|(_, schema)| {
            schema["$comment"].as_str().unwrap_or_default().split(", ").map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let mut found = Vec::new();
    leaves(&Cli::command(), "", &mut found);
    // What a command prints, those below it may print as well.
    let above = |path: &str| path.rsplit_once(' ').is_some_and(|(above, _)| named.iter().any(|name| name == above));
    let known = |path: &str| named.iter().any(|name| name == path) || above(path) || PLAIN.contains(&path);
    let without: Vec<&String> = found.iter().filter(|path| !known(path)).collect();
    assert!(without.is_empty(), "no schema names {without:?}");
    let there = |name: &str| {
        found.iter().any(|path| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    };
    let unknown: Vec<&String> = named.iter().filter(|name| !there(name)).collect();
    assert!(unknown.is_empty(), "there is no such command: {unknown:?}");
    assert!(found.len() > 40, "{found:?}");
}
