//! Naming a file in a kustomization: one more item of `resources`, written as its neighbours are.

use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{At, Fragment, Tree, insert_entry, insert_item, spliced};

/// Names that kustomize looks for in a folder.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Returns the kustomization of a folder with a file named in it: its path, and its text before and after. Nothing where the
/// folder has none (Flux takes every file then), or where the file is named already.
pub fn named_in(files: &Files, folder: &str, file: &str) -> Result<Option<(String, String, String)>, Error> {
    let at = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let Some(path) = NAMES.iter().map(|name| at(name)).find(|path| files.is_file(path)) else { return Ok(None) };
    let text = files.text(&path, None)?;
    let meaning = |line: usize, why: &str| Error::Meaning { file: path.clone(), line, why: why.to_owned() };
    let tree = Tree::parse(text).map_err(|fault| meaning(fault.line, &fault.why))?;
    let Some(document) = tree.documents().first() else { return Err(meaning(1, "the kustomization is empty")) };
    let list = tree.get(document.root, "resources");
    let reaches = |written: &str| written == file || files::join(folder, written, &path).is_ok_and(|reached| reached == at(file));
    let there = |list| tree.items(list).iter().any(|(_, item)| tree.scalar(*item).is_some_and(reaches));
    if list.is_some_and(there) {
        return Ok(None);
    }
    let item = Fragment::Text(file.to_owned());
    let splices = match list {
        Some(list) => insert_item(&tree, list, &item, false),
        None => insert_entry(&tree, document.root, ("resources", &Fragment::List(vec![item])), At::Last),
    };
    let splices = splices.map_err(|_| meaning(1, "its list of resources is written so that nothing can be added to it"))?;
    Ok(Some((path.clone(), text.to_owned(), spliced(text, &splices))))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_file_is_named_once_and_everything_else_stays() {
        let after = |text: &str| {
            let mut files = Files::new();
            files.insert("apps/kustomization.yaml", text);
            named_in(&files, "apps", "shop.yaml").unwrap().map(|(_, _, after)| after)
        };
        let text = "# Apps.\nresources:\n  - blog.yaml # the blog\nnamespace: apps\n";
        let expect = "# Apps.\nresources:\n  - blog.yaml # the blog\n  - shop.yaml\nnamespace: apps\n";
        assert_eq!(after(text).as_deref(), Some(expect));
        assert_eq!(after(expect), None);
        assert_eq!(after("resources: [./shop.yaml]\n"), None);
        assert_eq!(after("resources: [a.yaml]\n").as_deref(), Some("resources: [a.yaml, shop.yaml]\n"));
        assert_eq!(after("namespace: apps\n").as_deref(), Some("namespace: apps\nresources:\n  - shop.yaml\n"));
        assert_eq!(named_in(&Files::new(), "apps", "shop.yaml").unwrap(), None);
    }
}
