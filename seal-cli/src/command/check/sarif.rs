//! The report as SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a change.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::catalog::{ALL, Check};
use super::report::Told;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run of the program.
pub(super) fn of(all: &[Told]) -> Option<String> {
    let rules: Vec<Value> = ALL.iter().map(|check| rule(check)).collect();
    let results: Vec<Value> = all.iter().map(result).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "seal",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).ok()?;
    text.push('\n');
    Some(text)
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": { "text": format!("{}.", check.about) },
        "defaultConfiguration": { "level": check.severity.as_str() },
    })
}

fn result(told: &Told) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(&told.file) } });
    if let (Some(line), Some(place)) = (told.line, place.as_object_mut()) {
        place.insert("region".to_owned(), json!({ "startLine": line }));
    }
    let mut location = json!({ "physicalLocation": place });
    if let (Some(object), Some(location)) = (&told.object, location.as_object_mut()) {
        let names = json!([{ "fullyQualifiedName": object, "kind": "object" }]);
        location.insert("logicalLocations".to_owned(), names);
    }
    json!({
        "ruleId": told.id,
        "ruleIndex": ALL.iter().position(|check| check.id == told.id),
        "level": told.severity.as_str(),
        "message": { "text": told.message },
        "locations": [location],
    })
}

/// A path as a URI reference (RFC 3986): relative ones count from where the program ran, which is the
/// root of the work tree for a hook.
fn uri(file: &str) -> String {
    if file == "-" {
        return "stdin".to_owned();
    }
    let file = file.replace(std::path::MAIN_SEPARATOR, "/");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut uri = String::new();
    for byte in file.strip_prefix("./").unwrap_or(&file).bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if Path::new(&file).is_absolute() {
        let root = if uri.starts_with('/') { "" } else { "/" };
        return format!("file://{root}{uri}");
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("./a b#c.yaml", "a%20b%23c.yaml"),
            ("../a.yaml", "../a.yaml"),
            ("/a/ü.yaml", "file:///a/%C3%BC.yaml"),
            ("a:b.yaml", "a%3Ab.yaml"),
            ("-", "stdin"),
        ] {
            assert_eq!(uri(path), expected, "{path}");
        }
    }
}
