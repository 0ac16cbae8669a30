//! A manifest in Git as text to edit: where it stands, what it says there, and the change that an edited text is.

use std::ops::Range;

use crate::change::{Draft, FileChange};
use crate::flux::ObjectKey;
use crate::ident::EnvironmentId;
use crate::origin::Origin;
use crate::private::Private;
use crate::revision::CommitId;
use crate::trouble::Trouble;

/// Stands before what is said to an editor of a text; such lines on top of it are not part of it.
const REMARK: &str = "# ! ";

/// Says that a Secret does not go through Git here.
pub fn not_through_git(key: &ObjectKey) -> Option<Trouble> {
    (&*key.kind == "Secret").then(|| {
        Trouble::refused("A Secret is not edited through Git here", key)
            .why("its values would stand in the diff, or are encrypted there")
            .next("Change it with the tool that encrypts it, or edit it in the cluster only.")
    })
}

/// Holds the document of a file in Git that an object of a cluster is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The object.
    pub key: ObjectKey,
    /// Where it comes from, as the cluster tells it.
    pub origin: Origin,
    /// The environment that applies it: a change goes through its deployments.
    pub environment: EnvironmentId,
    /// The repository.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The branch's head that was read.
    pub head: CommitId,
    /// The file, from the repository's root.
    pub file: String,
    /// The first line of the document, counted from 1.
    pub line: usize,
    /// The whole file.
    pub whole: Private,
    /// Where in it the document stands, in bytes.
    pub span: Range<usize>,
    /// The fields that something else sets after the file is read (a patch, an overlay, a variable), as dotted paths.
    pub decided: Vec<String>,
    /// The other environments that the file belongs to as well.
    pub others: Vec<EnvironmentId>,
    /// What a file that does not exist yet takes to be read; absent for one that exists.
    pub fresh: Option<Listing>,
}

/// Holds what a new file takes beside itself: the list that it is named in, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing(pub Option<FileChange>);

impl Written {
    /// Returns the text of the document, byte for byte.
    pub fn text(&self) -> &str {
        self.whole.text().get(self.span.clone()).unwrap_or_default()
    }

    /// Returns repository, branch, file and line in one line.
    pub fn place(&self) -> String {
        format!("{} {}@{} {}:{}", self.url, self.branch, self.head.short(), self.file, self.line)
    }

    /// Returns the text with remarks on top of it, which [`Self::taken`] leaves out again.
    pub fn draft(&self, notes: &[String]) -> String {
        let mut out = String::new();
        let mut say = |text: &str| text.lines().for_each(|line| out.extend([REMARK, line, "\n"]));
        let what = if self.fresh.is_some() { "is to be written to" } else { "as it stands in" };
        say(&format!("{} {what} {}. Lines like this one on top are left out.", self.key, self.place()));
        if !self.decided.is_empty() {
            say(&format!("Set after this file is read: {}.", self.decided.join(", ")));
        }
        if !self.others.is_empty() {
            say(&format!("This file belongs to {} as well.", self.names_others()));
        }
        for note in notes {
            say(note);
        }
        out.push_str(self.text());
        out
    }

    /// Returns the other environments in one line.
    pub fn names_others(&self) -> String {
        self.others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Returns an edited text without the remarks on top of it.
    pub fn taken<'t>(&self, edited: &'t str) -> &'t str {
        let mut rest = edited;
        while rest.starts_with(REMARK) && !self.text().starts_with(REMARK) {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
        rest
    }

    /// Returns the change that an edited text is: the file with this document in the place of the old one, nothing else touched.
    /// None when it is as it was, or when nothing is left of it.
    pub fn change(&self, edited: &str) -> Option<Draft> {
        let taken = self.taken(edited);
        let blank = taken.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if taken == self.text() || blank {
            return None;
        }
        let whole = self.whole.text();
        let (before, after) = (whole.get(..self.span.start)?, whole.get(self.span.end..)?);
        let broken = !after.is_empty() && !taken.ends_with('\n');
        let file = [before, taken, if broken { "\n" } else { "" }, after].concat();
        let before = self.fresh.is_none().then(|| whole.to_owned());
        let mut texts = vec![FileChange { path: self.file.clone(), before, after: Some(file) }];
        texts.extend(self.fresh.iter().filter_map(|Listing(list)| list.clone()));
        Some(Draft { texts, base: Some(self.head.clone()), ..Draft::new(self.environment.clone()) })
    }

    /// Returns the line of a file as the editor counts it: by the document, without remarks. None when it stands before it; how
    /// long the document has become is the editor's to know.
    pub fn line_within(&self, line: usize) -> Option<usize> {
        let first = self.whole.text().get(..self.span.start)?.matches('\n').count();
        line.checked_sub(first).filter(|line| *line > 0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::ident::Slug;

    fn written(whole: &str, span: Range<usize>) -> Written {
        let key = ObjectKey::new(&"c".into(), "ConfigMap", "a", "b");
        Written {
            origin: Origin::by(key.clone()),
            key,
            environment: EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap()),
            url: "https://git.example/shop".into(),
            branch: "main".into(),
            head: CommitId::parse(&"a".repeat(40)).unwrap(),
            file: "k8s/a.yaml".into(),
            line: 3,
            whole: Private::new(whole),
            span,
            decided: vec!["spec.replicas".into()],
            others: Vec::new(),
            fresh: None,
        }
    }

    #[test]
    fn a_new_file_comes_with_the_list_that_names_it() {
        let list = FileChange { path: "k8s/kustomization.yaml".into(), before: Some("a".into()), after: Some("b".into()) };
        let written = Written { fresh: Some(Listing(Some(list.clone()))), ..written("", 0..0) };
        assert_eq!(written.change("# ! x\n"), None, "nothing is left of it");
        let draft = written.change("kind: A\n").unwrap();
        let file = FileChange { path: "k8s/a.yaml".into(), before: None, after: Some("kind: A\n".into()) };
        assert_eq!(draft.texts, [file, list]);
        assert_eq!(written.line_within(2), Some(2));
    }

    #[test]
    fn only_the_document_changes_and_remarks_are_no_part_of_it() {
        let whole = "# one\r\na: 1\r\n---\r\nb: 1 # kept\r\n---\nc: 1";
        let written = written(whole, 18..31);
        assert_eq!(written.text(), "b: 1 # kept\r\n");
        let draft = written.draft(&["line 1: no\nreally".to_owned()]);
        assert!(draft.starts_with("# ! ConfigMap/a/b") && draft.contains("spec.replicas") && draft.contains("# ! really\n"));
        assert_eq!(written.taken(&draft), written.text());
        assert_eq!(written.change(&draft), None, "nothing was changed");
        assert_eq!(written.change("# ! x\n# nothing\n"), None);
        let draft = written.change("# ! x\nb: 2 # kept").unwrap();
        let file = &draft.texts[0];
        assert_eq!(file.after.as_deref(), Some("# one\r\na: 1\r\n---\r\nb: 2 # kept\n---\nc: 1"));
        assert_eq!((file.before.as_deref(), draft.base), (Some(whole), Some(written.head.clone())));
        assert_eq!([written.line_within(4), written.line_within(3)], [Some(1), None]);
    }
}
