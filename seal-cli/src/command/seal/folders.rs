//! Many files: each is sealed into a file of its own, or left; one that fails stops no other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::folders_error::FoldersError;
use super::inputs::{Found, Inputs, is_pattern, real};
use super::plan::{self, Plan, Planner};
use super::present::Present;
use super::reuse::{OldFile, Reuse};
use super::tally::Tally;
use super::work::{Sealed, Work};
use crate::args::usual_format;
use crate::batch::{self, Progress};
use crate::config;
use crate::context::Context;
use crate::error::CliError;
use crate::input::{self, Content, Holds};
use crate::output::{self, Destination, Format};
use crate::ui;

/// Files that are in memory at once.
const AT_ONCE: usize = 256;

/// What was asked for.
pub(super) struct Folders<'a> {
    context: &'a Context,
    typed: Vec<PathBuf>,
    out: PathBuf,
    /// `--format`, when given.
    format: Option<Format>,
}

/// A file that holds Secrets.
struct Job<'i> {
    place: usize,
    found: &'i Found,
    output: PathBuf,
}

/// The same with what was decided about it.
struct Planned<'j, 'i, 'a> {
    job: &'j Job<'i>,
    plan: Plan<'a>,
    old: Option<OldFile<'a>>,
}

impl<'a> Folders<'a> {
    /// `None` if one file goes to one place. `several` has the inputs if there is more than one.
    ///
    /// # Errors
    /// [`FoldersError`], for flags that contradict each other.
    pub(super) fn asked(
        context: &'a Context,
        several: Vec<PathBuf>,
        format: Option<String>,
    ) -> Result<Option<Self>, CliError> {
        let typed = match &context.secret_file {
            Some(only) if several.is_empty() => vec![only.clone()],
            _ => several,
        };
        let out = match &context.destination {
            Destination::File(path) => Some(path.clone()),
            Destination::Stdout => None,
        };
        let into_folder = out.as_deref().is_some_and(is_folder);
        let of_many = |typed: &PathBuf| typed.is_dir() || is_pattern(typed) || into_folder;
        if typed.len() < 2 && !typed.iter().any(of_many) {
            return Ok(None);
        }
        let is_stdin = |typed: &PathBuf| typed.as_os_str().is_empty() || typed == Path::new("-");
        if typed.iter().any(is_stdin) {
            return Err(FoldersError::Stdin.into());
        }
        let out = out.ok_or(FoldersError::NoFolder)?;
        if out.exists() && !out.is_dir() {
            return Err(FoldersError::NotAFolder(out).into());
        }
        if !out.exists() && batch::is_manifest(&out) {
            return Err(FoldersError::CalledAsFile(out).into());
        }
        if let Some(name) = &context.name {
            return Err(FoldersError::Name(name.clone()).into());
        }
        Ok(Some(Self {
            context,
            typed,
            out,
            // It was understood already.
            format: format.map(|_| context.format),
        }))
    }

    /// Seals every file that can be sealed.
    pub(super) fn run(self, reuse: Option<&'a Reuse>) -> Result<(), CliError> {
        let mut planner = Planner::new(self.context)?;
        let inputs = Inputs::find(&self.typed)?;
        inputs.admit_folder(&self.out)?;
        for link in &inputs.links {
            ui::warn(&format!(
                "{}: links are not followed; name what it leads to with -f",
                link.display()
            ));
        }
        let mut tally = Tally::default();
        let jobs = self.look(&inputs, &mut tally)?;
        let progress = Progress::new(jobs.len());
        let mut made = Made::default();
        for some in jobs.chunks(AT_ONCE) {
            let mut chosen = Vec::with_capacity(some.len());
            // Rules may ask people, and tell them things: in the order of the files.
            for job in some {
                let folder = job.output.parent().unwrap_or(Path::new("."));
                let plan = self
                    .admit(&job.output)
                    .and_then(|()| made.folder(folder))
                    .and_then(|()| planner.plan(Some(&job.output)));
                match plan {
                    Ok(plan) => {
                        let below = Some(job.found.below.as_path());
                        let old = reuse.map(|reuse| reuse.of(below, Some(&job.output)));
                        chosen.push(Planned { job, plan, old });
                    }
                    Err(error) => tally.fail(job.place, &job.found.path, error),
                }
            }
            let sealed: Vec<_> = chosen
                .par_iter()
                .map(|planned| {
                    let sealed = self.seal(planned);
                    progress.step();
                    sealed
                })
                .collect();
            self.write(chosen, sealed, jobs.len() == 1, &mut tally);
        }
        progress.clear();
        made.remove_empty();
        let from: Vec<_> = self
            .typed
            .iter()
            .map(|it| it.display().to_string())
            .collect();
        tally.end(from.join(", "))
    }

    /// Which of the files hold Secrets, and where their results go.
    fn look<'i>(&self, inputs: &'i Inputs, tally: &mut Tally) -> Result<Vec<Job<'i>>, CliError> {
        let files = inputs.files.par_iter();
        // Plaintext of one file for each processor, never of all.
        let contents = files.map(|found| input::content(&found.path).map(Content::holds));
        let contents: Vec<_> = contents.collect();
        let mut jobs = Vec::new();
        for (place, (found, content)) in inputs.files.iter().zip(contents).enumerate() {
            let path = found.path.display();
            match content {
                Ok(Holds::Secrets) => jobs.push(Job {
                    place,
                    found,
                    output: self.out.join(&found.below),
                }),
                Ok(Holds::Sealed) => {
                    tally.sealed_already += 1;
                    tally
                        .notes
                        .push(format!("{path}: sealed already, passed over"));
                }
                Ok(Holds::Other) => {
                    tally.without += 1;
                    if found.named {
                        tally
                            .notes
                            .push(format!("{path}: no Secret in it, passed over"));
                    }
                }
                Err(error) => tally.fail(place, &found.path, error),
            }
        }
        let is_yaml = |job: &&Job<'_>| Format::of_name(&job.output) == Some(Format::Yaml);
        if self.format == Some(Format::Json)
            && let Some(job) = jobs.iter().find(is_yaml)
        {
            return Err(FoldersError::Json(job.output.clone()).into());
        }
        let pairs = jobs.iter().map(|job| (job.found, job.output.clone()));
        inputs.admit_results(&pairs.collect::<Vec<_>>())?;
        Ok(jobs)
    }

    /// Links in the folder for results must not lead out of it: nobody named that place.
    fn admit(&self, output: &Path) -> Result<(), CliError> {
        let path = real(output);
        if path.starts_with(real(&self.out)) {
            return Ok(());
        }
        Err(FoldersError::Elsewhere {
            output: output.to_owned(),
            real: config::shown(&path),
            folder: self.out.clone(),
        }
        .into())
    }

    fn seal(&self, planned: &Planned<'_, '_, '_>) -> Result<(Sealed, Present), CliError> {
        let Planned { job, plan, old } = planned;
        let present = Present::at(&job.output)?;
        let Content::Secrets(secrets) = input::content(&job.found.path)? else {
            return Err(CliError::Changed(job.found.path.display().to_string()));
        };
        present.admit(input::names(&secrets, None))?;
        let format = match self.format {
            Some(typed) => typed,
            None => usual_format(Some(&job.output))?,
        };
        let from = Some(job.found.path.as_path());
        let work = Work::new(self.context, plan, from, &secrets, format)?;
        let sealed = work.seal(secrets, plan, old.as_ref())?;
        Ok((sealed, present))
    }

    /// Each file whole. `durable` waits for the disk.
    fn write(
        &self,
        planned: Vec<Planned<'_, '_, '_>>,
        sealed: Vec<Result<(Sealed, Present), CliError>>,
        durable: bool,
        tally: &mut Tally,
    ) {
        let mut ready = Vec::with_capacity(planned.len());
        for (planned, sealed) in planned.into_iter().zip(sealed) {
            match sealed {
                Ok(sealed) => ready.push((planned, sealed)),
                Err(error) => tally.fail(planned.job.place, &planned.job.found.path, error),
            }
        }
        let places = ready.iter();
        let places: Vec<_> = places
            .map(|(planned, (sealed, _))| (&planned.plan, sealed.titles.as_slice()))
            .collect();
        let remembered = plan::remember(self.context, &places).map_err(Arc::new);
        for (Planned { job, old, .. }, (sealed, present)) in ready {
            tally.old.extend(sealed.notes);
            if old.is_some() && output::holds(&job.output, &sealed.documents) {
                tally.unchanged += 1;
                continue;
            }
            let written = remembered.clone().map_err(CliError::Shared);
            let written = written.and_then(|()| present.replace(&sealed.documents, durable));
            match written {
                Ok(()) => {
                    tally.files += 1;
                    tally.secrets += sealed.count;
                    tally.reports.extend(sealed.report);
                }
                Err(error) => tally.fail(job.place, &job.found.path, error),
            }
        }
    }
}

/// A folder, or a name that can be nothing else.
fn is_folder(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    path.is_dir() || text.ends_with(b"/")
}

/// Folders for results: rules are looked up from them. Those that stay empty go again.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn folder(&mut self, folder: &Path) -> Result<(), CliError> {
        let missing = folder.ancestors().take_while(|above| !above.exists());
        let missing = missing.filter(|above| !above.as_os_str().is_empty());
        let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
        missing.reverse();
        self.0.append(&mut missing);
        std::fs::create_dir_all(folder).map_err(|reason| CliError::Output {
            to: folder.display().to_string(),
            reason,
        })
    }

    fn remove_empty(self) {
        for folder in self.0.iter().rev() {
            // One that holds something stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}
