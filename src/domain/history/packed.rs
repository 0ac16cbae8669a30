//! Many deployments in little room: fixed places for what is short, one text for what is not, and names that many share once.
//!
//! Written out, numbers stand with their lowest byte first and texts behind their length. What is read back may be anything: it is
//! an error or other deployments, never a panic.

use std::collections::HashMap;
use std::sync::Arc;

use super::brief::{Act, Brief, Mark, Stand};
use super::names::Names;
use crate::Time;
use crate::actor::{Actor, Authentication, Role};
use crate::deployment::{Method, StageName, Status};
use crate::ident::{EnvironmentId, Slug};

/// Stands for a moment that is absent.
const NEVER: i64 = i64::MIN;
/// How many pieces of text each has of its own.
const PIECES: usize = 7;
const SHORT: &str = "a shelf of deployments cannot be read";

const STATUSES: [Status; 5] = [Status::Running, Status::Waiting, Status::Succeeded, Status::Failed, Status::Superseded];
const METHODS: [Method; 4] = [Method::Manual, Method::GitopsUi, Method::GitopsGit, Method::Pipeline];
const ACTS: [Act; 3] = [Act::Deploy, Act::Rollback, Act::Revert];
const MARKS: [Mark; 6] = [Mark::Pending, Mark::Running, Mark::Waiting, Mark::Done, Mark::Skipped, Mark::Failed];

/// Names the texts that each has of its own, in the order in which they stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    Id,
    Commit,
    Summary,
    Subject,
    RollsBack,
    Proposed,
    Undoes,
}

/// Holds one deployment. Moments are in milliseconds.
#[derive(Debug)]
pub(super) struct Rec {
    pub(super) requested: i64,
    pub(super) finished: i64,
    pub(super) committed: i64,
    pub(super) healthy: i64,
    pub(super) stand: Stand,
    /// Where its texts begin, and how long each is.
    begin: u32,
    lens: [u16; PIECES],
    environment: u16,
    actor: u16,
    pub(super) branch: u16,
    pub(super) files: u16,
    pub(super) automation: u16,
    pub(super) status: Status,
    pub(super) method: Method,
    pub(super) act: Act,
    pub(super) marks: [Mark; 4],
    pub(super) proposed: bool,
}

/// Holds a shelf of them.
#[derive(Debug)]
pub(super) struct Packed {
    recs: Box<[Rec]>,
    texts: Box<str>,
    environments: Box<[Arc<EnvironmentId>]>,
    actors: Box<[Arc<Actor>]>,
    names: Box<[Arc<str>]>,
}

/// Gives each of what many share its place.
struct Places<T: ?Sized>(Vec<Arc<T>>, HashMap<*const (), u16>);

impl<T: ?Sized> Places<T> {
    fn place(&mut self, value: Arc<T>) -> u16 {
        let next = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        // What is the same is one and the same: names are kept once.
        let place = *self.1.entry(Arc::as_ptr(&value).cast()).or_insert(next);
        if place == next {
            self.0.push(value);
        }
        place
    }
}

impl Packed {
    /// Packs deployments; at most as many as stand on one shelf.
    pub(super) fn of(items: &[Brief], names: &mut Names) -> Self {
        let mut environments = Places(Vec::new(), HashMap::new());
        let mut actors = Places(Vec::new(), HashMap::new());
        let mut shared = Places(Vec::new(), HashMap::new());
        let mut texts = String::new();
        let ms = |time: Option<Time>| time.map_or(NEVER, Time::as_millisecond);
        let mut recs = Vec::with_capacity(items.len());
        for item in items {
            let begin = u32::try_from(texts.len()).unwrap_or(u32::MAX);
            let subject = if item.summary().is_empty() { item.change() } else { "" };
            let undoes = item.undoes();
            let pieces: [&str; PIECES] =
                [item.id(), item.commit(), item.summary(), subject, item.rolls_back(), item.proposed(), &undoes];
            let lens = pieces.map(|piece| {
                let piece = &piece[..piece.floor_char_boundary(usize::from(u16::MAX))];
                texts.push_str(piece);
                u16::try_from(piece.len()).unwrap_or(u16::MAX)
            });
            let mut share = |text: &str| shared.place(names.text(text));
            let (branch, files, automation) = (share(item.branch()), share(&item.files()), share(item.automation()));
            recs.push(Rec {
                requested: item.requested().as_millisecond(),
                finished: ms(item.finished()),
                committed: ms(item.ended(StageName::Commit)),
                healthy: ms(item.ended(StageName::Health)),
                stand: item.stand(),
                begin,
                lens,
                environment: environments.place(names.environment(item.environment())),
                actor: actors.place(names.actor(item.actor())),
                branch,
                files,
                automation,
                status: item.status(),
                method: item.method(),
                act: item.act(),
                marks: StageName::ALL.map(|name| item.mark(name)),
                proposed: item.is_proposed(),
            });
        }
        Self {
            recs: recs.into(),
            texts: texts.into(),
            environments: environments.0.into(),
            actors: actors.0.into(),
            names: shared.0.into(),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.recs.len()
    }

    pub(super) fn rec(&self, at: u32) -> Option<&Rec> {
        self.recs.get(usize::try_from(at).ok()?)
    }

    pub(super) fn piece(&self, at: u32, piece: Piece) -> &str {
        let Some(rec) = self.rec(at) else { return "" };
        let (before, rest) = rec.lens.split_at(piece as usize);
        let begin = before.iter().fold(rec.begin as usize, |sum, len| sum + usize::from(*len));
        let len = rest.first().copied().map_or(0, usize::from);
        self.texts.get(begin..begin + len).unwrap_or_default()
    }

    pub(super) fn text(&self, at: u32, which: impl Fn(&Rec) -> u16) -> &str {
        self.rec(at).and_then(|rec| self.names.get(usize::from(which(rec)))).map_or("", AsRef::as_ref)
    }

    pub(super) fn time(&self, at: u32, which: impl Fn(&Rec) -> i64) -> Option<Time> {
        let ms = self.rec(at).map(which).filter(|ms| *ms != NEVER)?;
        Time::from_millisecond(ms).ok()
    }

    pub(super) fn environment(&self, at: u32) -> &EnvironmentId {
        let place = self.rec(at).map_or(0, |rec| usize::from(rec.environment));
        &self.environments[place.min(self.environments.len().saturating_sub(1))]
    }

    pub(super) fn actor(&self, at: u32) -> &Actor {
        let place = self.rec(at).map_or(0, |rec| usize::from(rec.actor));
        &self.actors[place.min(self.actors.len().saturating_sub(1))]
    }

    /// Writes it out.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        out.u32(self.environments.len());
        for id in &self.environments {
            out.text(id.project.as_str());
            out.text(id.name.as_str());
        }
        out.u32(self.actors.len());
        for actor in &self.actors {
            for text in [&actor.login, &actor.name, &actor.email] {
                out.text(text);
            }
            out.0.extend([actor.by as u8, actor.role as u8]);
        }
        out.u32(self.names.len());
        self.names.iter().for_each(|name| out.text(name));
        out.u32(self.recs.len());
        for rec in &self.recs {
            for ms in [rec.requested, rec.finished, rec.committed, rec.healthy] {
                out.0.extend(ms.to_le_bytes());
            }
            out.0.extend(rec.stand.segment.to_le_bytes());
            out.0.extend(rec.stand.offset.to_le_bytes());
            for len in rec.lens.into_iter().chain([rec.environment, rec.actor, rec.branch, rec.files, rec.automation]) {
                out.0.extend(len.to_le_bytes());
            }
            out.0.extend([rec.status as u8, rec.method as u8, rec.act as u8, u8::from(rec.proposed)]);
            out.0.extend(rec.marks.map(|mark| mark as u8));
        }
        out.text(&self.texts);
        out.0
    }

    /// Reads what was written; everything that it names is there afterwards.
    pub(super) fn read(bytes: &[u8], names: &mut Names) -> Result<Self, &'static str> {
        let mut rest = In(bytes);
        let environments = rest.many(|rest| {
            let slug = |text: &str| Slug::new(text).map_err(|_| SHORT);
            Ok(names.environment(&EnvironmentId::new(slug(rest.text()?)?, slug(rest.text()?)?)))
        })?;
        let actors = rest.many(|rest| {
            let [login, name, email] = [rest.text()?, rest.text()?, rest.text()?].map(str::to_owned);
            let [by, role] = rest.bytes()?;
            let by = match by {
                0 => Authentication::Process,
                1 => Authentication::SshKey,
                2 => Authentication::System,
                3 => Authentication::Commit,
                _ => return Err(SHORT),
            };
            let role = [Role::Viewer, Role::Operator, Role::Admin].get(usize::from(role)).copied().ok_or(SHORT)?;
            Ok(names.actor(&Actor { login, name, email, by, role }))
        })?;
        let shared = rest.many(|rest| Ok(names.text(rest.text()?)))?;
        let mut begin = 0;
        let limits = [environments.len(), actors.len(), shared.len()];
        let recs = rest.many(|rest| {
            let rec = rest.rec(begin, limits)?;
            begin = rec.lens.iter().fold(begin, |sum, len| sum.saturating_add(u32::from(*len)));
            Ok(rec)
        })?;
        let texts: Box<str> = rest.text()?.into();
        let mut at = 0;
        let cut = recs.iter().flat_map(|rec| rec.lens).all(|len| {
            at += usize::from(len);
            texts.is_char_boundary(at)
        });
        if !rest.0.is_empty() || !cut || at != texts.len() {
            return Err(SHORT);
        }
        Ok(Self { recs: recs.into(), texts, environments: environments.into(), actors: actors.into(), names: shared.into() })
    }
}

struct Out(Vec<u8>);

impl Out {
    fn u32(&mut self, value: usize) {
        self.0.extend(u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.u32(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*first)
    }

    fn size(&mut self) -> Result<usize, &'static str> {
        usize::try_from(u32::from_le_bytes(self.bytes()?)).map_err(|_| SHORT)
    }

    fn text(&mut self) -> Result<&'a str, &'static str> {
        let len = self.size()?;
        let (text, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| SHORT)
    }

    fn u16(&mut self) -> Result<u16, &'static str> {
        Ok(u16::from_le_bytes(self.bytes()?))
    }

    fn many<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, &'static str>) -> Result<Vec<T>, &'static str> {
        let count = self.size()?;
        let mut out = Vec::with_capacity(count.min(self.0.len()));
        for _ in 0..count {
            out.push(one(self)?);
        }
        Ok(out)
    }

    fn rec(&mut self, begin: u32, limits: [usize; 3]) -> Result<Rec, &'static str> {
        let mut ms = || Ok::<_, &'static str>(i64::from_le_bytes(self.bytes()?));
        let [requested, finished, committed, healthy] = [ms()?, ms()?, ms()?, ms()?];
        let stand = Stand { segment: u64::from_le_bytes(self.bytes()?), offset: u64::from_le_bytes(self.bytes()?) };
        let mut lens = [0; PIECES];
        for len in &mut lens {
            *len = self.u16()?;
        }
        let mut name = |limit: usize| self.u16().and_then(|at| if usize::from(at) < limit { Ok(at) } else { Err(SHORT) });
        let [environments, actors, names] = limits;
        let (environment, actor) = (name(environments)?, name(actors)?);
        let (branch, files, automation) = (name(names)?, name(names)?, name(names)?);
        let [status, method, act, proposed, marks @ ..] = self.bytes::<8>()?;
        let mark = |at: u8| MARKS.get(usize::from(at)).copied().ok_or(SHORT);
        Ok(Rec {
            requested,
            finished,
            committed,
            healthy,
            stand,
            begin,
            lens,
            environment,
            actor,
            branch,
            files,
            automation,
            status: STATUSES.get(usize::from(status)).copied().ok_or(SHORT)?,
            method: METHODS.get(usize::from(method)).copied().ok_or(SHORT)?,
            act: ACTS.get(usize::from(act)).copied().ok_or(SHORT)?,
            marks: [mark(marks[0])?, mark(marks[1])?, mark(marks[2])?, mark(marks[3])?],
            proposed: proposed != 0,
        })
    }
}
