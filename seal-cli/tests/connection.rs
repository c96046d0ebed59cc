//! Whom an API server sees, and which way is taken to it: kubeconfigs and kubectl's flags, given to
//! the real kubeseal 0.40.0 and to ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

#[allow(dead_code, reason = "another test uses the rest")]
mod api_server;
mod comparison;
mod reveal;
mod rivals;

use api_server::{ApiServer, Authority, Proxy};
use comparison::compare;
use rivals::{Line, Rivals};

const SECRET: &str =
    "kind: Secret\nmetadata: {name: app, namespace: demo}\nstringData: {password: hunter2}\n";

/// `conf/kube.yaml`: its paths are relative to its own folder.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: token
contexts:
- {name: token, context: {cluster: c, user: token}}
- {name: file, context: {cluster: c, user: file}}
- {name: basic, context: {cluster: c, user: basic}}
- {name: cert, context: {cluster: c, user: cert}}
- {name: exec, context: {cluster: c, user: exec}}
- {name: exec-cert, context: {cluster: c, user: exec-cert}}
- {name: exec-fails, context: {cluster: c, user: exec-fails}}
- {name: exec-old, context: {cluster: c, user: exec-old}}
- {name: as, context: {cluster: c, user: as}}
- {name: oidc, context: {cluster: c, user: oidc}}
- {name: oidc-expired, context: {cluster: c, user: oidc-expired}}
- {name: oidc-none, context: {cluster: c, user: oidc-none}}
- {name: oidc-form, context: {cluster: c, user: oidc-form}}
- {name: oidc-late, context: {cluster: c, user: oidc-late}}
- {name: oidc-final, context: {cluster: c, user: oidc-final}}
- {name: oidc-opaque, context: {cluster: c, user: oidc-opaque}}
- {name: oidc-nameless, context: {cluster: c, user: oidc-nameless}}
- {name: gcp, context: {cluster: c, user: gcp}}
- {name: named, context: {cluster: named, user: token}}
- {name: proxied, context: {cluster: proxied, user: token}}
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:{port}', certificate-authority: ca.pem}}
- {name: named, cluster: {server: 'https://127.0.0.1:{named}', certificate-authority: ca.pem, tls-server-name: api.example}}
- {name: proxied, cluster: {server: 'https://api.example', certificate-authority: ca.pem, proxy-url: 'http://127.0.0.1:{proxy}'}}
users:
- {name: token, user: {token: of-kubeconfig}}
- {name: file, user: {tokenFile: token.txt}}
- {name: basic, user: {username: jane, password: pass}}
- {name: cert, user: {client-certificate: user.pem, client-key: user-key.pem}}
- {name: exec, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [conf/helper.sh], env: [{name: TOKEN, value: of-helper}], interactiveMode: IfAvailable, provideClusterInfo: true}}}
- {name: exec-cert, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [conf/cert-helper.sh], interactiveMode: Never}}}
- {name: exec-fails, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, exit 3], interactiveMode: Never}}}
- {name: exec-old, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: sh, args: [conf/helper.sh], interactiveMode: Never}}}
- {name: oidc, user: {auth-provider: {name: oidc, config: {client-id: sealers, idp-issuer-url: 'https://127.0.0.1:{port}', id-token: {long}}}}}
- {name: oidc-expired, user: {auth-provider: {name: oidc, config: {client-id: sealers, client-secret: 'a b+c/é', idp-issuer-url: 'https://127.0.0.1:{port}', id-token: {expired}, refresh-token: first, idp-certificate-authority: conf/ca.pem}}}}
- {name: oidc-none, user: {auth-provider: {name: oidc, config: {client-id: sealers, idp-issuer-url: 'https://127.0.0.1:{port}/', refresh-token: first, idp-certificate-authority: conf/ca.pem}}}}
- {name: oidc-form, user: {auth-provider: {name: oidc, config: {client-id: sealers, client-secret: 'a b+c/é', idp-issuer-url: 'https://127.0.0.1:{port}/form', refresh-token: 'fi rst', idp-certificate-authority: conf/ca.pem}}}}
- {name: oidc-late, user: {auth-provider: {name: oidc, config: {client-id: sealers, idp-issuer-url: 'https://127.0.0.1:{port}/late', refresh-token: first, idp-certificate-authority: conf/ca.pem}}}}
- {name: oidc-final, user: {auth-provider: {name: oidc, config: {client-id: sealers, idp-issuer-url: 'https://127.0.0.1:{port}', id-token: {expired}}}}}
- {name: oidc-opaque, user: {auth-provider: {name: oidc, config: {client-id: sealers, idp-issuer-url: 'https://127.0.0.1:{port}', id-token: opaque, refresh-token: first}}}}
- {name: oidc-nameless, user: {auth-provider: {name: oidc, config: {idp-issuer-url: 'https://127.0.0.1:{port}', id-token: {long}}}}}
- {name: gcp, user: {auth-provider: {name: gcp, config: {access-token: t, expiry: '2100-01-01T00:00:00Z'}}}}
- {name: as, user: {token: t, as: jane, as-groups: [a, b], as-uid: '7', as-user-extra: {reason: [test]}}}
";

/// Leaves behind how often it ran, what it was told, and what it read.
const HELPER: &str = r#"
echo run >> runs
cat > read
printf %s "$KUBERNETES_EXEC_INFO" | tr '{},' '\n\n\n' | sed '/^$/d' | sort > told
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$TOKEN'"}}'
"#;

struct Bed {
    rivals: Rivals,
    server: ApiServer,
    named: ApiServer,
    proxy: Proxy,
    files: Vec<(&'static str, String)>,
}

impl Bed {
    fn start() -> Option<Self> {
        let rivals = Rivals::meet()?;
        let path = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
        let pem = std::fs::read(path).unwrap();
        let authority = Authority::new();
        let server = ApiServer::start(&authority, &["127.0.0.1"], pem.clone());
        let named = ApiServer::start(&authority, &["api.example"], pem);
        let proxy = Proxy::start(named.port);
        let (certificate, key) = authority.certify(&[], "jane");
        let quoted = |pem: &str| pem.replace('\n', "\\\\n");
        let cert_helper = format!(
            "printf '%b' '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{{\"clientCertificateData\":\"{}\",\"clientKeyData\":\"{}\"}}}}'",
            quoted(&certificate),
            quoted(&key)
        );
        let kubeconfig = KUBECONFIG
            .replace("{port}", &server.port.to_string())
            .replace("{named}", &named.port.to_string())
            .replace("{proxy}", &proxy.port.to_string())
            .replace("{long}", api_server::LONG)
            .replace("{expired}", api_server::EXPIRED);
        let files = vec![
            ("conf/kube.yaml", kubeconfig),
            ("conf/ca.pem", authority.pem()),
            ("conf/other-ca.pem", Authority::new().pem()),
            ("conf/token.txt", "of-file\n".to_owned()),
            ("conf/user.pem", certificate),
            ("conf/user-key.pem", key),
            ("conf/helper.sh", HELPER.to_owned()),
            ("conf/cert-helper.sh", cert_helper),
        ];
        Some(Self {
            rivals,
            server,
            named,
            proxy,
            files,
        })
    }

    fn line(&self, typed: &str) -> Line {
        let typed = typed
            .replace("{kube}", "--kubeconfig=conf/kube.yaml")
            .replace("{ca}", "--certificate-authority=conf/ca.pem")
            .replace(
                "{server}",
                &format!("--server=https://127.0.0.1:{}", self.server.port),
            )
            .replace(
                "{named}",
                &format!("--server=https://127.0.0.1:{}", self.named.port),
            )
            .replace("{proxy}", &format!("127.0.0.1:{}", self.proxy.port));
        Line {
            called: Some("kubeseal"),
            args: typed.split_whitespace().map(str::to_owned).collect(),
            files: self.files.clone(),
            stdin: SECRET.into(),
            // Login helpers are found by it.
            env: vec![("PATH", std::env::var("PATH").unwrap())],
        }
    }

    fn asked(&self) -> [Vec<String>; 3] {
        [self.server.take(), self.named.take(), self.proxy.take()]
    }

    /// The same result, and the same requests on the way to it. Whether it is a success.
    fn compare(&self, what: &str, line: &Line) -> bool {
        let mut requests = Vec::new();
        for run in [Rivals::run_ours, Rivals::run_theirs] {
            let (code, _, stderr) = run(&self.rivals, line);
            requests.push((self.asked(), code, stderr));
        }
        let (ours, theirs) = (&requests[0], &requests[1]);
        assert_eq!(ours.1, theirs.1, "{what}: {}\n{}", ours.2, theirs.2);
        assert_eq!(ours.0, theirs.0, "{what}: {}\n{}", ours.2, theirs.2);
        // Files of login helpers, too.
        compare(&self.rivals, vec![(what.to_owned(), line.clone())]);
        self.asked();
        let succeeded = ours.1 == 0;
        assert!(
            !succeeded || ours.0 != <[Vec<String>; 3]>::default(),
            "{what}"
        );
        succeeded
    }
}

#[test]
fn users() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let mut successes = 0;
    for typed in [
        "",
        "--context=token --token=of-flag",
        "--context=file",
        "--context=basic",
        "--context=basic --username=joe --password=other",
        "--context=basic --token=t",
        "--context=cert",
        "--context=cert --token=t",
        "--context=cert --client-key=nope",
        "--context=token --client-certificate=conf/user.pem --client-key=conf/user-key.pem",
        "--context=token --client-certificate=conf/user.pem",
        "--context=token --user=cert",
        "--context=exec",
        "--context=exec --token=t",
        "--context=exec --username=joe",
        "--context=exec --client-certificate=conf/user.pem --client-key=conf/user-key.pem",
        "--context=exec-cert",
        "--context=exec-fails",
        "--context=exec-fails --token=t",
        "--context=exec-old",
        "--context=as",
        "--context=as --as=joe",
        "--context=as --as-group=c --as-group=d,e",
        "--as=joe --as-uid=1",
        "--as-uid=1",
    ] {
        for action in ["--fetch-cert", "-o yaml"] {
            let typed = format!("{{kube}} {typed} {action}");
            successes += usize::from(bed.compare(&typed, &bed.line(&typed)));
        }
    }
    assert!(successes >= 36, "only {successes} lines succeeded");
    for typed in [
        "{server} {ca} --token=t",
        "{server} {ca} --username=joe",
        "{server} {ca} --username=joe --password=pass",
        "{server} {ca} --client-certificate=conf/user.pem --client-key=conf/user-key.pem",
    ] {
        bed.compare(typed, &bed.line(&format!("{typed} --fetch-cert")));
    }
}

#[test]
fn users_of_open_id_connect() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let mut successes = 0;
    for typed in [
        "--context=oidc",
        "--context=oidc --token=t",
        "--context=oidc --client-certificate=conf/user.pem --client-key=conf/user-key.pem",
        "--context=oidc-expired",
        "--context=oidc-expired --username=joe --password=pass",
        "--context=oidc-none",
        "--context=oidc-form",
        "--context=oidc-late",
        "--context=oidc-final",
        "--context=oidc-opaque",
        "--context=oidc-nameless",
        "--context=gcp",
    ] {
        let line = bed.line(&format!("{{kube}} {typed} --fetch-cert"));
        successes += usize::from(bed.compare(typed, &line));
    }
    assert_eq!(successes, 7);
}

#[test]
fn servers() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let mut successes = 0;
    for typed in [
        "{kube} --certificate-authority=conf/other-ca.pem",
        "{kube} --insecure-skip-tls-verify",
        "{kube} --insecure-skip-tls-verify=false",
        "{kube} --context=named",
        "{kube} --cluster=named",
        "{kube} --context=named --tls-server-name=other.example",
        "{kube} --context=named {named}",
        "{kube} --context=named {named} --tls-server-name=api.example",
        "{kube} --context=named {server}",
        "{kube} --disable-compression",
        "{server} --token=t",
        "{server} --token=t {ca}",
        "{server} --token=t --insecure-skip-tls-verify",
        "{server} --token=t {ca} --insecure-skip-tls-verify",
        "{named} --token=t {ca}",
        "{named} --token=t {ca} --tls-server-name=api.example",
        "{kube} --request-timeout=1 --controller-name=slow",
        "{kube} --request-timeout=500ms --controller-name=slow",
        "{kube} --request-timeout=1m",
    ] {
        successes += usize::from(bed.compare(typed, &bed.line(&format!("{typed} --fetch-cert"))));
    }
    assert!(successes >= 10, "only {successes} lines succeeded");
}

#[test]
fn proxies() {
    let Some(bed) = Bed::start() else {
        return;
    };
    let (proxy, nowhere) = (
        format!("http://127.0.0.1:{}", bed.proxy.port),
        "http://127.0.0.1:1",
    );
    let far = "--server=https://api.example --token=t {ca}";
    let mut successes = 0;
    for (typed, variables) in [
        ("{kube} --context=proxied", &[][..]),
        ("{kube} --context=proxied", &[("NO_PROXY", "*")]),
        ("{kube} --context=proxied", &[("HTTPS_PROXY", nowhere)]),
        (
            "{kube} --context=proxied --proxy-url=http://127.0.0.1:1",
            &[],
        ),
        ("{kube} --context=named --proxy-url=http://{proxy}", &[]),
        ("{far} --proxy-url=http://{proxy}", &[]),
        ("{far} --proxy-url=http://jane:p%40ss@{proxy}", &[]),
        ("{far} --proxy-url={proxy}", &[]),
        ("{far}", &[("HTTPS_PROXY", proxy.as_str())]),
        ("{far}", &[("https_proxy", &proxy)]),
        ("{far}", &[("HTTP_PROXY", &proxy)]),
        ("{far}", &[("SEALED_SECRETS_PROXY_URL", &proxy)]),
        (
            "{far}",
            &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "api.example")],
        ),
        (
            "{far}",
            &[
                ("HTTPS_PROXY", &proxy),
                ("NO_PROXY", "*.api.example,10.0.0.0/8"),
            ],
        ),
        (
            "{far}",
            &[("HTTPS_PROXY", &proxy), ("no_proxy", ".example")],
        ),
        // Nobody asks a proxy about this host.
        ("{kube}", &[("HTTPS_PROXY", nowhere)]),
    ] {
        let mut line = bed.line(&format!("{} --fetch-cert", typed.replace("{far}", far)));
        let variables_set = variables.iter();
        line.env
            .extend(variables_set.map(|(name, value)| (*name, (*value).to_owned())));
        successes += usize::from(bed.compare(&format!("{typed} {variables:?}"), &line));
    }
    assert!(successes >= 8, "only {successes} lines succeeded");
}
