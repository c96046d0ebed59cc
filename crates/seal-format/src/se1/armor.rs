//! The armor of age files (C2SP age, "ASCII armor"), in the one form that is accepted here.

use super::canonical;
use super::fault::Fault;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const WIDTH: usize = 64;

/// Lines of 64 characters between the markers, each with a line feed.
pub(crate) fn encode(file: &[u8]) -> String {
    let base64 = canonical::encode(file);
    let mut text = String::with_capacity(base64.len() + base64.len() / WIDTH + 80);
    text.push_str(BEGIN);
    let mut rest = base64.as_str();
    // Base64 is ASCII: any index is a boundary.
    while let Some((line, next)) = rest.split_at_checked(WIDTH.min(rest.len())) {
        if line.is_empty() {
            break;
        }
        text.push('\n');
        text.push_str(line);
        rest = next;
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

/// The file; the last line feed may be missing, as some YAML writers strip it.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Fault> {
    let inner = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(Fault::NotCanonical)?;
    let base64: String = inner.split('\n').collect();
    let file = canonical::decode(&base64)?;
    // No line at all is no armor of a file.
    if file.is_empty() {
        return Err(Fault::NotCanonical);
    }
    let again = encode(&file);
    if again == text || again.strip_suffix('\n') == Some(text) {
        Ok(file)
    } else {
        Err(Fault::NotCanonical)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_with_and_without_the_last_line_feed() {
        for length in [1, 47, 48, 49, 96, 200] {
            let file: Vec<u8> = (0_u8..=255).cycle().take(length).collect();
            let text = encode(&file);
            assert!(text.lines().all(|line| line.len() <= WIDTH));
            assert_eq!(decode(&text), Ok(file.clone()), "{length}");
            assert_eq!(decode(text.trim_end()), Ok(file), "{length}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = encode(&[7; 60]);
        for other in [
            text.replace('\n', "\r\n"),
            format!("{text}\n"),
            format!(" {text}"),
            text.replace("-----BEGIN", "----BEGIN"),
            text.replacen("BwcH", "BwcH\n", 1),
            text.replace("\n-----END", "\n\n-----END"),
            canonical::encode(&[7; 60]),
            encode(&[]),
            String::new(),
        ] {
            assert_eq!(decode(&other), Err(Fault::NotCanonical), "{other:?}");
        }
    }
}
