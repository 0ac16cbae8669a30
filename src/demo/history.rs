//! The demo's past: four weeks of deployments as commits in real repositories and as the very records that the engine writes.

use std::path::Path;

use domain::actor::{Actor, Authentication, Role};
use domain::deployment::{Deployment, Method, Stage, StageName, StageState, Status};
use domain::edit::{Edit, Field};
use domain::flux::ObjectKey;
use domain::ident::DeploymentId;
use domain::journal::{Change, Phase, Record};
use domain::project::{Environment, EnvironmentType};
use domain::restore::{Restore, Undone};
use domain::revision::CommitId;
use domain::why;
use domain::workload::PodFault;
use domain::{Time, Trouble};
use git::seed::{Growth, grow, init_bare};
use git::{Author, FileChange};

use super::course::{self, DAYS, Dice, End, Step, Way, tag_of};
use super::fleet::{APPLICATIONS, Application, overlay};

/// The address by which commits of the image automation are known.
pub(super) const AUTOMATION: (&str, &str) = ("fluxcdbot", "fluxcdbot@acme.example");

/// Makes the repositories and returns the records, in order of time. Everything is counted back from `now`.
pub(super) fn past(git: &Path, now: Time) -> Result<Vec<Record>, Trouble> {
    std::fs::create_dir_all(git).map_err(|e| Trouble::failed("Could not make the demo's folder", git.display()).why(e))?;
    // Each in a thread of its own, since somebody waits for the first frame.
    let told: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = APPLICATIONS.iter().map(|application| scope.spawn(|| chronicle(git, application, now))).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    let mut records = Vec::new();
    for told in told {
        records.extend(told.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    }
    // What happened at one moment stays in the order in which it was told.
    records.sort_by_key(|record| record.time);
    Ok(records)
}

/// Makes the repository of an application and returns its records.
fn chronicle(git: &Path, application: &'static Application, now: Time) -> Result<Vec<Record>, Trouble> {
    let path = git.join(format!("{}.git", application.slug));
    init_bare(&path, "main")?;
    grow(&path, |growth| Chronicle::begin((&path, growth), application, now)?.tell(now))
}

/// Returns the people who work here; the first is who began the repositories.
pub(super) fn person(at: usize) -> Actor {
    const PEOPLE: [(&str, &str); 4] =
        [("jonas", "Jonas Frei"), ("mira", "Mira Lind"), ("ada", "Ada Okafor"), ("liwei", "Li Wei")];
    let (login, name) = PEOPLE[at % PEOPLE.len()];
    Actor {
        login: login.to_owned(),
        name: name.to_owned(),
        email: format!("{login}@acme.example"),
        by: Authentication::Process,
        role: Role::Admin,
    }
}

/// Returns somebody as the author of a commit.
pub(super) fn author(actor: &Actor) -> Author {
    Author { name: actor.name.clone(), email: actor.email.clone() }
}

/// Tells what happened to one application.
struct Chronicle<'a, 'r> {
    application: &'static Application,
    growth: &'a mut Growth<'r>,
    dice: Dice,
    records: Vec<Record>,
    told: Vec<Deployment>,
}

impl<'a, 'r> Chronicle<'a, 'r> {
    /// Makes the repository at a path as it was at first, the project and its environments.
    fn begin((path, growth): (&Path, &'a mut Growth<'r>), application: &'static Application, now: Time) -> Result<Self, Trouble> {
        let dice = Dice::of(application.image.1);
        let mut chronicle = Self { application, growth, dice, records: Vec::new(), told: Vec::new() };
        #[expect(clippy::cast_possible_truncation, reason = "a few weeks in seconds")]
        let begun = before(now, (DAYS * 86_400.0) as i64 + 7200);
        let first = application.versions[0];
        let changes: Vec<FileChange> = application
            .files
            .iter()
            .map(|(path, text)| {
                FileChange::write(*path, if text.contains("newTag: ") { tagged(text, first) } else { (*text).to_owned() })
            })
            .collect();
        let founder = person(0);
        for kind in application.environments {
            chronicle.growth.commit(kind.branch(), &changes, ("Begin\n", &author(&founder), begun))?;
        }
        let project = application.project(format!("file://{}", path.display()))?;
        let name = application.slug.to_owned();
        chronicle.order(&founder, ("project.add", name.clone()), begun, String::new(), None);
        let said = format!("Project {name} was added.");
        chronicle.done(&founder, ("project.add", name), begun, said, Change::Project(project));
        for kind in application.environments {
            let environment = application.environment(*kind)?;
            let id = environment.id.to_string();
            chronicle.order(&founder, ("environment.add", id.clone()), begun, String::new(), None);
            let said = format!("Environment {id} was added.");
            chronicle.done(&founder, ("environment.add", id), begun, said, Change::Environment(environment));
        }
        Ok(chronicle)
    }

    fn tell(mut self, now: Time) -> Result<Vec<Record>, Trouble> {
        for step in course::steps(self.application, now) {
            self.step(&step)?;
        }
        Ok(self.records)
    }

    /// Makes the commit of a step and writes down what became of it.
    fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        let environment = self.application.environment(step.kind)?;
        let earlier: Vec<&Deployment> = self.told.iter().filter(|d| d.environment == environment.id).collect();
        let before = earlier.last().map_or(self.application.versions[0], |d| tag_deployed(d)).to_owned();
        let healthy =
            earlier.iter().rev().find(|d| d.status == Status::Succeeded).map(|d| (d.id.clone(), tag_deployed(d).to_owned()));
        let undone = earlier.last().map(|d| (*d).clone());
        let tag = match (&step.way, &healthy) {
            (Way::Rollback, Some((_, tag))) => tag.clone(),
            (Way::Rollback, None) => return Ok(()),
            _ => step.tag.clone(),
        };
        if tag == before {
            return Ok(());
        }
        let id = self.id(step.at);
        let actor = match step.way {
            Way::Automation => committer(AUTOMATION),
            Way::Push => committer_of(&person(usize::try_from(self.dice.between(0, 3)).unwrap_or(0))),
            Way::Form | Way::Rollback => person(usize::try_from(self.dice.between(0, 3)).unwrap_or(0)),
        };
        let restore = match (step.way, healthy, undone) {
            (Way::Rollback, Some((to, _)), Some(bad)) => Some(taken_back(to, &bad)),
            _ => None,
        };
        let mut deployment = self.blank(&environment, step, (id, actor), (&before, &tag));
        deployment.rolls_back = restore.as_ref().and_then(|r| r.undoes.first()).map(|u| u.deployment.clone());
        if let Some(restore) = restore {
            deployment.summary = format!("back to {}: {}", restore.to.as_ref().map_or("", |to| to.short()), deployment.summary);
            deployment.edits.clear();
            deployment.restore = Some(Box::new(restore));
        }
        deployment.message = message(&deployment, self.application.slug, step.way, &tag);
        self.commit(&mut deployment, step, &tag)?;
        self.voyage(deployment, step);
        Ok(())
    }

    fn blank(
        &self,
        environment: &Environment,
        step: &Step,
        (id, actor): (DeploymentId, Actor),
        (before, tag): (&str, &str),
    ) -> Deployment {
        let (container, image) = self.application.image;
        let ours = matches!(step.way, Way::Form | Way::Rollback);
        Deployment {
            id,
            environment: environment.id.clone(),
            method: if ours { Method::GitopsUi } else { Method::GitopsGit },
            actor,
            requested: step.at,
            finished: None,
            status: Status::Running,
            edits: if ours { vec![Edit::set(Field::ImageTag, tag)] } else { Vec::new() },
            workload: ours.then(|| self.application.workload()),
            message: String::new(),
            branch: environment.gitops.branch.clone(),
            files: vec![overlay(step.kind)],
            base: None,
            commit: None,
            reviewed: String::new(),
            summary: format!("image {before} \u{2192} {tag}"),
            expect_images: vec![(container.to_owned(), format!("{image}:{tag}"))],
            expect_replicas: None,
            automation: (step.way == Way::Automation).then(|| "flux-system/beacon".to_owned()),
            rolls_back: None,
            restore: None,
            proposal: None,
            applied: Vec::new(),
            stages: std::array::from_fn(|_| Stage::pending()),
        }
    }

    /// Commits the tag onto the environment's branch.
    fn commit(&mut self, deployment: &mut Deployment, step: &Step, tag: &str) -> Result<(), Trouble> {
        let file = overlay(step.kind);
        let text = tagged(self.application.text(&file), tag);
        deployment.base = self.growth.head(step.kind.branch()).cloned();
        let by = author(&deployment.actor);
        let change = FileChange::write(file, text);
        let id = self.growth.commit(step.kind.branch(), &[change], (&deployment.message, &by, step.at))?;
        deployment.commit = Some(id);
        Ok(())
    }

    /// Writes down how a deployment went through its stages.
    fn voyage(&mut self, mut deployment: Deployment, step: &Step) {
        let commit = deployment.commit.as_ref().map_or("", CommitId::short).to_owned();
        let branch = deployment.branch.clone();
        let actor = deployment.actor.clone();
        let named = (deployment.act(), deployment.environment.to_string());
        let mut at = step.at;
        begin(&mut deployment, StageName::Commit, at, "");
        if deployment.method == Method::GitopsUi {
            let intent = match deployment.restore.as_ref().and_then(|restore| restore.undoes.first()) {
                Some(undone) => format!("takes back {}", undone.deployment.short()),
                None => format!("image tag {}", step.tag),
            };
            self.order(&actor, (named.0, named.1.clone()), at, intent, None);
            let change = Change::Deployment(Box::new(deployment.clone()));
            self.order(&actor, (named.0, named.1.clone()), at, format!("pushes {commit} to {branch}"), Some(change));
            at = self.later(at, 1, 3);
            end(&mut deployment, StageName::Commit, at, &commit);
            let said = format!("{commit} is on {branch} for {}: {}.", deployment.environment, deployment.summary);
            self.done(&actor, named, at, said, Change::Deployment(Box::new(deployment.clone())));
        } else {
            end(&mut deployment, StageName::Commit, at, &commit);
            let by = deployment.automation.as_ref().map_or_else(|| actor.name.clone(), |name| format!("image automation {name}"));
            let subject = deployment.message.lines().next().unwrap_or("");
            let said = format!("{commit} on {branch} by {by}: {subject}");
            let change = Change::Deployment(Box::new(deployment.clone()));
            self.done(&Actor::system(), ("commit.seen", named.1), at, said, change);
        }
        let slow = if step.kind == EnvironmentType::Production { 3 } else { 1 };
        let old = deployment.base.as_ref().map_or("", CommitId::short).to_owned();
        begin(&mut deployment, StageName::Sync, at, &format!("artifact is {branch}@{old}"));
        self.took(&deployment, at, format!("Flux sync: artifact is {branch}@{old}"));
        at = self.later(at, 6, 55 * slow);
        end(&mut deployment, StageName::Sync, at, &format!("{branch}@{commit}"));
        begin(&mut deployment, StageName::Apply, at, "");
        self.took(&deployment, at, "Apply begins".to_owned());
        at = self.later(at, 2, 9);
        end(&mut deployment, StageName::Apply, at, &format!("{branch}@{commit}"));
        begin(&mut deployment, StageName::Health, at, "");
        self.took(&deployment, at, "Health begins".to_owned());
        self.health(&mut deployment, step, at);
        self.told.push(deployment);
    }

    /// Ends a deployment's last stage as its step says.
    fn health(&mut self, deployment: &mut Deployment, step: &Step, at: Time) {
        let pods = match step.kind {
            EnvironmentType::Production => 4,
            EnvironmentType::Staging => 3,
            EnvironmentType::Development | EnvironmentType::Testing => 2,
        };
        let at = if step.end == End::Well { self.later(at, 9, 24 * pods) } else { self.later(at, 50, 190) };
        deployment.finished = Some(at);
        if step.end == End::Well {
            end(deployment, StageName::Health, at, &format!("{pods} ready"));
            deployment.status = Status::Succeeded;
            return self.took(deployment, at, "succeeded".to_owned());
        }
        let trouble = self.trouble(step);
        let said = format!("Health failed: {trouble}");
        let stage = deployment.stage_mut(StageName::Health);
        stage.ended = Some(at);
        stage.state = StageState::Failed { trouble };
        deployment.status = Status::Failed;
        self.took(deployment, at, said);
    }

    /// Explains a failure with the words that the evidence would lead to.
    fn trouble(&mut self, step: &Step) -> Trouble {
        let (container, image) = self.application.image;
        let pod = format!("{}-{:x}", self.application.workload.1, self.dice.next() & 0xf_ffff);
        let image = format!("{image}:{}", step.tag);
        let (reason, message) = match step.end {
            End::Pull => ("ImagePullBackOff", format!("Back-off pulling image \"{image}\": not found")),
            End::Crash | End::Well => ("CrashLoopBackOff", format!("back-off 40s restarting failed container={container}")),
        };
        let fault = PodFault {
            pod: pod.clone(),
            container: container.to_owned(),
            image: image.clone(),
            reason: reason.to_owned(),
            message,
            wants_log: step.end == End::Crash,
        };
        let key = ObjectKey { cluster: "".into(), kind: "Pod".into(), namespace: "".into(), name: pod.as_str().into() };
        let log =
            if step.end == End::Crash { vec!["level=fatal msg=\"cannot open the database\"".to_owned()] } else { Vec::new() };
        why::of_fault(&key, &fault, None).with_log(&key, container, &log).trouble(format!("{pod}/{container} ({image})"))
    }

    fn id(&mut self, at: Time) -> DeploymentId {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let digit = |n: u64| char::from(DIGITS[(n & 31) as usize]);
        let time = at.as_millisecond().unsigned_abs();
        let mut text: String = (0..10).rev().map(|place| digit(time >> (5 * place))).collect();
        text.extend((0..16).map(|_| digit(self.dice.next() >> 7)));
        DeploymentId::new(text)
    }

    fn later(&mut self, at: Time, least: i64, most: i64) -> Time {
        let ms = self.dice.between(least * 1000, most * 1000);
        Time::from_millisecond(at.as_millisecond() + ms).unwrap_or(at)
    }

    fn took(&mut self, deployment: &Deployment, at: Time, said: String) {
        let change = Change::Deployment(Box::new(deployment.clone()));
        self.done(&Actor::system(), ("deployment.step", deployment.environment.to_string()), at, said, change);
    }

    fn order(&mut self, actor: &Actor, what: (&str, String), at: Time, detail: String, change: Option<Change>) {
        self.write(actor, what, at, (Phase::Intent, detail, change));
    }

    fn done(&mut self, actor: &Actor, what: (&str, String), at: Time, detail: String, change: Change) {
        self.write(actor, what, at, (Phase::Done, detail, Some(change)));
    }

    fn write(
        &mut self,
        actor: &Actor,
        (act, object): (&str, String),
        time: Time,
        (phase, detail, change): (Phase, String, Option<Change>),
    ) {
        self.records.push(Record { time, actor: actor.clone(), act: act.to_owned(), object, phase, detail, change });
    }
}

/// Returns an overlay's text with another tag.
pub(super) fn tagged(text: &str, tag: &str) -> String {
    text.replacen(&format!("newTag: {}", tag_of(text)), &format!("newTag: {tag}"), 1)
}

fn tag_deployed(deployment: &Deployment) -> &str {
    deployment.expect_images.first().and_then(|(_, image)| image.rsplit_once(':')).map_or("", |(_, tag)| tag)
}

fn taken_back(to: DeploymentId, bad: &Deployment) -> Restore {
    let undone = bad.commit.clone().map(|commit| Undone {
        deployment: bad.id.clone(),
        summary: bad.summary.clone(),
        by: None,
        commit,
        since: None,
        files: bad.files.clone(),
    });
    Restore { to: Some(to), undoes: undone.into_iter().collect(), ..Restore::default() }
}

fn message(deployment: &Deployment, slug: &str, way: Way, tag: &str) -> String {
    let environment = &deployment.environment.name;
    let subject = match way {
        Way::Form => format!("Deploy {slug} {tag} to {environment}"),
        Way::Push => format!("{slug} {tag} for {environment}"),
        Way::Automation => format!("Update {slug} to {tag}"),
        Way::Rollback => {
            let to = deployment.restore.as_ref().and_then(|restore| restore.to.as_ref()).map_or("", |to| to.short());
            format!("Roll back {slug} {environment} to deployment {to} (image {tag})")
        }
    };
    if !matches!(way, Way::Form | Way::Rollback) {
        return subject;
    }
    let (id, method) = (&deployment.id, deployment.method.word());
    format!("{subject}\n\nDeployment-Id: {id}\nEnvironment: {}\nDeployment-Method: {method}\n", deployment.environment)
}

fn committer((name, email): (&str, &str)) -> Actor {
    Actor {
        login: name.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        by: Authentication::Commit,
        role: Role::Viewer,
    }
}

fn committer_of(person: &Actor) -> Actor {
    Actor { by: Authentication::Commit, role: Role::Viewer, ..person.clone() }
}

fn begin(deployment: &mut Deployment, name: StageName, at: Time, detail: &str) {
    *deployment.stage_mut(name) = Stage { state: StageState::Running, started: Some(at), ended: None, detail: detail.to_owned() };
}

fn end(deployment: &mut Deployment, name: StageName, at: Time, detail: &str) {
    let stage = deployment.stage_mut(name);
    stage.state = StageState::Done;
    stage.ended = Some(at);
    detail.clone_into(&mut stage.detail);
}

/// Returns the moment so many seconds before another.
pub(super) fn before(now: Time, seconds: i64) -> Time {
    Time::from_second(now.as_second() - seconds).unwrap_or(now)
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
