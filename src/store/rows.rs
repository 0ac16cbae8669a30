//! Many audit rows in one value, so that a million of them are looked through between two keys.
//!
//! A block spells each actor, act and object once and names it by its place afterwards; times and places in the journal stand
//! as the distance from the row before. It stands column by column, and each column can be leapt over. So a filter is asked once
//! for each text of a block and not once for each row, a block without any text that fits is passed over whole, and of the others
//! only the columns are read that decide. Numbers are written seven bits to a byte, the lowest first.

use std::collections::HashMap;

use domain::Time;
use domain::journal::Phase;

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
    /// When many were, from the first to the last of them: whether one of them can fit.
    Between(Time, Time),
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

/// Holds where an entry that was looked for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) seq: u64,
    pub(crate) at: At,
}

/// Holds a block that is being read.
pub(crate) struct View<'a> {
    pub(crate) count: usize,
    /// When the first and the last of its rows were, by their times.
    between: (Time, Time),
    /// Its actors, acts and objects.
    texts: [Input<'a>; 3],
    /// The places of each row's texts among these.
    places: [Input<'a>; 3],
    phases: &'a [u8],
    times: Input<'a>,
    seqs: Input<'a>,
    ats: Input<'a>,
}

/// Packs rows; nothing when there are none.
pub(crate) fn pack(rows: &[Row]) -> Option<Block> {
    let last = rows.last()?.seq;
    let times = || rows.iter().map(|row| row.time);
    let mut names: [Names<'_>; 3] = Default::default();
    let mut places: [Vec<u8>; 3] = Default::default();
    let (mut phases, mut moments, mut seqs, mut ats) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut seq, mut second, mut at) = (0, 0, At { segment: 0, offset: 0 });
    for row in rows {
        for ((names, places), text) in names.iter_mut().zip(&mut places).zip([&row.actor, &row.act, &row.object]) {
            number(places, names.place(text));
        }
        phases.push(row.phase as u8);
        signed(&mut moments, row.time.as_second() - second);
        signed(&mut moments, i64::from(row.time.subsec_nanosecond()));
        number(&mut seqs, row.seq - seq);
        number(&mut ats, row.at.segment - at.segment);
        let before = if row.at.segment == at.segment { at.offset } else { 0 };
        number(&mut ats, row.at.offset - before);
        (seq, second, at) = (row.seq, row.time.as_second(), row.at);
    }
    let mut body = Vec::new();
    number(&mut body, rows.len() as u64);
    for time in [times().min()?, times().max()?] {
        signed(&mut body, time.as_second());
        signed(&mut body, i64::from(time.subsec_nanosecond()));
    }
    for column in names.iter().map(Names::column).chain(places).chain([phases, moments, seqs, ats]) {
        number(&mut body, column.len() as u64);
        body.extend_from_slice(&column);
    }
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

    fn column(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for text in &self.texts {
            number(&mut out, text.len() as u64);
            out.extend_from_slice(text.as_bytes());
        }
        out
    }
}

impl<'a> View<'a> {
    /// Begins to read a block.
    pub(crate) fn new(body: &'a [u8]) -> Result<Self, &'static str> {
        let mut rest = Input(body);
        let count = rest.size()?;
        let between = (rest.time(0)?, rest.time(0)?);
        let texts = [rest.column()?, rest.column()?, rest.column()?];
        let places = [rest.column()?, rest.column()?, rest.column()?];
        let Input(phases) = rest.column()?;
        let (times, seqs, ats) = (rest.column()?, rest.column()?, rest.column()?);
        if rest.0.is_empty() && phases.len() == count {
            Ok(Self { count, between, texts, places, phases, times, seqs, ats })
        } else {
            Err("a block of rows has another length")
        }
    }

    /// Returns where the rows stand of which every part fits, oldest first.
    pub(crate) fn fitting(self, fits: &dyn Fn(Part<'_>) -> bool) -> Result<Vec<Found>, &'static str> {
        if !fits(Part::Between(self.between.0, self.between.1)) {
            return Ok(Vec::new());
        }
        let mut wanted = vec![true; self.count];
        for (which, (texts, mut places)) in self.texts.into_iter().zip(self.places).enumerate() {
            let part = |text| match which {
                0 => Part::Actor(text),
                1 => Part::Act(text),
                _ => Part::Object(text),
            };
            let known: Vec<bool> = texts.all()?.into_iter().map(|text| fits(part(text))).collect();
            if !known.contains(&true) {
                return Ok(Vec::new());
            }
            if known.contains(&false) {
                for wanted in &mut wanted {
                    let place = places.size()?;
                    *wanted &= *known.get(place).ok_or(SHORT)?;
                }
            }
        }
        let known = PHASES.map(|phase| fits(Part::Phase(phase)));
        for (wanted, phase) in wanted.iter_mut().zip(self.phases) {
            *wanted &= *known.get(usize::from(*phase)).ok_or(SHORT)?;
        }
        if !wanted.contains(&true) {
            return Ok(Vec::new());
        }
        let (mut times, mut second) = (self.times, 0);
        for wanted in &mut wanted {
            let time = times.time(second)?;
            second = time.as_second();
            *wanted &= fits(Part::Time(time));
        }
        let found = stands(self.count, self.seqs, self.ats)?;
        Ok(found.into_iter().zip(wanted).filter_map(|(found, wanted)| wanted.then_some(found)).collect())
    }

    /// Returns all rows, oldest first.
    pub(crate) fn unpack(self) -> Result<Vec<Row>, &'static str> {
        let [actors, acts, objects] = self.texts;
        let texts = [actors.all()?, acts.all()?, objects.all()?];
        let (mut places, mut times, mut second) = (self.places, self.times, 0);
        let mut rows = Vec::with_capacity(self.count);
        for (found, phase) in stands(self.count, self.seqs, self.ats)?.into_iter().zip(self.phases) {
            let time = times.time(second)?;
            second = time.as_second();
            let mut text = |which: usize| -> Result<String, &'static str> {
                let place = places.get_mut(which).ok_or(SHORT)?.size()?;
                let text = texts.get(which).and_then(|list| list.get(place)).ok_or(SHORT)?;
                Ok((*text).to_owned())
            };
            let (actor, act, object) = (text(0)?, text(1)?, text(2)?);
            let phase = *PHASES.get(usize::from(*phase)).ok_or(SHORT)?;
            rows.push(Row { seq: found.seq, time, actor, act, object, phase, at: found.at });
        }
        Ok(rows)
    }
}

fn stands(count: usize, mut seqs: Input<'_>, mut ats: Input<'_>) -> Result<Vec<Found>, &'static str> {
    let mut out = Vec::with_capacity(count);
    let mut found = Found { seq: 0, at: At { segment: 0, offset: 0 } };
    for _ in 0..count {
        found.seq = found.seq.wrapping_add(seqs.number()?);
        let (further, offset) = (ats.number()?, ats.number()?);
        let before = if further == 0 { found.at.offset } else { 0 };
        found.at = At { segment: found.at.segment.wrapping_add(further), offset: before.wrapping_add(offset) };
        out.push(found);
    }
    Ok(out)
}

const SHORT: &str = "a block of rows cannot be read";

/// Reads what `number`, `signed` and the texts were written as.
#[derive(Clone, Copy)]
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*byte)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut out = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            out |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(out);
            }
        }
        Err(SHORT)
    }

    fn size(&mut self) -> Result<usize, &'static str> {
        usize::try_from(self.number()?).map_err(|_| SHORT)
    }

    fn signed(&mut self) -> Result<i64, &'static str> {
        let zigzag = self.number()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn column(&mut self) -> Result<Self, &'static str> {
        let len = self.size()?;
        let (column, rest) = self.0.split_at_checked(len).ok_or(SHORT)?;
        self.0 = rest;
        Ok(Self(column))
    }

    fn time(&mut self, before: i64) -> Result<Time, &'static str> {
        let second = before.wrapping_add(self.signed()?);
        let nanos = i32::try_from(self.signed()?).map_err(|_| SHORT)?;
        Time::new(second, nanos).map_err(|_| SHORT)
    }

    /// Returns all texts of a column.
    fn all(mut self) -> Result<Vec<&'a str>, &'static str> {
        let mut out = Vec::new();
        while !self.0.is_empty() {
            out.push(std::str::from_utf8(self.column()?.0).map_err(|_| SHORT)?);
        }
        Ok(out)
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
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
        let (first, last) = ("1969-12-31T23:59:58.25Z".parse().unwrap(), "2026-11-22T00:00:00Z".parse().unwrap());
        assert_eq!(found(&|part| part != Part::Between(first, last)), [0; 0], "the block is passed over whole");
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
