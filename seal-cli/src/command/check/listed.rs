//! What a SealedSecret is, for those who ask for a list: its scope, its formats, for whom it is.

use seal_format::se1::DataKeyBlock;

use super::catalog::SEALED;
use super::certificate::Target;
use super::finding::Finding;
use super::object::Object;
use super::values::Values;
use crate::recipient::shown;

/// One line. `targets` are certificates at hand.
pub(super) fn finding(object: &Object<'_>, values: &Values<'_>, targets: &[Target]) -> Finding {
    let mut told = vec![object.scope.to_string(), items(object.items().count())];
    let mut sizes: Vec<_> = values
        .legacy
        .iter()
        .map(|(_, _, bytes)| bytes * 8)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    for bits in sizes {
        told.push(format!("legacy for RSA-{bits}{}", of_size(bits, targets)));
    }
    if let Some(se1) = &values.se1 {
        let wraps = se1.referenced().into_iter().flat_map(DataKeyBlock::wraps);
        let mut readers: Vec<_> = wraps
            .map(|wrap| {
                let known = targets.iter().find(|it| it.reader() == wrap.to.as_str());
                known.map_or_else(|| shown(&wrap.to), Target::told)
            })
            .collect();
        readers.sort();
        readers.dedup();
        told.push(format!("SE1 for {}", readers.join(", ")));
    }
    object.finding(&SEALED, object.root.line(), told.join("; "))
}

fn items(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} item{plural}")
}

/// A legacy value shows the size of its key, and nothing else.
fn of_size(bits: usize, targets: &[Target]) -> String {
    let may = targets.iter().filter(|target| target.bits() == Some(bits));
    let may: Vec<_> = may.map(Target::told).collect();
    if may.is_empty() {
        return String::new();
    }
    format!(", perhaps {}", may.join(" or "))
}
