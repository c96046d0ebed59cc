//! What the guide for people who switch shows, done as it shows it.

use crate::{bed, document, program, shell, text};

#[test]
fn a_link_takes_kubeseals_place() {
    let (Some(bed), Some(seal)) = (bed(), program("SEAL_BIN")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let blocks = document::blocks("docs/guide/from-kubeseal.md", "from-kubeseal");
    let scripts: Vec<_> = blocks.into_iter().map(|(_, script)| script).collect();
    assert_eq!(scripts.len(), 6);
    let script = format!(
        "export HOME=\"$PWD\" PATH=\"$PWD/bin:$PATH\"\n{}\ncat db.sealed.yaml pub.pem",
        scripts.join("\n")
    );
    let kubeconfig = bed.cluster.plane().kubeconfig();
    let output = shell(bed, &seal, kubeconfig, folder.path(), &script);
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    let (version, files) = printed.split_once('\n').unwrap();
    assert!(
        version.starts_with("kubeseal version: 0.40.0+seal."),
        "{version}"
    );
    assert!(files.contains("kind: SealedSecret\n"), "{files}");
    assert!(files.contains("\n-----BEGIN CERTIFICATE-----\n"), "{files}");
}
