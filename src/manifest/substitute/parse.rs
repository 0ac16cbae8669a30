//! The grammar of `${…}`: what Flux's reader of it takes, and how far it reads.

/// How deep `${…}` may stand in each other.
const DEPTH: usize = 32;

const NAME: &str = "unable to parse variable name";
const BRACE: &str = "missing closing brace";
const BAD: &str = "bad substitution";
const WITHIN: &str = "unable to parse substitution within function";
const DEEP: &str = "substitutions stand too deep in each other";

/// Holds a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A text that stays.
    Text(String),
    /// A variable and what is done to its value.
    Call(Call),
}

/// Holds a variable and what is done to its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The variable.
    pub(super) name: String,
    /// The sign of what is done: `:-`, `,,`, `//`, …; empty for nothing.
    pub(super) sign: String,
    /// What stands behind the sign.
    pub(super) args: Vec<Part>,
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, &'static str> {
    let mut reader = Reader { rest: text, depth: 0 };
    let mut parts = Vec::new();
    while !reader.rest.is_empty() {
        if let Some(rest) = reader.rest.strip_prefix("${") {
            reader.rest = rest;
            parts.push(Part::Call(reader.call()?));
        } else {
            parts.push(Part::Text(reader.plain()));
        }
    }
    Ok(parts)
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self, len: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        taken
    }

    /// Reads up to the next `${`; a doubled dollar sign stands for one.
    fn plain(&mut self) -> String {
        let mut out = String::new();
        while let Some(at) = self.rest.find('$') {
            out.push_str(self.take(at));
            if self.rest.starts_with("${") {
                return out;
            }
            out.push_str(self.take(1));
            if self.rest.starts_with('$') {
                self.take(1);
            }
        }
        out.push_str(self.take(self.rest.len()));
        out
    }

    fn word(&mut self) -> Result<String, &'static str> {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        if end == 0 { Err(NAME) } else { Ok(self.take(end).to_owned()) }
    }

    fn close(&mut self, otherwise: &'static str) -> Result<(), &'static str> {
        match self.rest.strip_prefix('}') {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(otherwise),
        }
    }

    /// Reads what stands behind `${`, its closing brace included.
    fn call(&mut self) -> Result<Call, &'static str> {
        if self.depth >= DEPTH {
            return Err(DEEP);
        }
        self.depth += 1;
        let call = self.inner()?;
        self.depth -= 1;
        Ok(call)
    }

    fn inner(&mut self) -> Result<Call, &'static str> {
        if self.peek() == Some('#') {
            self.take(1);
            let name = self.word().map_err(|_| BAD)?;
            self.close(BAD)?;
            return Ok(Call { name, sign: "#".to_owned(), args: Vec::new() });
        }
        let name = self.word()?;
        let (sign, args) = match self.peek() {
            Some(':') => match self.rest[1..].chars().next() {
                Some('=' | '-' | '?' | '+') => (self.take(2), self.default()?),
                // Flux's reader loses its place there.
                Some(c) if !c.is_ascii() => return Err(BAD),
                _ => (self.take(1), self.positions()?),
            },
            Some('=') => (self.take(1), self.default()?),
            Some(',' | '^') => {
                let twice = self.rest[1..].starts_with([',', '^']);
                (self.take(1 + usize::from(twice)), Vec::new())
            }
            Some('/') => {
                let more = self.rest[1..].starts_with(['/', '#', '%']);
                (self.take(1 + usize::from(more)), self.replacement()?)
            }
            Some(sign @ ('#' | '%')) => {
                let twice = self.rest[1..].starts_with(sign);
                (self.take(1 + usize::from(twice)), vec![self.arg(|c| c != '}', false)?])
            }
            _ => {
                self.close(BRACE)?;
                return Ok(Call { name, sign: String::new(), args: Vec::new() });
            }
        };
        self.close(BAD)?;
        Ok(Call { name, sign: sign.to_owned(), args })
    }

    /// Reads one argument: a call, or a text as long as its characters are accepted.
    fn arg(&mut self, accept: fn(char) -> bool, escapes: bool) -> Result<Part, &'static str> {
        if let Some(rest) = self.rest.strip_prefix("${") {
            self.rest = rest;
            return self.call().map(Part::Call);
        }
        let mut out = String::new();
        let before = self.rest.len();
        while let Some(c) = self.peek() {
            let pair = self.rest.get(..2).unwrap_or_default();
            if pair == "${" {
                break;
            }
            if escapes && matches!(pair, "$$" | "\\/" | "\\\\") {
                out.push_str(self.take(2).get(1..).unwrap_or_default());
            } else if accept(c) {
                out.push_str(self.take(c.len_utf8()));
            } else {
                break;
            }
        }
        if self.rest.len() == before { Err(WITHIN) } else { Ok(Part::Text(out)) }
    }

    fn default(&mut self) -> Result<Vec<Part>, &'static str> {
        let mut args = Vec::new();
        while self.peek() != Some('}') {
            args.push(self.arg(|c| c != '}', false)?);
        }
        Ok(args)
    }

    fn positions(&mut self) -> Result<Vec<Part>, &'static str> {
        let mut args = vec![self.arg(|c| c != ':' && c != '}', false)?];
        match self.peek() {
            Some('}') => {}
            Some(':') => {
                self.rest = self.rest.trim_start_matches(':');
                args.push(self.arg(|c| c != '}', false)?);
            }
            _ => return Err(BAD),
        }
        Ok(args)
    }

    fn replacement(&mut self) -> Result<Vec<Part>, &'static str> {
        let mut args = vec![self.arg(|c| c != '/', true)?];
        if self.peek() != Some('/') {
            return Err(BAD);
        }
        self.rest = self.rest.trim_start_matches('/');
        if self.peek() != Some('}') {
            args.push(self.arg(|c| c != '}', true)?);
        }
        Ok(args)
    }
}
