//! Dependencies point down only (docs/architecture.md): apps → edges → joints → types and bytes.

use serde_json::Value;

/// What a package of the workspace may depend on, of the workspace.
struct Layer {
    package: &'static str,
    /// From the ground up. A dev-dependency may go sideways, but not up.
    height: u8,
    /// Normal and build dependencies.
    may_use: &'static [&'static str],
}

const fn layer(height: u8, package: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer {
        package,
        height,
        may_use,
    }
}

const APP: u8 = 3;

/// What does no IO, reads no clock and holds no runtime; `fence` keeps it so.
pub(crate) const PURE: &[&str] = &[
    "external-data",
    "go-regexp",
    "json-property",
    "seal-api",
    "seal-format",
    "seal-keys",
    "seal-manifest",
    "sealing",
    "template",
];

/// Everything below the apps.
const LIBRARIES: &[&str] = &[
    "aws-edge",
    "aws-identity",
    "external-data",
    "go-regexp",
    "json-property",
    "operator-kit",
    "seal-age",
    "seal-api",
    "seal-format",
    "seal-keys",
    "seal-kms",
    "seal-manifest",
    "sealing",
    "secrets-manager",
    "template",
];

const LAYERS: &[Layer] = &[
    layer(0, "go-regexp", &[]),
    layer(0, "json-property", &[]),
    layer(0, "seal-api", &[]),
    layer(0, "seal-format", &[]),
    layer(1, "seal-manifest", &[]),
    layer(1, "template", &["go-regexp", "seal-manifest"]),
    layer(1, "seal-keys", &["seal-format"]),
    layer(
        1,
        "external-data",
        &[
            "go-regexp",
            "json-property",
            "seal-api",
            "seal-manifest",
            "template",
        ],
    ),
    layer(
        1,
        "sealing",
        &["seal-api", "seal-format", "seal-manifest", "template"],
    ),
    layer(2, "operator-kit", PURE),
    layer(2, "seal-age", &["seal-format", "seal-keys"]),
    layer(1, "aws-edge", &[]),
    layer(2, "aws-identity", &["aws-edge"]),
    layer(2, "seal-kms", &["aws-edge", "seal-format", "seal-keys"]),
    layer(2, "secrets-manager", &["aws-edge", "go-regexp"]),
    layer(APP, "external-secrets", LIBRARIES),
    layer(APP, "seal-cli", LIBRARIES),
    layer(APP, "sealed-controller", LIBRARIES),
];

/// Development only: these may use everything but each other, and only testkit may be used, by
/// tests and by the other two.
const TOOLS: &[&str] = &["suite", "testkit", "xtask"];

/// Crates.io packages that only some packages may ship with.
const RESTRICTED: &[(&str, &[&str], &str)] = &[(
    "rsa",
    // The CLI turns SSH keys into PKCS#8 with it; `sources` sees to it that it does no more.
    &["seal-cli"],
    "it is the second oracle in tests; RSA itself runs in aws-lc-rs",
)];

/// Breaches in the output of `cargo metadata --no-deps`.
pub(crate) fn breaches(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let members: Vec<_> = packages
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut breaches = Vec::new();
    if members.is_empty() {
        breaches.push("cargo metadata lists no packages".to_owned());
    }
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies {
            let on = dependency["name"].as_str().unwrap_or_default();
            let dev = dependency["kind"] == "dev";
            let breach = if members.contains(&on) {
                inside(name, on, dev)
            } else {
                outside(name, on, dev)
            };
            breaches.extend(breach.map(|why| format!("{name} depends on {on}: {why}")));
        }
        if find(name).is_none() && !TOOLS.contains(&name) {
            breaches.push(format!(
                "{name} has no layer: give it one in xtask's check/layers.rs"
            ));
        }
    }
    breaches
}

fn inside(name: &str, on: &str, dev: bool) -> Option<&'static str> {
    if TOOLS.contains(&on) {
        let allowed = on == "testkit" && (dev || TOOLS.contains(&name));
        return (!allowed).then_some("tools are for development only");
    }
    if TOOLS.contains(&name) {
        return None;
    }
    let (from, to) = (find(name)?, find(on)?);
    if to.height == APP {
        return Some("nothing depends on an app");
    }
    if dev {
        return (to.height > from.height).then_some("dev-dependencies do not point up either");
    }
    (!from.may_use.contains(&on)).then_some("dependencies point down only")
}

fn outside(name: &str, on: &str, dev: bool) -> Option<&'static str> {
    let (_, users, why) = RESTRICTED.iter().find(|(package, ..)| *package == on)?;
    (!dev && !users.contains(&name)).then_some(why)
}

fn find(package: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.package == package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A workspace of every known package, in which `package` depends on `on`.
    fn workspace(package: &str, on: &str, kind: Option<&str>) -> Value {
        let known = LAYERS
            .iter()
            .map(|layer| layer.package)
            .chain(TOOLS.iter().copied());
        let mut packages: Vec<_> = known
            .map(|name| json!({"name": name, "dependencies": []}))
            .collect();
        for made in &mut packages {
            if made["name"] == package {
                made["dependencies"] = json!([
                    {"name": "serde", "kind": null},
                    {"name": on, "kind": kind},
                ]);
            }
        }
        json!({"packages": packages})
    }

    #[test]
    fn what_is_allowed() {
        for (package, on, kind) in [
            ("sealed-controller", "operator-kit", None),
            ("seal-cli", "seal-format", None),
            ("sealing", "seal-api", None),
            ("seal-keys", "seal-format", None),
            ("seal-keys", "rsa", Some("dev")),
            ("sealing", "rsa", Some("dev")),
            ("sealing", "seal-keys", Some("dev")),
            ("seal-format", "testkit", Some("dev")),
            ("xtask", "testkit", None),
            ("xtask", "seal-cli", None),
        ] {
            let found = breaches(&workspace(package, on, kind));
            assert!(found.is_empty(), "{package} -> {on} ({kind:?}): {found:?}");
        }
    }

    #[test]
    fn what_is_not() {
        for (package, on, kind) in [
            ("seal-format", "sealing", None),
            ("seal-format", "seal-api", None),
            ("seal-manifest", "template", None),
            ("sealing", "seal-keys", None),
            ("sealing", "seal-keys", Some("build")),
            ("seal-keys", "seal-manifest", None),
            ("operator-kit", "sealed-controller", None),
            ("sealed-controller", "seal-cli", None),
            ("sealed-controller", "seal-cli", Some("dev")),
            ("seal-format", "sealing", Some("dev")),
            ("seal-cli", "testkit", None),
            ("seal-cli", "xtask", Some("dev")),
            ("testkit", "suite", None),
            ("sealed-controller", "rsa", None),
            ("seal-keys", "rsa", None),
        ] {
            let found = breaches(&workspace(package, on, kind));
            assert_eq!(found.len(), 1, "{package} -> {on} ({kind:?}): {found:?}");
            assert!(
                found[0].contains(package) && found[0].contains(on),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_new_package_needs_a_layer() {
        let found = breaches(&json!({"packages": [{"name": "seal-misc", "dependencies": []}]}));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("seal-misc"), "{found:?}");
        assert_eq!(breaches(&json!({})).len(), 1);
    }
}
