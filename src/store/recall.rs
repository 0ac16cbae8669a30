//! Whole records of deployments, read from the journal where they stand: only the newest are held.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::deployment::Deployment;
use domain::history::Brief;
use domain::journal::{Change, Entry};

use crate::error::Error;
use crate::line::{Judged, judge};
use crate::reader::At;
use crate::segments;
use crate::store::Store;

/// Reads single lines of the journal; the segment of the last one stays open.
pub(crate) struct Lines {
    dir: PathBuf,
    open: Option<(u64, BufReader<File>)>,
}

impl Lines {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), open: None }
    }

    /// Returns the line that stands there, without its newline.
    pub(crate) fn at(&mut self, at: At) -> io::Result<Vec<u8>> {
        if self.open.as_ref().is_none_or(|(number, _)| *number != at.segment) {
            let file = File::open(segments::path(&self.dir, at.segment))?;
            self.open = Some((at.segment, BufReader::new(file)));
        }
        let Some((_, file)) = &mut self.open else { return Err(ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(at.offset))?;
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line)?;
        if line.pop() == Some(b'\n') { Ok(line) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    /// Returns the whole record of a deployment.
    pub(crate) fn recall(&mut self, brief: &Brief) -> Result<Arc<Deployment>, Error> {
        if let Some(whole) = brief.whole() {
            return Ok(Arc::clone(whole));
        }
        let at = brief.stand();
        let path = segments::path(&self.dir, at.segment);
        let damaged = |why: String| Error::Record { path: path.clone(), id: brief.to_id(), why };
        let line = match self.at(at) {
            Ok(line) => line,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::UnexpectedEof) => {
                return Err(damaged("the journal is not as long as it was, or lacks a file".to_owned()));
            }
            Err(error) => return Err(Error::io("cannot read", &path)(error)),
        };
        let entry: Box<Entry> = match judge(&line) {
            Judged::Good(entry) => entry,
            Judged::Bad(why) => return Err(damaged(why)),
            Judged::Foreign { .. } => return Err(damaged("a later version wrote what stands there".to_owned())),
        };
        match entry.record.change {
            Some(Change::Deployment(deployment)) if deployment.id.as_str() == brief.id() => Ok(Arc::from(deployment)),
            _ => Err(damaged("something else stands there".to_owned())),
        }
    }
}

impl Store {
    /// Returns the whole record of a deployment, if need be from the journal. An error when it is damaged there.
    pub fn recall(&self, brief: &Brief) -> Result<Arc<Deployment>, Error> {
        Lines::new(self.dir()).recall(brief)
    }

    /// Does what [`Store::recall`] does for many of them, in their order.
    pub fn recall_all(&self, briefs: &[Brief]) -> Result<Vec<Arc<Deployment>>, Error> {
        let mut lines = Lines::new(self.dir());
        briefs.iter().map(|brief| lines.recall(brief)).collect()
    }
}
