//! Which servers are believed: as the real kubeseal 0.40.0 decides it. Where one is not, people are told what is
//! wrong with its certificate.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says why"
)]

#[allow(dead_code, reason = "another test uses the rest")]
mod api_server;
mod reveal;
#[allow(dead_code, reason = "another test uses the rest")]
mod rivals;

use std::net::TcpListener;

use api_server::{ApiServer, Authority, Proxy};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rivals::{Line, Rivals};

/// A server's certificate, and what is configured as its authority.
struct Case {
    what: &'static str,
    own: (String, String),
    authority: String,
    /// What people read; nothing if the server is believed.
    told: Option<&'static str>,
}

fn signs(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
}

/// Servers that are their own authority.
fn own() -> Vec<Case> {
    let case = |what, change: fn(&mut CertificateParams), told| {
        let own = self_signed(change);
        let authority = own.0.clone();
        Case {
            what,
            own,
            authority,
            told,
        }
    };
    vec![
        case("an authority that is the server", signs, None),
        case("the same without the right to sign", |_| {}, None),
        case(
            "the same under another name",
            |params| {
                *params = CertificateParams::new(["api.example".to_owned()]).unwrap();
                signs(params);
            },
            Some("another name (api.example); use one of these"),
        ),
        case(
            "the same, expired",
            |params| {
                signs(params);
                params.not_after = date_time_ymd(2024, 2, 29);
            },
            Some("expired on 2024-02-29; have it renewed"),
        ),
        case(
            "the same, of the future",
            |params| {
                signs(params);
                params.not_before = date_time_ymd(2090, 2, 28);
            },
            Some("is not valid before 2090-02-28; mend the clock"),
        ),
        case(
            "the same, for clients",
            |params| {
                signs(params);
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            },
            Some("not for servers"),
        ),
        Case {
            what: "an authority that is another server",
            own: self_signed(signs),
            authority: self_signed(signs).0,
            told: Some("--certificate-authority"),
        },
    ]
}

/// Servers with an authority.
fn signed() -> Vec<Case> {
    let signed = Authority::new();
    let by_other = |what, names: &[&str], authority: &str, told| {
        let own = signed.certify(names, "server");
        let authority = match authority {
            "its own" => own.0.clone(),
            "another" => Authority::new().pem(),
            _ => signed.pem(),
        };
        Case {
            what,
            own,
            authority,
            told,
        }
    };
    let here = &["127.0.0.1"];
    vec![
        by_other("signed", here, "", None),
        by_other("a server that is its own authority", here, "its own", None),
        by_other(
            "signed by another",
            here,
            "another",
            Some("an authority that is not trusted; name the cluster's own"),
        ),
        by_other(
            "another name, signed",
            &["a.example", "*.b.example", "10.0.0.1"],
            "",
            Some("another name (a.example, *.b.example, 10.0.0.1)"),
        ),
    ]
}

fn self_signed(change: fn(&mut CertificateParams)) -> (String, String) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    change(&mut params);
    params.distinguished_name.push(DnType::CommonName, "api");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn line(server: &str, authority: &str) -> Line {
    let server = format!("--server={server}");
    let args = [
        &server,
        "--token=t",
        "--certificate-authority=ca.pem",
        "--fetch-cert",
    ];
    Line {
        called: Some("kubeseal"),
        args: args.map(str::to_owned).to_vec(),
        files: vec![("ca.pem", authority.to_owned())],
        ..Line::default()
    }
}

#[test]
fn servers_are_believed_as_by_kubeseal() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let users = Authority::new();
    for case in own().into_iter().chain(signed()) {
        let server = ApiServer::with(case.own, &users, b"a certificate\n".to_vec());
        let line = line(
            &format!("https://127.0.0.1:{}", server.port),
            &case.authority,
        );
        let (ours, theirs) = (rivals.run_ours(&line), rivals.run_theirs(&line));
        let what = case.what;
        assert_eq!(ours.0, theirs.0, "{what}: {}\n{}", ours.2, theirs.2);
        assert_eq!(ours.1, theirs.1, "{what}");
        assert_eq!(ours.0 == 0, case.told.is_none(), "{what}: {}", ours.2);
        if let Some(told) = case.told {
            assert!(ours.2.contains(told), "{what}: {}", ours.2);
            assert!(!ours.2.contains("cannot be reached"), "{what}: {}", ours.2);
        }
    }
}

/// Go does not ask whether a server's certificate may sign others, rustls refuses those that may. Such a server is
/// named as its own authority instead.
#[test]
fn a_signed_authority_as_a_server_is_believed_by_kubeseal_alone() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let authority = Authority::new();
    let own = authority.certify_authority("127.0.0.1");
    let pem = own.0.clone();
    let server = ApiServer::with(own, &authority, b"a certificate\n".to_vec());
    let address = format!("https://127.0.0.1:{}", server.port);
    let signed = line(&address, &authority.pem());
    let (code, _, stderr) = rivals.run_ours(&signed);
    assert_eq!((code, rivals.run_theirs(&signed).0), (1, 0));
    assert!(
        stderr.contains(
            "the certificate of an authority; if that is the cluster's own, name just that one"
        ),
        "{stderr}"
    );
    let (code, _, stderr) = rivals.run_ours(&line(&address, &pem));
    assert_eq!(code, 0, "{stderr}");
}

/// Servers of pages, on a computer with just one authority.
fn of_pages() -> Vec<Case> {
    let authority = Authority::new();
    let other = Authority::new().pem();
    let untrusted =
        "an authority that is not trusted; add that authority to those of this computer";
    let case = |what, own: (String, String), authority: Option<&str>, told| {
        let authority = authority.map_or_else(|| own.0.clone(), str::to_owned);
        Case {
            what,
            own,
            authority,
            told,
        }
    };
    let here = || authority.certify(&["127.0.0.1"], "server");
    let pem = authority.pem();
    vec![
        case("signed", here(), Some(&pem), None),
        case("signed by another", here(), Some(&other), Some(untrusted)),
        case("its own authority", self_signed(|_| {}), None, None),
        case(
            "its own, unknown",
            self_signed(|_| {}),
            Some(&other),
            Some(untrusted),
        ),
        case(
            "its own, unknown, may sign",
            self_signed(signs),
            Some(&other),
            Some("the certificate of an authority; a server needs"),
        ),
        case(
            "another name",
            authority.certify(&["a.example"], "server"),
            Some(&pem),
            Some("another name (a.example); use one of these in the URL"),
        ),
        case(
            "for clients",
            self_signed(|params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            None,
            Some("not for servers; have it made"),
        ),
        case(
            "expired",
            self_signed(|params| params.not_after = date_time_ymd(2024, 2, 29)),
            None,
            Some("expired on 2024-02-29"),
        ),
    ]
}

#[test]
fn pages_with_a_certificate_are_believed_as_by_kubeseal() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let users = Authority::new();
    for case in of_pages() {
        let server = ApiServer::with(case.own, &users, b"a certificate\n".to_vec());
        let line = page(server.port, case.authority);
        let (ours, theirs) = (rivals.run_ours(&line), rivals.run_theirs(&line));
        let what = case.what;
        assert_eq!(ours.0, theirs.0, "{what}: {}\n{}", ours.2, theirs.2);
        assert_eq!(ours.1, theirs.1, "{what}");
        assert_eq!(ours.0 == 0, case.told.is_none(), "{what}: {}", ours.2);
        if let Some(told) = case.told {
            assert!(ours.2.contains(told), "{what}: {}", ours.2);
            assert!(!ours.2.contains("--"), "{what}: {}", ours.2);
        }
    }
}

/// As in [`a_signed_authority_as_a_server_is_believed_by_kubeseal_alone`].
#[test]
fn an_authority_as_a_server_of_pages_is_believed_by_kubeseal_alone() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let own = self_signed(signs);
    let pem = own.0.clone();
    let server = ApiServer::with(own, &Authority::new(), b"a certificate\n".to_vec());
    let line = page(server.port, pem);
    let (code, _, stderr) = rivals.run_ours(&line);
    assert_eq!((code, rivals.run_theirs(&line).0), (1, 0));
    assert!(
        stderr.contains("the certificate of an authority"),
        "{stderr}"
    );
}

/// What is secret goes through a proxy unseen.
#[test]
fn a_page_behind_a_proxy_is_believed_as_by_kubeseal() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let authority = Authority::new();
    let own = authority.certify(&["pages.example"], "server");
    let server = ApiServer::with(own, &authority, b"a certificate\n".to_vec());
    let proxy = Proxy::start(server.port);
    for (host, code) in [("pages.example", 0), ("other.example", 1)] {
        let mut line = page(443, authority.pem());
        line.args[1] = format!("--cert=https://{host}/v1/cert.pem");
        let address = format!("http://jane:pass@127.0.0.1:{}", proxy.port);
        line.env.push(("HTTPS_PROXY", address));
        let ours = (rivals.run_ours(&line), proxy.take());
        let theirs = (rivals.run_theirs(&line), proxy.take());
        assert_eq!(ours.0.0, code, "{}", ours.0.2);
        assert_eq!((ours.0.0, ours.0.1), (theirs.0.0, theirs.0.1));
        assert_eq!(ours.1, theirs.1);
        assert_eq!(ours.1.len(), 1);
    }
}

/// Reads the certificate behind a URL, on a computer with just this authority.
fn page(port: u16, authority: String) -> Line {
    Line {
        called: Some("kubeseal"),
        args: vec![
            "--fetch-cert".to_owned(),
            format!("--cert=https://127.0.0.1:{port}/v1/cert.pem"),
        ],
        env: vec![
            ("SSL_CERT_FILE", "ca.pem".to_owned()),
            ("SSL_CERT_DIR", "none".to_owned()),
        ],
        files: vec![("ca.pem", authority)],
        ..Line::default()
    }
}

#[test]
fn a_server_without_tls_is_told() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::Write as _;
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            // Until the client goes away, so that it reads this first.
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        }
    });
    let (code, _, stderr) = rivals.run_ours(&line(&server, &Authority::new().pem()));
    assert_eq!(code, 1);
    assert!(
        stderr.contains("does not speak TLS; check the address"),
        "{stderr}"
    );
}
