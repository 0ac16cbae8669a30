//! Many audit rows in one value, so that a million of them are looked through between two keys.
//!
//! A block spells each actor, act and object once and names it by its place afterwards; times and places in the journal stand
//! as the distance from the row before. So a filter is asked once for each text of a block and not once for each row, and a
//! block without any text that fits is passed over whole. Numbers are written seven bits to a byte, the lowest first.

use std::collections::HashMap;

use domain::Time;
use domain::journal::Phase;

use crate::index::guard::Fault;
use crate::reader::At;

/// How many rows a block holds at most.
pub(crate) const ROWS: usize = 2048;

const PHASES: [Phase; 4] = [Phase::Intent, Phase::Done, Phase::Failed, Phase::Refused];

/// Holds what the index keeps of an entry, to find it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) seq: u64,
    pub(crate) time: Time,
    pub(crate) actor: String,
    pub(crate) act: String,
    pub(crate) object: String,
    pub(crate) phase: Phase,
    pub(crate) at: At,
}

/// Names one thing that a row says of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The actor's login.
    Actor(&'a str),
    /// The act's word.
    Act(&'a str),
    /// The object.
    Object(&'a str),
    /// At which end of the act.
    Phase(Phase),
    /// When.
    Time(Time),
}

/// Holds rows that were packed.
#[derive(Debug)]
pub(crate) struct Block {
    /// The number of the last of them.
    pub(crate) last: u64,
    /// How many they are.
    pub(crate) count: usize,
    /// What is written of them.
    pub(crate) body: Vec<u8>,
}

/// Gathers rows; whole blocks are packed as soon as they are full, so that a long journal does not stand in memory row by row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    packed: Vec<Block>,
    loose: Vec<Row>,
}

impl Rows {
    /// Takes the next row.
    pub(crate) fn push(&mut self, row: Row) {
        self.loose.push(row);
        if self.loose.len() >= ROWS {
            self.packed.extend(pack(&std::mem::take(&mut self.loose)));
        }
    }

    /// Tells whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.packed.is_empty() && self.loose.is_empty()
    }

    /// Returns all of them in blocks, oldest first.
    pub(crate) fn blocks(self) -> impl Iterator<Item = Block> {
        let last = pack(&self.loose);
        self.packed.into_iter().chain(last)
    }
}

/// Holds one row of a block that was read; its texts are named by their places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed {
    pub(crate) seq: u64,
    pub(crate) time: Time,
    texts: [usize; 3],
    phase: Phase,
    pub(crate) at: At,
}

/// Holds a block that is being read.
pub(crate) struct View<'a> {
    pub(crate) count: usize,
    /// Its actors, acts and objects.
    texts: [Vec<&'a str>; 3],
    rest: Input<'a>,
}

/// Packs rows; nothing when there are none.
pub(crate) fn pack(rows: &[Row]) -> Option<Block> {
    let last = rows.last()?.seq;
    let mut names: [Names<'_>; 3] = Default::default();
    let mut lines = Vec::with_capacity(rows.len() * 12);
    let (mut seq, mut second, mut at) = (0, 0, At { segment: 0, offset: 0 });
    for row in rows {
        let [actors, acts, objects] = &mut names;
        number(&mut lines, row.seq - seq);
        signed(&mut lines, row.time.as_second() - second);
        signed(&mut lines, i64::from(row.time.subsec_nanosecond()));
        for place in [actors.place(&row.actor), acts.place(&row.act), objects.place(&row.object)] {
            number(&mut lines, place);
        }
        lines.push(row.phase as u8);
        number(&mut lines, row.at.segment - at.segment);
        let before = if row.at.segment == at.segment { at.offset } else { 0 };
        number(&mut lines, row.at.offset - before);
        (seq, second, at) = (row.seq, row.time.as_second(), row.at);
    }
    let mut body = Vec::with_capacity(lines.len() + 1024);
    number(&mut body, rows.len() as u64);
    for names in &names {
        number(&mut body, names.texts.len() as u64);
        for text in &names.texts {
            number(&mut body, text.len() as u64);
            body.extend_from_slice(text.as_bytes());
        }
    }
    body.extend_from_slice(&lines);
    Some(Block { last, count: rows.len(), body })
}

/// Gives each text of a block its place.
#[derive(Default)]
struct Names<'a> {
    texts: Vec<&'a str>,
    places: HashMap<&'a str, u64>,
}

impl<'a> Names<'a> {
    fn place(&mut self, text: &'a str) -> u64 {
        let next = self.texts.len() as u64;
        let place = *self.places.entry(text).or_insert(next);
        if place == next {
            self.texts.push(text);
        }
        place
    }
}

impl<'a> View<'a> {
    /// Begins to read a block.
    pub(crate) fn new(body: &'a [u8]) -> Result<Self, Fault> {
        let mut rest = Input(body);
        let count = rest.size()?;
        let mut texts: [Vec<&str>; 3] = Default::default();
        for list in &mut texts {
            let many = rest.size()?;
            for _ in 0..many {
                list.push(rest.text()?);
            }
        }
        Ok(Self { count, texts, rest })
    }

    /// Returns the rows of which every part fits, oldest first.
    pub(crate) fn fitting(mut self, fits: &dyn Fn(Part<'_>) -> bool) -> Result<Vec<Packed>, Fault> {
        let [actors, acts, objects] = &self.texts;
        let actors: Vec<bool> = actors.iter().map(|text| fits(Part::Actor(text))).collect();
        let acts: Vec<bool> = acts.iter().map(|text| fits(Part::Act(text))).collect();
        let objects: Vec<bool> = objects.iter().map(|text| fits(Part::Object(text))).collect();
        let known = [actors, acts, objects];
        if known.iter().any(|known| !known.contains(&true)) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        self.rows(|row| {
            let named = row.texts.iter().zip(&known).all(|(place, known)| known.get(*place) == Some(&true));
            if named && fits(Part::Phase(row.phase)) && fits(Part::Time(row.time)) {
                found.push(row);
            }
        })?;
        Ok(found)
    }

    /// Returns all rows, oldest first, with their texts.
    pub(crate) fn unpack(mut self) -> Result<Vec<Row>, Fault> {
        let texts = std::mem::take(&mut self.texts);
        let mut rows = Vec::with_capacity(self.count);
        let mut whole = true;
        self.rows(|row| {
            let text = |at: usize| texts.get(at).and_then(|list| list.get(*row.texts.get(at)?)).map(|text| (*text).to_owned());
            let Some(((actor, act), object)) = text(0).zip(text(1)).zip(text(2)) else {
                whole = false;
                return;
            };
            rows.push(Row { seq: row.seq, time: row.time, actor, act, object, phase: row.phase, at: row.at });
        })?;
        if whole { Ok(rows) } else { Err(Fault::from(SHORT)) }
    }

    fn rows(&mut self, mut visit: impl FnMut(Packed)) -> Result<(), Fault> {
        let (mut seq, mut second, mut at) = (0_u64, 0_i64, At { segment: 0, offset: 0 });
        let rest = &mut self.rest;
        for _ in 0..self.count {
            seq = seq.wrapping_add(rest.number()?);
            second = second.wrapping_add(rest.signed()?);
            let nanos = i32::try_from(rest.signed()?).map_err(|_| SHORT)?;
            let time = Time::new(second, nanos).map_err(|_| SHORT)?;
            let texts = [rest.size()?, rest.size()?, rest.size()?];
            let phase = *PHASES.get(usize::from(rest.byte()?)).ok_or(SHORT)?;
            let further = rest.number()?;
            let offset = rest.number()?;
            at = At {
                segment: at.segment.wrapping_add(further),
                offset: if further == 0 { at.offset.wrapping_add(offset) } else { offset },
            };
            visit(Packed { seq, time, texts, phase, at });
        }
        if rest.0.is_empty() { Ok(()) } else { Err("a block of rows is too long".into()) }
    }
}

const SHORT: &str = "a block of rows cannot be read";

/// Reads what `number`, `signed` and the texts were written as.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, Fault> {
        let (byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let mut out = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(out);
            }
        }
        Err(SHORT.into())
    }

    fn size(&mut self) -> Result<usize, Fault> {
        Ok(usize::try_from(self.number()?).map_err(|_| SHORT)?)
    }

    fn signed(&mut self) -> Result<i64, Fault> {
        let zigzag = self.number()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn text(&mut self) -> Result<&'a str, Fault> {
        let len = self.size()?;
        let (text, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(std::str::from_utf8(text).map_err(|_| SHORT)?)
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while let byte @ 0x80.. = value {
        out.push((byte & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn signed(out: &mut Vec<u8>, value: i64) {
    number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    fn row(seq: u64, time: &str, texts: [&str; 3], at: (u64, u64)) -> Row {
        let [actor, act, object] = texts.map(str::to_owned);
        let at = At { segment: at.0, offset: at.1 };
        Row { seq, time: time.parse().unwrap(), actor, act, object, phase: PHASES[usize::try_from(seq % 4).unwrap()], at }
    }

    fn rows() -> Vec<Row> {
        vec![
            row(7, "2026-11-21T14:02:00.000000001Z", ["ada", "deploy", "shop/production"], (3, 70_000)),
            row(8, "2026-11-21T14:01:59.999Z", ["bob", "flux.suspend", "Kustomization/flux-system/shop"], (3, 70_900)),
            row(11, "1969-12-31T23:59:58.25Z", ["ada", "deploy", ""], (4, 0)),
            row(12, "2026-11-22T00:00:00Z", ["\u{4e2d}\u{6587}", "deploy", "shop/production"], (6, 12)),
        ]
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let block = pack(&rows()).unwrap();
        assert_eq!((block.last, block.count), (12, 4));
        assert_eq!(View::new(&block.body).unwrap().unpack().unwrap(), rows());
        assert!(pack(&[]).is_none());
    }

    #[test]
    fn what_fits_is_found_by_each_part() {
        let block = pack(&rows()).unwrap();
        let found = |fits: &dyn Fn(Part<'_>) -> bool| {
            View::new(&block.body).unwrap().fitting(fits).unwrap().iter().map(|row| row.seq).collect::<Vec<_>>()
        };
        assert_eq!(found(&|_| true), [7, 8, 11, 12]);
        assert_eq!(found(&|part| !matches!(part, Part::Actor(actor) if actor != "ada")), [7, 11]);
        assert_eq!(found(&|part| !matches!(part, Part::Object(object) if !object.contains("shop"))), [7, 8, 12]);
        assert_eq!(found(&|part| !matches!(part, Part::Phase(phase) if phase != Phase::Refused)), [7, 11]);
        let late: Time = "2026-11-21T14:02:00Z".parse().unwrap();
        assert_eq!(found(&|part| !matches!(part, Part::Time(time) if time < late)), [7, 12]);
        assert_eq!(found(&|part| !matches!(part, Part::Act("deploy" | "flux.suspend"))), [0; 0]);
    }

    #[test]
    fn a_block_that_is_cut_or_changed_is_an_error_or_other_rows_and_never_a_panic() {
        let block = pack(&rows()).unwrap();
        for end in 0..block.body.len() {
            let cut = View::new(&block.body[..end]).and_then(View::unpack);
            assert!(cut.is_err(), "cut at {end}");
        }
        for at in 0..block.body.len() {
            for bit in 0..8 {
                let mut body = block.body.clone();
                body[at] ^= 1 << bit;
                let _ = View::new(&body).and_then(View::unpack);
            }
        }
    }

    #[test]
    fn full_blocks_are_packed_at_once() {
        let mut all = Rows::default();
        assert!(all.is_empty());
        let count = ROWS as u64 * 2 + 3;
        (1..=count).for_each(|seq| all.push(row(seq, "2026-11-21T14:02:00Z", ["a", "b", "c"], (1, seq * 9))));
        assert_eq!(all.loose.len(), 3);
        let counts: Vec<(u64, usize)> = all.blocks().map(|block| (block.last, block.count)).collect();
        assert_eq!(counts, [(2048, ROWS), (4096, ROWS), (count, 3)]);
    }
}
