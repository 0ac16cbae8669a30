//! `create`, and `edit --set`: the fields of the console's forms as options, one subcommand for each form.
//!
//! The value of a Secret is never an argument: it comes from a variable, a file or standard input.

mod folder;

use std::io::{self, Read as _};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};
use domain::Trouble;
use domain::berth::{self, Berth};
use domain::compose::{FORMS, Fault, Field, Form, Values, Yaml, masked};
use domain::flux::{Kind, ObjectKey};
use domain::orders::{self, Fleet, Order, Terms as _};
use domain::query::{Answer, Query};
use domain::world::World;
use serde_json::Value;

use super::edit::in_git::{Way, put};
use super::{Format, ask, output};
use crate::launch::{self, Deck};
use crate::terminal;

/// How values that are YAML are read and written.
const YAML: Yaml = Yaml { read: manifest::yaml::value_of, write: manifest::yaml::text_of };

/// Creates an object.
#[derive(Debug, Args)]
#[command(
    after_long_help = "What is created is checked here, then tried by the server, and only then made. What exists is never touched.\n\
    Where credentials are given, a Secret is created along with the object.\n\
    With --git it is written into the folder of an environment whose Kustomization brings about the objects of its namespace: reviewed, \
    committed, pushed and followed as a deployment; a Secret is made in the cluster, its values do not go into Git. With \
    --git=PROJECT:PATH it goes into any other folder of a project's repository, on its default branch, such as a fleet's.\n\nExamples:\n  \
    quarterdeck create gitrepository shop --url https://git.example/shop --branch main --username bot --password-from env:TOKEN\n  \
    quarterdeck create kustomization shop --source GitRepository/shop --path ./k8s --depends-on database\n  \
    quarterdeck create gitrepository shop -n apps --url https://git.example/shop --git=platform/prod --follow\n  \
    quarterdeck create kustomization shop --source GitRepository/shop --git=platform:clusters/prod\n  \
    quarterdeck create helmrelease redis --chart redis --chart-source HelmRepository/charts --values-from file:values.yaml --dry-run\n\n\
    JSON: object, said; with --dry-run the objects, Secrets masked."
)]
pub(crate) struct Create {
    #[command(subcommand)]
    what: What,
}

/// Holds what was said of an object.
#[derive(Debug)]
struct What {
    form: &'static Form,
    pairs: Vec<(&'static Field, Said)>,
    place: Place,
    dry_run: bool,
    yes: bool,
}

/// Where it is written.
#[derive(Debug, Default)]
struct Place {
    /// In Git: in the folder of an environment, of the only one that there is when it is empty, or in another folder of a project.
    git: Option<String>,
    /// In the cluster only.
    cluster: bool,
    message: Option<String>,
    follow: Option<String>,
}

/// A value, or where it is.
#[derive(Debug, Clone)]
enum Said {
    Value(String),
    From(String),
}

/// Returns what the option of a field is called.
fn flag(field: &Field) -> &'static str {
    field.id.trim_start_matches("oci-").trim_start_matches("helm-")
}

/// Tells whether a field's value comes from elsewhere.
const fn from_elsewhere(field: &Field) -> bool {
    field.hidden || field.long
}

fn option(field: &'static Field) -> Arg {
    let arg = Arg::new(field.id);
    if field.id == "name" {
        return arg.required(true).value_name("NAME").help(help(field));
    }
    if from_elsewhere(field) {
        // The command line wants names that stay; this is made once, as long as the process lives.
        let name: &'static str = Box::leak(format!("{}-from", flag(field)).into_boxed_str());
        return arg.long(name).value_name("PLACE").help(format!("{} From env:NAME, file:PATH or - (standard input)", field.help));
    }
    let arg = arg.long(flag(field)).help(help(field)).hide_default_value(field.default.is_empty());
    let arg = if field.id == "namespace" { arg.short('n') } else { arg };
    let arg = if field.default.is_empty() { arg } else { arg.default_value(field.default) };
    if field.is_switch() {
        return arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_parser(["true", "false"]);
    }
    if field.options.is_empty() { arg.allow_hyphen_values(true) } else { arg.value_parser(field.options.to_vec()) }
}

fn help(field: &Field) -> String {
    field.help.trim_end_matches('.').to_owned()
}

/// Returns the subcommand of a form.
fn subcommand(form: &'static Form) -> Command {
    let known = Kind::by_name(form.kind);
    let dry = Arg::new("dry-run")
        .long("dry-run")
        .action(ArgAction::SetTrue)
        .help("Only shows what would be created, and lets the server try it");
    let yes = Arg::new("yes").short('y').long("yes").action(ArgAction::SetTrue).help("Answers the question");
    let set =
        Arg::new("set").long("set").value_name("FIELD=VALUE").action(ArgAction::Append).help("Sets a field by its option's name");
    Command::new(form.word)
        .visible_aliases(known.map_or(&[][..], |kind| kind.aliases).iter().copied())
        .alias(form.kind)
        .about(format!("Creates {} {}", if form.kind.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" }, form.kind))
        .args(form.all().map(option))
        .args([set, dry, yes])
        .args(places())
}

/// Returns the options that say where it is written.
fn places() -> [Arg; 4] {
    let in_git = |arg: Arg| arg.conflicts_with("cluster").requires("git");
    [
        Arg::new("git")
            .long("git")
            .value_name("PROJECT/ENVIRONMENT|PROJECT:PATH")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("")
            .conflicts_with("cluster")
            .help("Writes it into the folder of an environment in Git, or into another one: committed, pushed and followed; a Secret is made in the cluster"),
        Arg::new("cluster").long("cluster").action(ArgAction::SetTrue).help("Creates it in the cluster only, and asks nothing about Git"),
        in_git(Arg::new("message"))
            .short('m')
            .long("message")
            .value_name("MESSAGE")
            .help("The commit message; proposed from the change when absent"),
        in_git(Arg::new("follow"))
            .long("follow")
            .value_name("DURATION")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("15m")
            .help("Follows the deployment for at most so long, for example 5m"),
    ]
}

impl Place {
    /// Returns the folder that belongs to no environment, when one is named.
    fn folder(&self) -> Result<Option<Fleet>, Trouble> {
        self.git.as_deref().filter(|text| text.contains(':')).map(str::parse).transpose()
    }

    fn of(matches: &ArgMatches) -> Self {
        let text = |id: &str| matches.get_one::<String>(id).cloned();
        Self { git: text("git"), cluster: matches.get_flag("cluster"), message: text("message"), follow: text("follow") }
    }
}

impl Subcommand for What {
    fn augment_subcommands(command: Command) -> Command {
        command.subcommands(FORMS.iter().map(|form| subcommand(form))).subcommand_required(true).arg_required_else_help(true)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Form::by_word(name).is_some()
    }
}

impl FromArgMatches for What {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let (word, matches) = matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        let form = Form::by_word(word).ok_or_else(|| Error::new(ErrorKind::InvalidSubcommand))?;
        let mut pairs = Vec::new();
        for field in form.all() {
            if matches.value_source(field.id) != Some(ValueSource::CommandLine) {
                continue;
            }
            let Some(value) = matches.get_one::<String>(field.id).cloned() else { continue };
            pairs.push((field, if from_elsewhere(field) { Said::From(value) } else { Said::Value(value) }));
        }
        for text in matches.get_many::<String>("set").into_iter().flatten() {
            pairs.push(pair(form, text).map_err(|trouble| Error::raw(ErrorKind::ValueValidation, format!("{trouble}\n")))?);
        }
        let place = Place::of(matches);
        Ok(Self { form, pairs, place, dry_run: matches.get_flag("dry-run"), yes: matches.get_flag("yes") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads `field=value`.
fn pair(form: &'static Form, text: &str) -> Result<(&'static Field, Said), Trouble> {
    let wrong = |why: String| {
        let names: Vec<String> =
            form.all().map(|f| if from_elsewhere(f) { format!("{}-from", flag(f)) } else { flag(f).to_owned() }).collect();
        Trouble::usage("That sets no field", format!("\u{201c}{}\u{201d}", text.split('=').next().unwrap_or_default()))
            .why(why)
            .next(format!("Write FIELD=VALUE with one of: {}.", names.join(", ")))
    };
    let (name, value) = text.split_once('=').ok_or_else(|| wrong("it has no =".to_owned()))?;
    let elsewhere = name.strip_suffix("-from");
    let found = form.all().find(|f| {
        let bare = if from_elsewhere(f) { elsewhere } else { Some(name) };
        bare.is_some_and(|bare| flag(f) == bare || f.id == bare)
    });
    let field = found.ok_or_else(|| wrong(format!("a {} has no such field here", form.kind)))?;
    let value = value.to_owned();
    Ok((field, if from_elsewhere(field) { Said::From(value) } else { Said::Value(value) }))
}

/// Reads a value from where it is.
fn fetched(field: &Field, said: &Said) -> Result<String, Trouble> {
    let place = match said {
        Said::Value(value) => return Ok(value.clone()),
        Said::From(place) => place,
    };
    let failed = |why: String| {
        Trouble::usage("That value could not be read", format!("--{}-from {place}", flag(field)))
            .why(why)
            .next("Name it as env:NAME, file:PATH or -.")
    };
    if place == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
        return Ok(text);
    }
    match place.split_once(':') {
        Some(("env", name)) => launch::variable(name).ok_or_else(|| failed(format!("there is no variable {name}"))),
        Some(("file", path)) => std::fs::read_to_string(path).map_err(|e| failed(e.to_string())),
        // Whatever it is, it is not repeated: it may be the value itself.
        _ => Err(Trouble::usage("That names no place of a value", format!("--{}-from", flag(field)))
            .next("Name it as env:NAME, file:PATH or -.")),
    }
}

/// Puts what was said into the fields; choices that were left open follow from what was said.
fn fill(form: &Form, values: &mut Values, pairs: &[(&'static Field, Said)]) -> Result<(), Trouble> {
    for (field, said) in pairs {
        values.set(field.id, fetched(field, said)?);
    }
    for gate in form.all().filter(|gate| !gate.options.is_empty() && !pairs.iter().any(|(f, _)| f.id == gate.id)) {
        let asked =
            |word: &str| pairs.iter().all(|(f, _)| f.when.is_none_or(|(id, words)| id != gate.id || words.contains(&word)));
        let now = values.get(gate.id).to_owned();
        if let Some(word) = gate.options.iter().find(|word| asked(word)).filter(|_| !asked(&now)) {
            values.set(gate.id, *word);
        }
    }
    for (field, _) in pairs {
        if let Some((gate, words)) = field.when.filter(|_| !form.shows(field, values)) {
            let why = format!("it goes with --{gate} {}, which is {}", words.join(" or "), values.get(gate));
            return Err(Trouble::usage("These options do not go together", format!("--{}", flag(field)))
                .why(why)
                .next("Leave one out."));
        }
    }
    Ok(())
}

/// Returns faults as a trouble that names the options.
fn refused(form: &Form, object: &str, faults: &[Fault]) -> Trouble {
    let named = |fault: &Fault| {
        let field = form.field(fault.field);
        let suffix = if field.is_some_and(from_elsewhere) { "-from" } else { "" };
        format!("--{}{suffix}: {}", field.map_or(fault.field, flag), fault.words())
    };
    let all: Vec<String> = faults.iter().map(named).collect();
    Trouble::usage("That cannot be written", object).why(all.join("; ")).next("Mend what is named.")
}

/// Creates an object, with the Secret that it needs.
pub(crate) async fn run(deck: &Deck, format: Format, create: Create) -> Result<(), Trouble> {
    let What { form, pairs, place, dry_run, yes } = create.what;
    let context = deck.context()?;
    let mut values = form.defaults();
    fill(form, &mut values, &pairs)?;
    let named = format!("{}/{}/{}", form.kind, values.get("namespace"), values.get("name"));
    let objects = form.compose(&values, YAML).map_err(|faults| refused(form, &named, &faults))?;
    let order = orders::Create::of(&context, &objects);
    let blame = |trouble: Trouble| match form.blamed(&trouble.why, &values) {
        Some(field) => Trouble { why: format!("--{}: {}", flag(field), trouble.why), ..trouble },
        None => trouble,
    };
    if let Some(fleet) = place.folder()? {
        deck.ask(Query::Rehearse(order.clone())).await.map_err(blame)?;
        return folder::write(deck, format, (order, fleet), &place, (yes, dry_run)).await;
    }
    if let Some(berth) = in_git(deck, &order, &place, yes || dry_run).await? {
        deck.ask(Query::Rehearse(order.clone())).await.map_err(blame)?;
        let way = Way { message: place.message.as_deref(), wait: place.follow.as_deref(), yes, dry_run };
        return write(deck, format, (order, &berth), way).await;
    }
    if dry_run {
        deck.ask(Query::Rehearse(order)).await.map_err(blame)?;
        show(format, &objects);
        return Ok(());
    }
    let object = order.object();
    let outcome = ask::give(deck, Order::Create(order), yes).await.map_err(blame)?;
    output::Done::new(&object, outcome.said).show(format)
}

/// Decides where it is written: into the folder of an environment, or in the cluster only.
async fn in_git(deck: &Deck, order: &orders::Create, place: &Place, answered: bool) -> Result<Option<Berth>, Trouble> {
    let person = place.git.is_none() && !place.cluster && !answered && terminal::may_ask();
    let Some(key) = order.objects.last().map(|fresh| fresh.key.clone()).filter(|_| place.git.is_some() || person) else {
        return Ok(None);
    };
    let context = key.context();
    deck.listed(&context, &["Kustomization"]).await?;
    let world = deck.world();
    let all = berth::berths(&world, &context, &key.namespace);
    if person {
        let [berth] = all.as_slice() else { return Ok(None) };
        if &*key.kind == "Secret" {
            return Ok(None);
        }
        output::note(&format!("Git: {} {} {} of {}.", berth.url, berth.branch, berth.path, berth.environment));
        let git = ask::choice("Write it into Git, or create it in the cluster only?", &["cluster", "git"])? == "git";
        return Ok(git.then(|| berth.clone()));
    }
    let wanted = place.git.as_deref().filter(|id| !id.is_empty());
    let mut fits = all.iter().filter(|berth| wanted.is_none_or(|wanted| berth.environment.to_string() == wanted));
    match (fits.next(), fits.next()) {
        (Some(berth), None) => Ok(Some(berth.clone())),
        (Some(_), Some(_)) => {
            let names: Vec<String> = all.iter().map(|berth| berth.environment.to_string()).collect();
            Err(Trouble::usage("Several environments bring about objects of that namespace", &key.namespace)
                .why(names.join(", "))
                .next(format!("Name one: --git={}.", names.first().map_or("", String::as_str))))
        }
        (None, _) => Err(nowhere(&world, &key, wanted)),
    }
}

/// Says why there is no folder for an object.
fn nowhere(world: &World, key: &ObjectKey, wanted: Option<&str>) -> Trouble {
    let strangers = berth::strangers(world, &key.context(), &key.namespace);
    let names: Vec<String> = strangers.iter().map(ToString::to_string).collect();
    let what = match wanted {
        Some(wanted) => Trouble::refused("That environment does not bring about objects of that namespace", wanted),
        None => Trouble::refused("No environment brings about objects of that namespace", &key.namespace),
    };
    match names.as_slice() {
        [] => what.why(format!("no Kustomization applies anything to {} of {}", key.namespace, key.cluster)).next(
            "Create it with --cluster, name a folder (--git=PROJECT:PATH), or add an environment whose folder it belongs to.",
        ),
        names => what.why(format!("{} applies to {}, and no environment has it", names.join(", "), key.namespace)).next(
            "Name the folder (--git=PROJECT:PATH), add an environment with its --kustomization, or create it with --cluster.",
        ),
    }
}

/// Writes an object into Git; the Secret that it needs is made in the cluster.
async fn write(deck: &Deck, format: Format, (order, berth): (orders::Create, &Berth), way: Way<'_>) -> Result<(), Trouble> {
    let mut objects = order.objects;
    let Some(fresh) = objects.pop() else { return Ok(()) };
    let text = serde_json::from_str(fresh.body.text()).map(|object: Value| manifest::yaml::text_of(&object)).unwrap_or_default();
    let asked = deck.ask(Query::Unwritten(berth.environment.clone(), fresh)).await?;
    let Answer::Written(written) = asked else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "written"));
    };
    if !way.dry_run && !objects.is_empty() {
        let outcome = ask::give(deck, Order::Create(orders::Create { objects }), way.yes).await?;
        output::note(&outcome.said);
    }
    put(deck, format, (&written, &text), way).await
}

/// Prints objects, Secrets masked.
fn show(format: Format, objects: &[Value]) {
    let objects: Vec<Value> = objects.iter().map(masked).collect();
    match format {
        Format::Json => output::text(&format!("{}\n", serde_json::to_string_pretty(&objects).unwrap_or_default())),
        Format::Name => objects.iter().for_each(|object| {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            output::line(&format!("{}/{}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name")));
        }),
        Format::Table | Format::Wide | Format::Yaml => {
            let texts: Vec<String> = objects.iter().map(manifest::yaml::text_of).collect();
            output::text(&texts.join("---\n"));
        }
    }
    output::note("The server would take it. Nothing was created: that was asked for.");
}

/// Makes of the text of an object what `--set` says of its fields.
pub(super) fn amended(key: &ObjectKey, text: &str, sets: &[String]) -> Result<Value, Trouble> {
    let form = Form::by_word(&key.kind).ok_or_else(|| {
        let kinds: Vec<&str> = FORMS.iter().map(|form| form.kind).collect();
        Trouble::usage("There is no form for that kind", &key.kind)
            .why(format!("there are forms for {}", kinds.join(", ")))
            .next("Leave --set out and edit it as YAML.")
    })?;
    let object = manifest::yaml::value_of(text)
        .map_err(|why| Trouble::failed("The object cannot be read", key).why(why).next("Edit it as YAML."))?;
    let before = form.read(&object, YAML);
    let pairs: Vec<(&Field, Said)> = sets.iter().map(|text| pair(form, text)).collect::<Result<_, _>>()?;
    let identity = pairs.iter().find(|(field, _)| matches!(field.id, "name" | "namespace"));
    let mut after = before.clone();
    fill(form, &mut after, &pairs)?;
    let made = form.kind != "Secret" && !matches!(after.get("auth"), "" | "none" | "existing");
    if identity.is_some() || made {
        let why = if made { "a Secret is made by itself" } else { "it names the object" };
        return Err(Trouble::usage("That cannot be set on an object that exists", key).why(why).next(if made {
            "Create a Secret, then set auth=existing and secret=NAME."
        } else {
            "Create another object."
        }));
    }
    form.amend(&object, &before, &after, YAML).map_err(|faults| refused(form, &key.to_string(), &faults))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    fn read(words: &[&str]) -> Result<(&'static Form, Values), String> {
        let command = What::augment_subcommands(Command::new("create"));
        let matches = command.try_get_matches_from(["create"].iter().chain(words)).map_err(|e| e.to_string())?;
        let what = What::from_arg_matches(&matches).map_err(|e| e.to_string())?;
        let mut values = what.form.defaults();
        fill(what.form, &mut values, &what.pairs).map_err(|e| e.to_string())?;
        Ok((what.form, values))
    }

    #[test]
    fn the_options_are_the_forms() {
        What::augment_subcommands(Command::new("create")).debug_assert();
        let (form, values) = read(&["git", "shop", "--url", "https://h/shop", "--tag", "v1", "-n", "apps"]).unwrap();
        let got = ["name", "namespace", "url", "ref", "tag", "interval"].map(|id| values.get(id));
        assert_eq!((form.kind, got), ("GitRepository", ["shop", "apps", "https://h/shop", "tag", "v1", "1m"]));
        let (_, values) = read(&["ks", "shop", "--wait", "--prune=false", "--set", "path=./x"]).unwrap();
        assert_eq!(["wait", "prune", "path"].map(|id| values.get(id)), ["true", "false", "./x"]);
    }

    #[test]
    fn credentials_choose_their_sort_and_come_from_elsewhere() {
        let file = std::env::temp_dir().join(format!("quarterdeck-create-{}", std::process::id()));
        std::fs::write(&file, "s3cret\n").unwrap();
        let place = format!("file:{}", file.display());
        let (_, values) = read(&["git", "shop", "--username", "bot", "--password-from", &place]).unwrap();
        assert_eq!(["auth", "username", "password"].map(|id| values.get(id)), ["basic", "bot", "s3cret\n"]);
        let (_, values) = read(&["oci", "shop", "--username", "bot", "--password-from", &place, "--server", "ghcr.io"]).unwrap();
        assert_eq!(values.get("auth"), "registry");
        std::fs::remove_file(&file).unwrap();
        let (_, values) = read(&["git", "shop", "--secret", "old"]).unwrap();
        assert_eq!(values.get("auth"), "existing");
        let why = read(&["git", "shop", "--password-from", "hunter2"]).unwrap_err();
        assert!(why.contains("env:NAME") && !why.contains("hunter2"), "{why}");
        let why = read(&["git", "shop", "--tag", "v1", "--commit", "abc"]).unwrap_err();
        assert!(why.contains("do not go together"), "{why}");
        assert!(read(&["git", "shop", "--password", "x"]).is_err() && read(&["git", "shop", "--set", "password=x"]).is_err());
    }
}
