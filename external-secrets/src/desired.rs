//! From the stores to the Secret: fetch, render, write.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use external_data::{
    Assembled, Bounds, Entry, Exceeded, RenderError, RenderedSecret, SecretData, SourceKind,
    Sources as TemplateSources, Want, assemble, render, sources,
};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Api, Resource as _};
use operator_kit::live::Applied;
use operator_kit::secret_sync::{SyncFault, Synced, Target, Write, Written};
use seal_api::external_secrets::{
    CreationPolicy, DeletionPolicy, ExternalSecret, Template, field_manager,
};
use template::{Dialect, Engine, GoTemplate, Limits, MissingKey};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::deletion;
use crate::fetch::{Fetched, Seen, fetch, questions};
use crate::lanes::Place;
use crate::objects::{Guarded, Id};
use crate::plan::{self, Action, Desired};
use crate::reconcile::Context;
use crate::refresh::{self, Why};
use crate::report::Outcome;
use crate::source::Asker;
use crate::status::Verdict;
use crate::sync_error::SyncError;

/// How long a Secret may take to be made of its values.
const LONGEST: Duration = Duration::from_secs(5);

/// Everything of the object that determines its Secret, in 32 bytes.
pub(crate) fn digest(external: &ExternalSecret) -> [u8; 32] {
    let metadata = &external.metadata;
    let parts = [
        metadata.uid.clone().unwrap_or_default().into_bytes(),
        serde_json::to_vec(&external.spec).unwrap_or_default(),
        serde_json::to_vec(&metadata.labels).unwrap_or_default(),
        serde_json::to_vec(&metadata.annotations).unwrap_or_default(),
    ];
    let mut digest = Digest::new(&SHA256);
    for part in &parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}

/// Makes the Secret what it should be. Answers of the stores may be as old as `since`.
pub(crate) async fn bring_about(
    (object, external): (&Arc<Guarded>, &ExternalSecret),
    key: &Id,
    (input, since, why): (&[u8; 32], Instant, Why),
    (context, place): (&Context, &mut Place<'_>),
) -> Result<Outcome, SyncError> {
    let asker = Asker {
        key,
        namespace: external.metadata.namespace.as_deref().unwrap_or_default(),
        interval: refresh::period(&external.spec),
    };
    // Thousands may wait for AWS: what comes before and after is not part of what waits.
    let questions = Box::pin(questions(context, &asker, &external.spec)).await?;
    // Nothing has changed anywhere: neither values nor templates need to be looked at.
    if why == Why::Due
        && context.live.is_current(key, input)
        && context.passes.still_holds(key, input, &questions, since)
    {
        return Ok(Outcome::of(Verdict::synced()));
    }
    let fetched = place.aside(Box::pin(fetch(questions, since)));
    let fetched = context.stop.run_until_cancelled(fetched).await;
    let fetched = fetched.unwrap_or(Err(SyncError::Stopped))?;
    let sources = Box::pin(read_sources(external, context)).await?;
    let object = object.clone();
    let work = move || match &object.0 {
        Ok(external) => make(external, fetched, &sources),
        Err(_) => Err(SyncError::Malformed),
    };
    // Others of the namespace may be at work for long: that is no reason to keep a place.
    let made = place.aside_if_long(Box::pin(context.workshop.make(asker.namespace, work)));
    let made = context.stop.run_until_cancelled(made).await;
    let made = made.unwrap_or(Err(SyncError::Stopped))?;
    let mut outcome = match &made.rendered {
        Some(rendered) => Box::pin(write(external, key, input, rendered, context)).await?,
        None => Box::pin(deletion::without_values(external, context)).await?,
    };
    if why == Why::Due && outcome.written == Some(Written::Updated) {
        followed(made.newest, context);
    }
    note(external, key, input, made.seen, context);
    outcome.missing = made.missing;
    Ok(outcome)
}

/// What was made of values.
struct Made {
    /// Nothing, if the stores have no values and that decides about the Secret.
    rendered: Option<RenderedSecret>,
    missing: Vec<(Entry, String)>,
    /// As [`Fetched`] has them. The values themselves are of no use any more.
    newest: Option<i64>,
    seen: Option<Vec<Seen>>,
}

/// Computes; whoever calls it does not wait for it on a thread that others need.
fn make(
    external: &ExternalSecret,
    fetched: Fetched,
    sources: &TemplateSources,
) -> Result<Made, SyncError> {
    let engine = engine()?;
    let transform = engine.clone().with_missing_key(MissingKey::NoValue);
    let began = Instant::now();
    let bounds = Bounds {
        is_late: &|| began.elapsed() > LONGEST,
        bytes: Bounds::BYTES,
    };
    let answer = |want: &Want| fetched.answer(want);
    let assembled = assemble(&external.spec, answer, &transform, &bounds)?;
    let Assembled { data, missing } = assembled;
    let deletion = external.spec.target.as_ref();
    let deletion = deletion.and_then(|target| target.deletion_policy);
    let rendered = if data.is_empty() && deletion.unwrap_or_default() != DeletionPolicy::Merge {
        None
    } else {
        let none = BTreeMap::new();
        let metadata = &external.metadata;
        let inherited = (
            metadata.labels.as_ref().unwrap_or(&none),
            metadata.annotations.as_ref().unwrap_or(&none),
        );
        let by = (&engine as &dyn Engine, &bounds);
        Some(render(template_of(external), data, inherited, sources, by)?)
    };
    Ok(Made {
        rendered,
        missing,
        newest: fetched.newest,
        seen: fetched.seen,
    })
}

/// A change in AWS has arrived.
fn followed(newest: Option<i64>, context: &Context) {
    let Some(changed) = newest else {
        return;
    };
    let age = Timestamp::now().as_second().saturating_sub(changed);
    let age = Duration::from_secs(u64::try_from(age).unwrap_or_default());
    context.metrics.work.followed(age);
}

/// What is known now, for the next time.
fn note(
    external: &ExternalSecret,
    key: &Id,
    input: &[u8; 32],
    seen: Option<Vec<Seen>>,
    context: &Context,
) {
    let needs_others = template_of(external).is_some_and(|template| !sources(template).is_empty());
    let seen = seen.filter(|_| !needs_others);
    context.passes.holds(key, *input, seen);
}

/// What a template draws at random is new with every render: a Secret is only rendered again when something
/// changed ([`crate::passes::Passes::still_holds`]), or after a restart.
fn engine() -> Result<GoTemplate, SyncError> {
    let mut seed = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *seed).map_err(|_| SyncError::NoEntropy)?;
    let now = Timestamp::now();
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    let moment = template::Moment::new(now.as_second(), nanos);
    let engine = GoTemplate::of(Dialect::ExternalSecrets, Limits::default());
    Ok(engine.at(moment).with_entropy(seed))
}

fn template_of(external: &ExternalSecret) -> Option<&Template> {
    external.spec.target.as_ref()?.template.as_ref()
}

/// Objects that hold templates.
async fn read_sources(
    external: &ExternalSecret,
    context: &Context,
) -> Result<TemplateSources, SyncError> {
    let namespace = external.metadata.namespace.as_deref().unwrap_or_default();
    let mut read = TemplateSources::new();
    let mut held = 0;
    for (kind, name) in template_of(external).map(sources).unwrap_or_default() {
        let (what, found) = match kind {
            SourceKind::ConfigMap => {
                let api: Api<ConfigMap> = Api::namespaced(context.client.clone(), namespace);
                let found = api.get_opt(&name).await;
                ("ConfigMap", found.map(|found| found.map(items_of_map)))
            }
            SourceKind::Secret => {
                let api: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
                let found = api.get_opt(&name).await;
                ("Secret", found.map(|found| found.map(items_of_secret)))
            }
        };
        let found = found.map_err(|error| SyncError::Source {
            what: format!("{what} {name}"),
            fault: error.into(),
        })?;
        if let Some(items) = found {
            held += items
                .iter()
                .map(|(key, item)| key.len() + item.len())
                .sum::<usize>();
            if held > Bounds::BYTES {
                let place = "spec.target.template.templateFrom".to_owned();
                let reason = Exceeded::Bytes;
                return Err(RenderError::Exceeded { place, reason }.into());
            }
            read.insert((kind, name), items);
        }
    }
    Ok(read)
}

fn items_of_map(map: ConfigMap) -> SecretData {
    let items = map.data.into_iter().flatten();
    items
        .map(|(key, text)| (key, Zeroizing::new(text.into_bytes())))
        .collect()
}

fn items_of_secret(secret: Secret) -> SecretData {
    let items = secret.data.into_iter().flatten();
    items
        .map(|(key, bytes)| (key, Zeroizing::new(bytes.0)))
        .collect()
}

/// Who owns what an ExternalSecret makes.
pub(crate) fn owner_reference(external: &ExternalSecret) -> OwnerReference {
    OwnerReference {
        api_version: ExternalSecret::api_version(&()).into_owned(),
        kind: ExternalSecret::kind(&()).into_owned(),
        name: external.metadata.name.clone().unwrap_or_default(),
        uid: external.metadata.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

async fn write(
    external: &ExternalSecret,
    key: &Id,
    input: &[u8; 32],
    rendered: &RenderedSecret,
    context: &Context,
) -> Result<Outcome, SyncError> {
    let target = external.spec.target.clone().unwrap_or_default();
    let template = target.template.as_ref();
    let finalizers = template
        .and_then(|template| template.metadata.as_ref())
        .map(|metadata| metadata.finalizers.as_slice());
    let creation = target.creation_policy.unwrap_or_default();
    let desired = Desired {
        owner: &owner_reference(external),
        namespace: external.metadata.namespace.as_deref().unwrap_or_default(),
        name: external.target_name(),
        creation,
        immutable: target.immutable.unwrap_or_default(),
        data: &rendered.data,
        labels: &rendered.labels,
        annotations: &rendered.annotations,
        finalizers: finalizers.unwrap_or_default(),
        secret_type: template
            .and_then(|template| template.secret_type.as_deref())
            .filter(|kind| !kind.is_empty()),
        adopt: context.adopts,
    };
    let written = carry_out(&desired, key, context).await?;
    let Some(written) = written else {
        return Ok(Outcome::of(Verdict::waits()));
    };
    // Not before the other one is there.
    if creation == CreationPolicy::Owner {
        deletion::of_former_target(external, context).await?;
    }
    if creation != CreationPolicy::None {
        let applied = Applied {
            input: *input,
            version: written.version,
            keys: 0,
        };
        context.live.record(key, applied);
    }
    Ok(Outcome {
        written: written.written,
        bound: creation != CreationPolicy::None,
        ..Outcome::of(Verdict::synced())
    })
}

/// `None` if there is nothing to merge into yet.
async fn carry_out(
    desired: &Desired<'_>,
    key: &Id,
    context: &Context,
) -> Result<Option<Synced>, SyncError> {
    let decide = |live: Option<&Secret>| match plan::decide(desired, live) {
        Action::UpToDate => Ok(Write::Nothing),
        Action::Create(secret) => Ok(Write::Create(secret)),
        Action::Update(secret) => Ok(Write::Update(secret)),
        Action::Wait => Err(None),
        Action::Refuse(refusal) => Err(Some(refusal)),
    };
    let target = Target {
        secrets: &context.secrets(desired.namespace),
        name: desired.name,
        field_manager: Some(field_manager(&desired.owner.name)),
    };
    // What is to be merged into is another's, and not watched before it is merged into once.
    let makes = desired.creation != CreationPolicy::Merge;
    let missing = makes && context.live.is_probably_missing(key);
    match target.sync(missing, decide).await {
        Ok(synced) => Ok(Some(synced)),
        Err(SyncFault::Refused(None)) => Ok(None),
        Err(SyncFault::Refused(Some(refusal))) => Err(SyncError::Refused(refusal)),
        Err(SyncFault::Api { verb, fault }) => Err(SyncError::Api { verb, fault }),
    }
}
