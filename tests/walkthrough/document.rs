//! Commands and files as a document shows them.

use std::path::Path;

use serde_json::Value;

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

/// Blocks `json`, parsed.
pub(crate) fn json(path: &str) -> Vec<Value> {
    let blocks = all(path).into_iter();
    blocks
        .filter_map(|block| Some(serde_json::from_str(block.strip_prefix("json\n")?).unwrap()))
        .collect()
}

/// All blocks, each behind its language and a line break.
pub(crate) fn all(path: &str) -> Vec<String> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let document = std::fs::read_to_string(document).unwrap();
    let between = document.split("\n```").skip(1).step_by(2);
    between.map(str::to_owned).collect()
}

/// Blocks of a language that begin with a comment, with the text of the comment.
fn fenced(path: &str, language: &str) -> Vec<(String, String)> {
    let blocks = all(path).into_iter();
    blocks
        .filter_map(|block| {
            let block = block.strip_prefix(language)?.strip_prefix('\n')?;
            let (first, _) = block.split_once('\n')?;
            let comment = first.strip_prefix("# ")?;
            Some((comment.to_owned(), block.to_owned()))
        })
        .collect()
}
