//! Which SealedSecret of a file is meant.

use sealing::SealedDocument;

use crate::context::without_kind;
use crate::error::CliError;
use crate::sealed_file::SealedFile;
use crate::title::Title;

/// Flags that choose it, and hold it to what the user has in mind.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct WhichArgs {
    /// The SealedSecret by its number among the documents of the file
    #[arg(long, value_name = "N", help_heading = "Target")]
    document: Option<usize>,

    /// The SealedSecret by its name
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    name: Option<String>,

    /// Its namespace; a file that names another is refused
    #[arg(short = 'n', long, value_name = "NAMESPACE", help_heading = "Target")]
    namespace: Option<String>,
}

/// The one that is meant.
pub(crate) struct Which<'f> {
    pub(crate) sealed: &'f SealedDocument,
    pub(crate) title: Title,
}

impl WhichArgs {
    /// Finds it.
    ///
    /// # Errors
    /// If there are none or several, or if it has another namespace than was said.
    pub(crate) fn of<'f>(&self, file: &'f SealedFile) -> Result<Which<'f>, CliError> {
        let from = || file.path.display().to_string();
        let sealed = match &self.name {
            None => file.only(self.document)?,
            Some(name) => {
                let mut called = file.sealed.iter().filter(|sealed| {
                    sealed.name == *name
                        && self.document.is_none_or(|index| sealed.index == index)
                        && self.admits(sealed)
                });
                let first = called.next().ok_or_else(|| CliError::NoSuchName {
                    from: from(),
                    name: name.clone(),
                })?;
                if called.next().is_some() {
                    return Err(CliError::WhichDocument(from()));
                }
                first
            }
        };
        let given = self.namespace.as_deref().map(without_kind);
        if let (Some(own), Some(given)) = (&sealed.namespace, given)
            && !self.admits(sealed)
        {
            return Err(CliError::OtherNamespace {
                from: from(),
                name: sealed.name.clone(),
                own: own.clone(),
                given: given.to_owned(),
            });
        }
        let namespace = sealed.namespace.as_deref().or(given);
        Ok(Which {
            sealed,
            title: Title {
                name: sealed.name.clone(),
                namespace: namespace.unwrap_or_default().to_owned(),
                scope: sealed.scope,
            },
        })
    }

    fn admits(&self, sealed: &SealedDocument) -> bool {
        let given = self.namespace.as_deref().map(without_kind);
        let own = sealed.namespace.as_deref();
        given.is_none() || own.is_none() || given == own
    }
}
