//! What our library seals, the real controller opens.

use suite::Cluster;

use crate::{SCOPES, certificate, items, real, values};

#[test]
fn every_scope_key_size_and_byte() {
    let cluster = Cluster::bare();
    let namespace = cluster.namespace("ours");
    let away = cluster.namespace("away");
    for bits in ["2048", "4096"] {
        let size = format!("--key-size={bits}");
        let Some(controller) = real(&cluster, &[&size]) else {
            return;
        };
        let certificate = certificate(&controller);
        for (title, scope) in SCOPES {
            let name = format!("{title}-{bits}");
            let mut plain = namespace.plain(&name).scope(scope).label("app", "shop");
            for (item, value) in items() {
                plain = plain.item(&item, value);
            }
            let mut sealed = plain.kind("example.com/any").seal(&certificate);
            // Where the scope lets it go.
            let target = if title == "cluster-wide" {
                &away
            } else {
                &namespace
            };
            if title != "strict" {
                sealed.metadata.name = Some(format!("{name}-renamed"));
            }
            let name = target.create(&sealed).metadata.name.unwrap();
            let secret = target.wait_secret(&name);
            assert_eq!(values(&secret), items(), "{name}");
            assert_eq!(secret.type_.as_deref(), Some("example.com/any"));
            assert_eq!(secret.metadata.labels.unwrap()["app"], "shop");
        }
        drop(controller);
        crate::retire_keys(&cluster);
    }
}
