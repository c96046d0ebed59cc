use aws_identity::{Base, Identities, IdentitiesOptions, Identity};
use kube::runtime::reflector;
use tokio::sync::mpsc;

use super::*;
use crate::metrics::AwsCalls;
use crate::source::{Asker, ServiceAccountTokens};

/// Of a cluster that is not there.
fn context() -> Context {
    let config = kube::Config::new("http://127.0.0.1:9".parse().unwrap());
    let client = Client::try_from(config).unwrap();
    let tokens = Arc::new(ServiceAccountTokens(client.clone()));
    let identities = Identities::new(IdentitiesOptions::default(), tokens);
    let (changed, _) = mpsc::unbounded_channel();
    let nowhere = Some("http://127.0.0.1:9".to_owned());
    let sources = Sources::new(identities, nowhere, AwsCalls::default(), changed);
    Context::new(Parts {
        client: client.clone(),
        whole: client.clone(),
        stores: Stores {
            local: reflector::store().0,
            cluster: reflector::store().0,
            class: "default".into(),
            known: Arc::default(),
        },
        namespaces: reflector::store().0,
        sources: Arc::new(sources),
        events: EventSink::start(client, "test"),
        metrics: Arc::new(Metrics::new()),
        objects: reflector::store().0,
        stop: CancellationToken::new(),
        adopts: false,
    })
}

#[tokio::test]
async fn who_waits_for_people_is_looked_for_in_no_sweep() {
    let context = context();
    let object = serde_json::json!({
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"refreshInterval": "1 day"},
    });
    let object: Guarded = serde_json::from_value(object).unwrap();
    let key = Arc::new(key_of(&object));
    let asker = Asker {
        key: &key,
        namespace: "shop",
        interval: Some(SignedDuration::from_hours(1)),
    };
    let identity = Identity::of(Base::Process);
    let source = context.sources.source(identity, "eu-central-1");
    let stands = || context.sources.stands(&key);
    let passing = SyncError::Fetch(Vec::new());
    for (error, still_stands) in [(passing, true), (SyncError::Interval, false)] {
        context
            .sources
            .placed(&asker, vec![(source.clone(), "prod/db".to_owned())]);
        assert!(stands());
        let again = retry(&object, &error, &context);
        assert_eq!(stands(), still_stands, "{error}");
        assert_eq!(again == Requeue::await_change(), !still_stands, "{error}");
    }
}
