//! The table at the end.
#![allow(clippy::print_stdout, reason = "the benchmark is what it prints")]

/// Tables: the peer, and rows: what, ours, theirs, how they compare.
#[derive(Default)]
pub(crate) struct Figures(Vec<(&'static str, Vec<[String; 4]>)>);

impl Figures {
    /// Rows from here on are about this peer.
    pub(crate) fn beside(&mut self, peer: &'static str) {
        self.0.push((peer, Vec::new()));
    }

    /// Where less is better: adds how many times less ours is.
    pub(crate) fn less_is_better(&mut self, what: &str, unit: &str, ours: f64, theirs: f64) {
        let ratio = format!("{:.1} times less", theirs / ours);
        self.row(what, &number(ours, unit), &number(theirs, unit), &ratio);
    }

    pub(crate) fn row(&mut self, what: &str, ours: &str, theirs: &str, note: &str) {
        println!("{what}: {ours} against {theirs} ({note})");
        if let Some((_, rows)) = self.0.last_mut() {
            rows.push([what, ours, theirs, note].map(str::to_owned));
        }
    }

    pub(crate) fn print(&self) {
        for (peer, rows) in self.0.iter().filter(|(_, rows)| !rows.is_empty()) {
            println!("\n| work | seal | {peer} | |\n|---|---|---|---|");
            for row in rows {
                println!("| {} |", row.join(" | "));
            }
        }
    }
}

pub(crate) fn number(value: f64, unit: &str) -> String {
    if value < 10.0 {
        format!("{value:.2} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// The value below which `share` of the samples lie.
pub(crate) fn quantile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a few hundred samples"
    )]
    let index = (samples.len().saturating_sub(1) as f64 * share).round() as usize;
    samples.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_unsorted_samples() {
        let mut samples = [5.0, 1.0, 4.0, 2.0, 3.0];
        for (share, expected) in [(0.0, 1.0), (0.5, 3.0), (0.99, 5.0)] {
            let found = quantile(&mut samples, share);
            assert!((found - expected).abs() < f64::EPSILON, "{share}: {found}");
        }
    }
}
