//! Which SealedSecret of a file is meant.

use seal_format::Scope;
use sealing::SealedDocument;

use crate::config::Target;
use crate::config::known::Said;
use crate::context::without_kind;
use crate::error::CliError;
use crate::object_name;
use crate::sealed_file::SealedFile;
use crate::title::Title;

/// Flags that choose it, and hold it to what the user has in mind.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct WhichArgs {
    /// The SealedSecret by its number among the documents of the file
    #[arg(long, value_name = "N", help_heading = "Target")]
    document: Option<usize>,

    /// The SealedSecret by its name. Confirms one that was renamed
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    name: Option<String>,

    /// Its namespace; a file that names another is refused. Confirms a file that was moved there
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
        let namespace = self.namespace.as_deref().map(without_kind);
        object_name::check(self.name.as_deref(), namespace).map_err(CliError::TypedName)?;
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
        if let (Some(own), Some(given)) = (&sealed.namespace, namespace)
            && !self.admits(sealed)
        {
            return Err(CliError::OtherNamespace {
                from: from(),
                name: sealed.name.clone(),
                own: own.clone(),
                given: given.to_owned(),
            });
        }
        let mut title = Title::of_sealed(sealed);
        if let Some(given) = namespace.filter(|_| title.namespace.is_empty()) {
            given.clone_into(&mut title.namespace);
        }
        Ok(Which { sealed, title })
    }

    /// What of the place was named. The file has the same, or it is refused.
    pub(crate) fn said(&self) -> Said {
        Said {
            namespace: self.namespace.is_some(),
            name: self.name.is_some(),
        }
    }

    fn admits(&self, sealed: &SealedDocument) -> bool {
        let given = self.namespace.as_deref().map(without_kind);
        let own = sealed.namespace.as_deref();
        given.is_none() || own.is_none() || given == own
    }
}

impl Which<'_> {
    /// A file that names no namespace is for the one that its rule says.
    pub(crate) fn by_rule(&mut self, target: &Target) {
        if let Some(namespace) = &target.namespace
            && self.title.namespace.is_empty()
            && self.title.scope != Scope::ClusterWide
        {
            self.title.namespace.clone_from(namespace);
        }
    }
}
