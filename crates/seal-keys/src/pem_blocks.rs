//! PEM blocks out of a text in which people may have put anything else, too.

use pem::Pem;
use zeroize::Zeroizing;

/// Where a block may begin.
const BEGIN: &str = "-----BEGIN ";

/// Every well-formed block, in order. Text between blocks and damaged blocks are passed over, as
/// Go's `encoding/pem` does: they are not what a caller asks for.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Pem> {
    let starts: Vec<usize> = text
        .windows(BEGIN.len())
        .enumerate()
        .filter(|(_, window)| *window == BEGIN.as_bytes())
        .map(|(at, _)| at)
        .collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    starts
        .into_iter()
        .zip(ends)
        .filter_map(|(start, end)| block(&text[start..end]))
}

/// Go minds no empty lines between those of base64; the library does.
fn block(text: &[u8]) -> Option<Pem> {
    pem::parse(text).ok().or_else(|| {
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty());
        pem::parse(Zeroizing::new(lines.collect::<Vec<_>>().join(&b'\n')).as_slice()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_blocks_do_not_hide_others() {
        let text = "words\n-----BEGIN A-----\n!!\n-----END A-----\n-----BEGIN B-----\n-----BEGIN C-----\nAAAA\n-----END C-----\nwords\n-----BEGIN D-----\r\nAAAA\r\n-----END D-----\r\n";
        let tags: Vec<_> = blocks(text.as_bytes())
            .map(|block| block.tag().to_owned())
            .collect();
        assert_eq!(tags, ["C", "D"]);
        assert_eq!(blocks(b"").count(), 0);
        let gaps = "-----BEGIN A-----\n\nAAAA\n\nAAAA\n-----END A-----\n";
        assert_eq!(blocks(gaps.as_bytes()).count(), 1);
    }
}
