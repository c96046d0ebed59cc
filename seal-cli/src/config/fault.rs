//! What is wrong with a configuration, and on which line.

use std::fmt;

use seal_manifest::ReadError;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From one; `None` when it is about the file, or the text names the line.
    line: Option<usize>,
    text: String,
}

impl Fault {
    pub(crate) fn new(line: usize, text: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            text: text.into(),
        }
    }

    pub(crate) fn of_file(text: impl Into<String>) -> Self {
        Self {
            line: None,
            text: text.into(),
        }
    }

    /// The file is no YAML at all, or no mapping.
    pub(crate) fn unreadable(reason: &ReadError) -> Self {
        match reason {
            ReadError::NotAMapping { line, .. } => Self::new(
                *line,
                "the file should be keys and values (recipients, rules)",
            ),
            ReadError::Syntax {
                line,
                column,
                reason,
                ..
            } => Self::new(*line, format!("column {column}: {reason}")),
            ReadError::DuplicateKey {
                line, first_line, ..
            } => Self::new(
                *line,
                format!("this key was already given on line {first_line}; keep one of the two"),
            ),
            other => Self::of_file(other.to_string()),
        }
    }
}

/// Everything that is wrong with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line for each, in the order of the file.
    pub(crate) fn of(&self, path: String) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let mut faults: Vec<&Fault> = self.0.iter().collect();
            faults.sort_by_key(|fault| fault.line);
            for (number, fault) in faults.into_iter().enumerate() {
                let next = if number == 0 { "" } else { "\n  " };
                write!(f, "{next}{path}: ")?;
                if let Some(line) = fault.line {
                    write!(f, "line {line}: ")?;
                }
                f.write_str(&fault.text)?;
            }
            Ok(())
        })
    }
}
