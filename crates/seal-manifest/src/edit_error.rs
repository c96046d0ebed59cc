//! Why a committed file is not edited: positions, kinds and names of items, never values.

use crate::read_error::ReadError;
use std::fmt;
use thiserror::Error;

/// An edit that was refused; the text is as it was. Documents and lines count from one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// The file cannot be read, so nothing in it can be changed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Fewer documents than that.
    #[error("there is no document {document} in this file; it has {documents}")]
    NoSuchDocument {
        /// The document that was asked for.
        document: usize,
        /// Documents that are not blank.
        documents: usize,
    },
    /// Nothing to hang the two blocks in.
    #[error(
        "document {document}, line {line}: there is no `spec` here, so it is no SealedSecret; seal the Secret again instead of editing"
    )]
    NoSpec {
        /// Number among the documents that are not blank.
        document: usize,
        /// First line of the document.
        line: usize,
    },
    /// A list or a word where keys and values belong.
    #[error(
        "document {document}, line {line}: `{block}` holds no keys and values; correct it first"
    )]
    NotAMapping {
        /// Number among the documents that are not blank.
        document: usize,
        /// Line of the value.
        line: usize,
        /// What should be a mapping.
        block: Block,
    },
    /// Notation that an edit could change the meaning of.
    #[error(
        "document {document}, line {line}: {construct} in or around `{block}`: an edit could change more than it should; write it out by hand first"
    )]
    Refused {
        /// Number among the documents that are not blank.
        document: usize,
        /// Line of the construct.
        line: usize,
        /// Where it was in the way.
        block: Block,
        /// What was in the way.
        construct: Construct,
    },
    /// An item that no Secret can have, and that would not fit in a comment.
    #[error(
        "{item:?} cannot be the name of an item; names are letters, digits, `-`, `_` and `.`, at most 253 of them"
    )]
    ItemName {
        /// The name, beginning of it if it is long.
        item: String,
    },
    /// An id that no data key has.
    #[error("{id:?} cannot be the id of a data key; ids are lower-case letters and digits")]
    DataKeyId {
        /// The id, beginning of it if it is long.
        id: String,
    },
    /// What is to be written is no sealed value.
    #[error(
        "the new value of item {item} is not one word of printable ASCII, so it is no sealed value"
    )]
    Value {
        /// The item that was to be set.
        item: String,
    },
    /// What is to be written is no data key.
    #[error("the new entry of data key {id} is no mapping")]
    DataKey {
        /// The data key that was to be set.
        id: String,
    },
    /// Nothing to remove, or nothing to put a data key under.
    #[error("document {document}: there is no item {item} in `spec.encryptedData`")]
    NoSuchItem {
        /// Number among the documents that are not blank.
        document: usize,
        /// The item.
        item: String,
    },
    /// Nothing to remove.
    #[error("document {document}: there is no data key {id} in `spec.dataKeys`")]
    NoSuchDataKey {
        /// Number among the documents that are not blank.
        document: usize,
        /// The data key.
        id: String,
    },
    /// The check after the edit found more or less changed than was asked for.
    #[error(
        "document {document}: this layout cannot be edited safely: after the edit the file would not read as it should; seal the Secret again, or lay out `spec` as seal does"
    )]
    Unsafe {
        /// Number among the documents that are not blank.
        document: usize,
    },
}

/// The parts of a SealedSecret that edits are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// The whole document, where it is written in braces.
    Document,
    /// `spec`.
    Spec,
    /// `spec.encryptedData`.
    EncryptedData,
    /// `spec.dataKeys`.
    DataKeys,
    /// `spec.template`.
    Template,
}

impl Block {
    /// Its key in `spec`, for what stands there.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Document => "",
            Self::Spec => "spec",
            Self::EncryptedData => "encryptedData",
            Self::DataKeys => "dataKeys",
            Self::Template => "template",
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document => "the document",
            Self::Spec => "spec",
            Self::EncryptedData => "spec.encryptedData",
            Self::DataKeys => "spec.dataKeys",
            Self::Template => "spec.template",
        })
    }
}

/// Notation that is valid YAML and in the way of an edit.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Construct {
    /// `&name`.
    #[error("an anchor (`&name`)")]
    Anchor,
    /// `*name`.
    #[error("an alias (`*name`)")]
    Alias,
    /// `<<`.
    #[error("a merge key (`<<`)")]
    MergeKey,
    /// `!name`.
    #[error("a tag (`!name`)")]
    Tag,
    /// `? key`.
    #[error("a complex key (`? key`)")]
    ComplexKey,
    /// Something else than white space before a key on its line.
    #[error("a key that does not begin its line")]
    SharedLine,
    /// A list or mapping where a sealed value belongs.
    #[error("a list or mapping where a sealed value belongs")]
    NotText,
}
