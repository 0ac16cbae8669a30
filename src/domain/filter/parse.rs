//! Reading a filter: one term after another, with the place of whatever is wrong.

use regex::{Regex, RegexBuilder};

use super::find::{Glob, Needle};
use super::labels::Requirement;
use super::{Aspect, Fault, Fields, Sign, Sort, Term, Test, Want, Why};

/// The most that a compiled regular expression may weigh, in bytes.
const REGEX: usize = 1 << 20;

const UNITS: [(char, i64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

struct Reader {
    text: Vec<char>,
    at: usize,
}

/// Reads the terms of a filter up to the first fault.
pub(super) fn terms<F: Fields>(text: &str) -> (Vec<Term<F>>, Option<Fault>) {
    let mut reader = Reader { text: text.chars().collect(), at: 0 };
    let mut terms = Vec::new();
    loop {
        reader.blanks();
        if reader.peek().is_none() {
            return (terms, None);
        }
        match reader.term() {
            Ok(term) => terms.push(term),
            Err(fault) => return (terms, Some(fault)),
        }
    }
}

/// Reads a label selector, and nothing after it.
pub(super) fn labels<F: Fields>(text: &str) -> Result<Term<F>, Fault> {
    let mut reader = Reader { text: text.chars().collect(), at: 0 };
    reader.blanks();
    let wanted = reader.selector()?;
    reader.blanks();
    if reader.peek().is_some() {
        return Err(reader.fault(reader.at, Why::Label));
    }
    Ok(Term { not: false, test: Test::Labels(wanted) })
}

impl Reader {
    fn fault(&self, at: usize, why: Why) -> Fault {
        Fault { column: at.min(self.text.len()) + 1, why }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let is = self.peek() == Some(c);
        self.at += usize::from(is);
        is
    }

    /// Tells whether a term ends here.
    fn ends(&self) -> bool {
        self.peek().is_none_or(char::is_whitespace)
    }

    fn blanks(&mut self) {
        self.run(char::is_whitespace);
    }

    fn run(&mut self, fits: impl Fn(char) -> bool) -> String {
        let from = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        self.text[from..self.at].iter().collect()
    }

    fn term<F: Fields>(&mut self) -> Result<Term<F>, Fault> {
        let from = self.at;
        let not = self.take('!');
        if not && self.ends() {
            return Err(self.fault(from, Why::Empty("!".to_owned())));
        }
        Ok(Term { not, test: self.test()? })
    }

    fn test<F: Fields>(&mut self) -> Result<Test<F>, Fault> {
        let from = self.at;
        match self.peek() {
            Some('~') => {
                self.at += 1;
                let letters = self.run(|c| !c.is_whitespace());
                if letters.is_empty() {
                    return Err(self.fault(from, Why::Empty("~".to_owned())));
                }
                Ok(Test::Fuzzy(letters.to_lowercase()))
            }
            Some('/') => self.regex().map(Test::Like),
            Some('"' | '“') => self.quoted().map(|text| Test::Text(Needle::new(&text))),
            Some('-')
                if self.text.get(self.at + 1) == Some(&'l') && self.text.get(self.at + 2).is_none_or(|c| c.is_whitespace()) =>
            {
                self.at += 2;
                self.blanks();
                self.selector().map(Test::Labels)
            }
            _ => self.compared(),
        }
    }

    /// Reads a comparison, or a text when there is no sign of one.
    fn compared<F: Fields>(&mut self) -> Result<Test<F>, Fault> {
        let from = self.at;
        let name = self.run(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let sign_at = self.at;
        let sign = self.sign();
        let Some(sign) = sign.filter(|_| !name.is_empty()) else {
            self.at = from;
            let text = self.run(|c| !c.is_whitespace());
            return Ok(Test::Text(Needle::new(&text)));
        };
        let Some(aspect) = super::aspect::<F>(&name) else {
            let known: Vec<&str> = F::aspects().iter().map(|a| a.name).collect();
            return Err(self.fault(from, Why::Unknown(name, known.join(" "))));
        };
        let equal = matches!(sign, Sign::Is | Sign::IsNot);
        match aspect.sort {
            Sort::Text | Sort::Named(_) | Sort::Flag if !equal => return Err(self.fault(sign_at, Why::Sign(name, ("=", "!=")))),
            Sort::Time if equal => return Err(self.fault(sign_at, Why::Sign(name, (">", "<")))),
            _ => {}
        }
        if self.ends() {
            let sign: String = self.text[sign_at..self.at].iter().collect();
            return Err(self.fault(self.at, Why::Empty(format!("{name}{sign}"))));
        }
        Ok(Test::Compare(aspect, sign, self.want(aspect)?))
    }

    fn sign(&mut self) -> Option<Sign> {
        let first = self.peek()?;
        let next = self.text.get(self.at + 1) == Some(&'=');
        let (sign, long) = match (first, next) {
            ('=', long) => (Sign::Is, long),
            ('!', true) => (Sign::IsNot, true),
            ('>', true) => (Sign::AtLeast, true),
            ('<', true) => (Sign::AtMost, true),
            ('>', false) => (Sign::Above, false),
            ('<', false) => (Sign::Below, false),
            _ => return None,
        };
        self.at += 1 + usize::from(long);
        Some(sign)
    }

    fn want<F>(&mut self, aspect: &Aspect<F>) -> Result<Want, Fault> {
        let from = self.at;
        match (aspect.sort, self.peek()) {
            (Sort::Text, Some('/')) => return self.regex().map(Want::Like),
            (Sort::Text | Sort::Named(_), Some('"' | '“')) => return Ok(Want::Any(vec![Glob::exact(&self.quoted()?)])),
            _ => {}
        }
        let text = self.run(|c| !c.is_whitespace());
        let none = |why: fn(String) -> Why| self.fault(from, why(text.clone()));
        match aspect.sort {
            Sort::Text => Ok(Want::Any(text.split(',').map(Glob::new).collect())),
            Sort::Named(find) => {
                let named = |word: &str| find(word).map_or_else(|| Glob::new(word), Glob::exact);
                Ok(Want::Any(text.split(',').map(named).collect()))
            }
            Sort::Flag => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" => Ok(Want::Flag(Some(true))),
                "false" | "no" => Ok(Want::Flag(Some(false))),
                "unknown" => Ok(Want::Flag(None)),
                _ => Err(none(Why::Flag)),
            },
            Sort::Time => seconds(&text).map(Want::Seconds).ok_or_else(|| none(Why::Time)),
            Sort::Number => text.parse().map(Want::Number).map_err(|_| none(Why::Number)),
        }
    }

    fn regex(&mut self) -> Result<Regex, Fault> {
        let from = self.at;
        self.at += 1;
        let mut pattern = String::new();
        loop {
            match self.peek() {
                None => return Err(self.fault(self.at, Why::Open('/'))),
                Some('/') => break,
                Some('\\') if self.text.get(self.at + 1) == Some(&'/') => {
                    pattern.push('/');
                    self.at += 2;
                }
                Some('\\') => {
                    pattern.push('\\');
                    pattern.extend(self.text.get(self.at + 1));
                    self.at += 2;
                }
                Some(c) => {
                    pattern.push(c);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        if pattern.is_empty() {
            return Err(self.fault(from, Why::Empty("/".to_owned())));
        }
        RegexBuilder::new(&pattern).case_insensitive(true).size_limit(REGEX).build().map_err(|error| {
            // The library draws the pattern over several lines; its last one is the reason.
            let said = error.to_string();
            let last = said.lines().last().unwrap_or_default();
            self.fault(from, Why::Regex(last.trim_start_matches("error: ").to_owned()))
        })
    }

    fn quoted(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let text = self.run(|c| !matches!(c, '"' | '”' | '“'));
        if self.peek().is_none() {
            return Err(self.fault(self.at, Why::Open('"')));
        }
        self.at += 1;
        Ok(text)
    }

    fn selector(&mut self) -> Result<Vec<Requirement>, Fault> {
        let mut out = Vec::new();
        loop {
            out.push(self.requirement()?);
            let back = self.at;
            self.blanks();
            if !self.take(',') {
                self.at = back;
                return Ok(out);
            }
            self.blanks();
        }
    }

    fn requirement(&mut self) -> Result<Requirement, Fault> {
        let from = self.at;
        let word = |c: char| !c.is_whitespace() && !matches!(c, '=' | '!' | ',' | '(' | ')');
        let lacks = self.take('!');
        let key = self.run(word);
        if key.is_empty() {
            return Err(self.fault(from, Why::Label));
        }
        if lacks {
            return Ok(Requirement::Lacks(key));
        }
        let back = self.at;
        self.blanks();
        match self.sign() {
            Some(sign @ (Sign::Is | Sign::IsNot)) => {
                self.blanks();
                let values = vec![self.run(word)];
                return Ok(if sign == Sign::Is { Requirement::In(key, values) } else { Requirement::NotIn(key, values) });
            }
            Some(_) => return Err(self.fault(back, Why::Label)),
            None => {}
        }
        let within = self.run(char::is_alphabetic);
        self.blanks();
        if !matches!(within.as_str(), "in" | "notin") || !self.take('(') {
            self.at = back;
            return Ok(Requirement::Has(key));
        }
        let inside = self.run(|c| !matches!(c, '(' | ')'));
        if !self.take(')') {
            return Err(self.fault(self.at, Why::Open(')')));
        }
        let values = inside.split(',').map(|v| v.trim().to_owned()).collect();
        Ok(if within == "in" { Requirement::In(key, values) } else { Requirement::NotIn(key, values) })
    }
}

/// Reads a length of time such as `1h30m`.
fn seconds(text: &str) -> Option<i64> {
    let (mut sum, mut digits) = (0_i64, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let (_, unit) = UNITS.iter().find(|(letter, _)| *letter == c)?;
        sum = sum.checked_add(digits.parse::<i64>().ok()?.checked_mul(*unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then_some(sum)
}
