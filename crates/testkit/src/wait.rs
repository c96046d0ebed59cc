//! Waiting for a condition, and saying that a test cannot run here.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Between two looks. Short enough not to be felt, long enough to leave the cores to the servers.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks until `look` finds something or `timeout` is over.
///
/// This is the only place of the test bed that sleeps: tests wait for conditions, not for time.
///
/// # Errors
/// When nothing was found in time; the message repeats `what`.
pub fn wait_for<T>(
    what: &str,
    timeout: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!(
                "gave up after {} s waiting for {what}",
                timeout.as_secs_f32()
            );
        }
        std::thread::sleep(INTERVAL);
    }
}

/// [`wait_for`] as an assertion: fails the test, naming `what`, when nothing was found in time.
///
/// # Panics
/// When `timeout` is over.
#[track_caller]
pub fn eventually<T>(what: &str, timeout: Duration, look: impl FnMut() -> Option<T>) -> T {
    match wait_for(what, timeout, look) {
        Ok(found) => found,
        #[expect(clippy::panic, reason = "an assertion of tests")]
        Err(error) => panic!("{error}"),
    }
}

/// Says that the calling test did not run, and why; the test then returns.
///
/// Written past the harness's capture, so that it is seen for passing tests too: `cargo xtask test`
/// counts these lines and takes them off the number of tests that passed.
pub fn skip(reason: &str) {
    // Nowhere to report to if stdout is gone.
    let _ = writeln!(std::io::stdout(), "SKIPPED: {reason}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_what_was_found() {
        let mut looks = 0;
        let found = wait_for("the third look", Duration::from_mins(1), || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found.unwrap(), 3);
    }

    #[test]
    fn names_what_never_came() {
        let error = wait_for::<()>("Godot", Duration::ZERO, || None).unwrap_err();
        assert!(error.to_string().contains("Godot"), "{error}");
    }

    #[test]
    #[should_panic(expected = "Godot")]
    fn eventually_fails_the_test() {
        eventually::<()>("Godot", Duration::ZERO, || None);
    }
}
