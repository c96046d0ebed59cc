//! Kubernetes manifests as text: documents in, documents out.
//!
//! This crate knows no files, no clock and no Kubernetes types. It reads YAML streams and
//! concatenated JSON objects into [`Node`] trees that remember where everything stood, resolving
//! scalars as `kubectl` and `kubeseal` do (YAML 1.1, `sigs.k8s.io/yaml` over `yaml.v2`), and it
//! writes values byte for byte as those programs write them (contract §3.4 and §3.5).
//!
//! SealedSecrets that are committed are changed in place: [`edit`] replaces the lines of the entries
//! that change, and no others, and in JSON and between braces only the values and members themselves; [`edit_all`] does so in several documents at once. [`set_texts`] does it
//! for labels, annotations and other mappings of text under `spec`, [`edit_documents`] both for many.
//!
//! What is read may be secret: scalars are wiped when dropped, nothing here implements a `Debug`
//! that prints content, and a [`ReadError`] holds positions and kinds, never text of the input.
//!
//! Differences from the Go reader stand, each with its reason, in
//! `tests/go_oracle/exceptions.rs`; any other fails there. Those on purpose: a key given twice is
//! an error (Go keeps the last and says nothing), `!!binary` that is not UTF-8 is an error (Go
//! replaces the bytes), everything after a `...` line is read (Go drops it), and a key that stands
//! beside `<<` wins over the merged one wherever it stands (in Go the later one wins).

mod block_edit;
mod changes;
mod compose;
mod data_keys_block;
mod decimal;
mod document;
mod edit_error;
mod encrypted_data_block;
mod flow_edit;
mod flow_mapping;
mod flow_notation;
mod item_order;
mod json_document;
mod json_outline;
mod json_writer;
mod key_order;
mod limits;
mod lines;
mod loose_quotes;
mod mapping;
mod node;
mod outline;
mod pieces;
mod plan;
mod read_error;
mod resolve;
mod rewrite;
mod sameness;
mod scalar;
mod scalar_style;
mod sealed_layout;
mod splice;
mod stream_edit;
mod text_edit;
mod timestamp;
mod trace;
mod wiped_text;
mod yaml_writer;

pub use block_edit::{BlockEdit, edit};
pub use document::{Document, Part, join, parts, quoted, read, read_within};
pub use edit_error::{Block, Construct, EditError};
pub use json_writer::write_json;
pub use limits::Limits;
pub use node::{Coerced, Node, NodeKind};
pub use read_error::{ReadError, SyntaxReason};
pub use sealed_layout::write_sealed_yaml;
pub use stream_edit::{DocumentEdit, edit_all, edit_documents};
pub use text_edit::{TextEdit, set_texts};
pub use yaml_writer::write_yaml;

/// The two notations of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Indented JSON, as `kubectl -o json` prints it.
    Json,
    /// Block YAML, as `kubectl -o yaml` prints it.
    Yaml,
}
