//! Why nothing was merged. The file is as it was.

use seal_format::Scope;

use crate::input::Place;

/// Files and objects are named, values never.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error(
        "--merge-into changes its file in place, and --sealed-secret-file (-w, or SEALED_SECRETS_SEALED_SECRET_FILE) names another for the result; give one of them"
    )]
    OutputFile,
    #[error(
        "{file}: --scope {asked} was said, but the file is {own} by its annotations, and all items of a SealedSecret have one scope; leave --scope out, or seal the whole Secret again for the scope that is meant"
    )]
    ScopeOfFlag {
        file: String,
        own: Scope,
        asked: Scope,
    },
    #[error(
        "{from}: {place}: its annotations ask for the scope {asked}, but {file} is {own}, and all items of a SealedSecret have one scope; remove the annotation, or seal the whole Secret again for the scope that is meant"
    )]
    ScopeOfInput {
        from: String,
        place: Place,
        file: String,
        own: Scope,
        asked: Scope,
    },
    #[error(
        "{from}: {place}: several SealedSecrets are in {file}, and the Secret has no name to tell which; add metadata.name, or give --name"
    )]
    NoName {
        from: String,
        place: Place,
        file: String,
    },
    #[error(
        "{from}: {place}: there is no SealedSecret {name} in {file}{there}: --name says which is meant"
    )]
    NoTarget {
        from: String,
        place: Place,
        name: String,
        file: String,
        /// In which namespace, and what there is.
        there: String,
    },
    #[error(
        "{from}: {place}: several SealedSecrets {name} are in {file}; say with --namespace which is meant"
    )]
    SeveralTargets {
        from: String,
        place: Place,
        name: String,
        file: String,
    },
    #[error("{from}: {place}: the Secret is {differs}; {next}")]
    OtherObject {
        from: String,
        place: Place,
        /// What it is, and what the SealedSecret is.
        differs: String,
        next: String,
    },
    #[error(
        "{file}: the SealedSecret {object} stands twice, in lines {first} and {second}, and the cluster would keep one of them; make one of both"
    )]
    TwiceInFile {
        file: String,
        object: String,
        first: usize,
        second: usize,
    },
    #[error(
        "{from}: {place}: another Secret before it is for the SealedSecret {name} as well; make one of them"
    )]
    Twice {
        from: String,
        place: Place,
        name: String,
    },
    #[error(
        "{from}: other values in it are for {others}, not named by the rule; look who that is, and make the file follow the rule (seal recipients sync), or go on with seal merge --allow-other-readers"
    )]
    OtherReaders { from: String, others: String },
    #[error("{0} cannot be written in another format; leave --format out")]
    Convert(String),
}
