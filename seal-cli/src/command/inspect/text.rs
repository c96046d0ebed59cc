//! The explanation as people read it.

use std::fmt::Write as _;

use super::report::{DataKey, Report};
use crate::ui::{in_line, printable};

pub(crate) fn of(report: &Report) -> String {
    let mut text = String::new();
    let namespace = report.namespace.as_deref().unwrap_or("any namespace");
    let _ = writeln!(
        text,
        "{}, document {}: {} in {}, {}",
        report.file,
        report.document,
        in_line(&report.name),
        in_line(namespace),
        report.scope
    );
    items(&mut text, report);
    for key in &report.data_keys {
        data_key(&mut text, key);
    }
    let quantum = if report.post_quantum { "yes" } else { "no" };
    let _ = writeln!(text, "  post-quantum: {quantum}");
    for fault in &report.faults {
        let class = fault.class.unwrap_or("unreadable");
        let _ = writeln!(
            text,
            "  refused [{class}]: {}: {}",
            in_line(&fault.at.join(", ")),
            in_line(&fault.text)
        );
    }
    for hint in &report.hints {
        let _ = writeln!(text, "  hint: {}", in_line(hint));
    }
    printable(&text)
}

fn items(text: &mut String, report: &Report) {
    let width = report.items.iter().map(|item| item.item.len()).max();
    let width = width.unwrap_or_default();
    for item in &report.items {
        let bytes = item
            .bytes
            .map_or_else(|| "? bytes".to_owned(), |bytes| format!("{bytes} bytes"));
        let key = item
            .data_key
            .as_ref()
            .map(|id| format!(", data key {id}"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "  {:width$}  line {}: {}, {bytes}{key}",
            in_line(&item.item),
            item.line,
            item.format
        );
    }
}

fn data_key(text: &mut String, key: &DataKey) {
    let _ = writeln!(text, "  data key {}, bound to {}:", key.id, key.bound_to);
    for recipient in &key.recipients {
        let quantum = if recipient.post_quantum {
            "post-quantum"
        } else {
            "classical"
        };
        let name = recipient.name.as_ref();
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        let _ = writeln!(
            text,
            "    {name}{} ({}, {quantum}, {} bytes)",
            in_line(&recipient.to),
            recipient.kind,
            recipient.bytes
        );
    }
}
