//! Answers that come in pages.

use aws_edge::CallFault;

/// The token to ask for the next page with. The one that was asked with is none: the answer would never end,
/// and half of it must not pass for the whole.
pub(super) fn following(asked: Option<&str>, next: String) -> Result<String, CallFault> {
    if asked == Some(&*next) {
        return Err(CallFault::BadAnswer);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_never_end_are_no_answer() {
        for (asked, next, follows) in [
            (None, "a", Ok("a".to_owned())),
            (Some("a"), "b", Ok("b".to_owned())),
            (Some("a"), "a", Err(CallFault::BadAnswer)),
        ] {
            assert_eq!(following(asked, next.to_owned()), follows, "{asked:?}");
        }
    }
}
