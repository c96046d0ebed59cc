//! How long a token holds. Who signed it is for the API server to know.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// So long a request may be on its way.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// Whether a token still holds; `None` if it is none.
pub(super) fn is_valid(token: &str, now: Timestamp) -> Option<bool> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let Claims { exp } = serde_json::from_slice(&payload).ok()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a time far away is far away"
    )]
    let until = Timestamp::from_second(exp as i64).ok()?;
    Some(now.duration_since(until) < -MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_hold_until_they_expire() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for (token, expected) in [
            (token(r#"{"exp":1800000011}"#), Some(true)),
            (token(r#"{"exp":1800000010}"#), Some(false)),
            (token(r#"{"exp":1.8000001e9,"sub":"x"}"#), Some(true)),
            (token(r#"{"exp":1e300}"#), None),
            (token(r#"{"sub":"x"}"#), None),
            ("h.!.s".to_owned(), None),
            ("opaque".to_owned(), None),
            (format!("{}.x", token(r#"{"exp":1}"#)), None),
        ] {
            assert_eq!(is_valid(&token, now), expected, "{token}");
        }
    }
}
