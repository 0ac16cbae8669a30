//! `credential`: tokens and keys that this console keeps encrypted. A value is never an argument.

use std::io::{self, IsTerminal, Read};

use clap::{Args, Subcommand, ValueEnum};
use domain::Trouble;
use domain::ident::Slug;
use domain::orders::{DropCredential, KeepCredential};
use domain::private::Private;
use domain::project::Credential;
use domain::redact;
use domain::safe::{Safe as _, Way};
use serde::Serialize;

use super::{Format, ask, output};
use crate::launch::{self, Deck};
use crate::terminal;

/// What to do with sealed credentials.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "A project names one as sealed:NAME, with USER@ in front if the server wants a user name.\n\
    The key that opens them is kept in this account's keyring (Secret Service, by the program secret-tool, which has two seconds), else \
    made of a passphrase, else in a file of its own. QUARTERDECK_PASSPHRASE_FILE names a file that has the passphrase.\n\n\
    Examples:\n  \
    quarterdeck credential add shop-bot\n  \
    quarterdeck project edit shop --credential bot@sealed:shop-bot\n  \
    quarterdeck credential list\n\n\
    JSON of list: key (keyring, passphrase, file), protects, credentials (name, used_by). JSON of add and rm: object, said.")]
pub(crate) enum Verb {
    /// Seals a token or a key under a name, in place of one that is there.
    Add(Add),
    /// Lists the names, and who uses them; opens nothing.
    #[command(visible_alias = "ls")]
    List,
    /// Forgets one.
    #[command(visible_alias = "remove")]
    Rm(Rm),
}

/// A value to seal.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck credential add forge < token.txt\n  \
    quarterdeck credential add deploy-key --from file:~/.ssh/deploy --known-hosts ~/.ssh/known_hosts\n  \
    quarterdeck project edit shop --credential bot@sealed:forge")]
pub(crate) struct Add {
    /// The name: lower-case letters, digits and hyphens.
    name: String,
    /// Where the value is: - (standard input; asked for on a terminal), file:PATH or env:NAME.
    #[arg(long, value_name = "PLACE", default_value = "-")]
    from: String,
    /// The `known_hosts` file whose lines go along with an ssh key.
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<std::path::PathBuf>,
    /// Where the key of all of them is kept, if this is the first; the best way that there is when absent.
    #[arg(long, value_enum, value_name = "WAY")]
    key: Option<Key>,
}

/// Where the key is kept.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Key {
    /// In this account's keyring.
    Keyring,
    /// Nowhere: it is made of a passphrase.
    Passphrase,
    /// In a file that only this account can read.
    File,
}

impl From<Key> for Way {
    fn from(key: Key) -> Self {
        match key {
            Key::Keyring => Self::Keyring,
            Key::Passphrase => Self::Passphrase,
            Key::File => Self::File,
        }
    }
}

/// The one to forget.
#[derive(Debug, Args)]
pub(crate) struct Rm {
    /// The name.
    name: String,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, verb: Verb) -> Result<(), Trouble> {
    match verb {
        Verb::Add(add) => self::add(deck, format, add).await,
        Verb::List => list(deck, format),
        Verb::Rm(rm) => remove(deck, format, rm).await,
    }
}

async fn add(deck: &Deck, format: Format, add: Add) -> Result<(), Trouble> {
    let name = Slug::new(&add.name)?;
    deck.may(&name)?;
    let mut text = value(&add)?;
    redact::know(&text);
    // A token is one line; what has several is a key, whose last line ends as it does in its file.
    if text.trim_end().lines().count() < 2 {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    } else if !text.ends_with('\n') {
        text.push('\n');
    }
    if let Some(path) = &add.known_hosts {
        let hosts = std::fs::read_to_string(path);
        text.push_str(&hosts.map_err(|e| Trouble::usage("The file of host keys cannot be read", path.display()).why(e))?);
    }
    let fresh = deck.safe().content()?.key.is_none();
    let order = KeepCredential { name: name.clone(), value: Private::new(text), way: add.key.map(Way::from) };
    let outcome = ask::give(deck, order.into(), true).await?;
    if fresh {
        output::note(&deck.safe().content()?.protects);
    }
    output::Done::new(name, outcome.said).show(format)
}

/// Reads the value from where it is. Whatever was named instead of a place is not repeated: it may be the value itself.
fn value(add: &Add) -> Result<String, Trouble> {
    let failed = |why: String| {
        let trouble = Trouble::usage("The value could not be read", &add.name).why(why);
        trouble.next("Name it as file:PATH or env:NAME, or give it on standard input.")
    };
    match (add.from.as_str(), add.from.split_once(':')) {
        ("-", _) if io::stdin().is_terminal() => terminal::ask_hidden(&format!("Value of {}: ", add.name)),
        ("-", _) => {
            let mut text = String::new();
            io::stdin().lock().read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
            Ok(text)
        }
        (_, Some(("file", path))) => std::fs::read_to_string(path).map_err(|e| failed(format!("{path}: {e}"))),
        (_, Some(("env", name))) => launch::variable(name).ok_or_else(|| failed(format!("there is no variable {name}"))),
        _ => Err(failed("--from names no place".to_owned())),
    }
}

/// What `credential list -o json` prints.
#[derive(Debug, Serialize)]
struct Listed {
    key: Option<Way>,
    protects: String,
    credentials: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: Slug,
    used_by: Vec<Slug>,
}

fn list(deck: &Deck, format: Format) -> Result<(), Trouble> {
    let content = deck.safe().content()?;
    let line = |name: Slug| Line { used_by: users(deck, &name), name };
    let credentials: Vec<Line> = content.names.into_iter().map(line).collect();
    let mut rows = vec![output::row(["NAME", "USED BY"])];
    rows.extend(credentials.iter().map(|line| {
        let users: Vec<&str> = line.used_by.iter().map(Slug::as_str).collect();
        vec![line.name.to_string(), users.join(", ")]
    }));
    let listed = Listed { key: content.key, protects: content.protects, credentials };
    output::show(format, &listed, &rows)?;
    if matches!(format, Format::Table | Format::Wide) && !listed.protects.is_empty() {
        output::note(&listed.protects);
    }
    Ok(())
}

async fn remove(deck: &Deck, format: Format, rm: Rm) -> Result<(), Trouble> {
    let name = Slug::new(&rm.name)?;
    let order = DropCredential { used_by: users(deck, &name), name: name.clone() };
    let outcome = ask::give(deck, order.into(), rm.yes).await?;
    output::Done::new(name, outcome.said).show(format)
}

/// Returns the projects whose repository is read with it.
fn users(deck: &Deck, name: &Slug) -> Vec<Slug> {
    let uses = |credential: &Credential| matches!(credential, Credential::Sealed { name: other, .. } if other == name);
    deck.world().projects.iter().filter(|p| uses(&p.repository.credential)).map(|p| p.slug.clone()).collect()
}
