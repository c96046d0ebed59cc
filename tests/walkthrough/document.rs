//! Commands and files as a document shows them.

use std::path::Path;

/// Blocks `sh` of the document at `path` (from the repository's root) whose first line is `# mark`,
/// or `# mark LABEL`; in order, with their labels.
pub(crate) fn blocks(path: &str, mark: &str) -> Vec<(String, String)> {
    let found: Vec<_> = fenced(path, "sh")
        .into_iter()
        .filter_map(|(first, script)| {
            let label = first.strip_prefix(mark)?;
            let ours = label.is_empty() || label.starts_with(' ');
            ours.then(|| (label.trim().to_owned(), script))
        })
        .collect();
    assert!(
        !found.is_empty(),
        "{path} has no block `sh` that starts with `# {mark}`"
    );
    found
}

/// Blocks `yaml` whose first line is the name of a file, as a comment; with that name.
pub(crate) fn files(path: &str) -> Vec<(String, String)> {
    fenced(path, "yaml")
}

/// Blocks of a language that begin with a comment, with the text of the comment.
fn fenced(path: &str, language: &str) -> Vec<(String, String)> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let document = std::fs::read_to_string(document).unwrap();
    document
        .split("\n```")
        .filter_map(|block| {
            let block = block.strip_prefix(language)?.strip_prefix('\n')?;
            let (first, _) = block.split_once('\n')?;
            let comment = first.strip_prefix("# ")?;
            Some((comment.to_owned(), block.to_owned()))
        })
        .collect()
}
