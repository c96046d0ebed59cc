//! Where a certificate is fetched from, and which way is taken to it: addresses and proxies, given to the real kubeseal
//! 0.40.0 and to ours.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and says why"
)]

#[allow(dead_code, reason = "another test uses the rest")]
mod reveal;
#[allow(dead_code, reason = "another test uses the rest")]
mod rivals;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;
use rivals::{Line, Rivals};

/// A server of pages, and a proxy that has the same pages of every host. It lets nobody through.
struct Pages {
    port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Pages {
    fn start() -> Self {
        Self::served_by(serve)
    }

    fn served_by(serve: fn(TcpStream, &Mutex<Vec<String>>) -> std::io::Result<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that went away is the client's business.
                let _ = serve(stream, &written);
            }
        });
        Self { port, log }
    }

    /// A proxy of SOCKS 5 that has the pages of every host (RFC 1928, 1929).
    fn behind_socks() -> Self {
        Self::served_by(serve_behind_socks)
    }

    /// What was asked since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? <= 2 {
            break;
        }
        let (name, value) = header.split_once(": ").unwrap();
        let name = name.to_lowercase();
        if ["host", "authorization", "proxy-authorization"].contains(&name.as_str()) {
            headers.push(format!("{name}={}", value.trim_end()));
        }
    }
    // Each client has an order of its own.
    headers.sort_unstable();
    let asked = format!("{} {}", request.trim_end(), headers.join(" "));
    log.lock().unwrap().push(asked);
    let target = request.split(' ').nth(1).unwrap_or_default();
    let path = match target.strip_prefix("http://") {
        Some(proxied) => proxied.find('/').map_or("/", |slash| &proxied[slash..]),
        None => target,
    };
    let (status, headers, body) = page(path);
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn serve_behind_socks(mut stream: TcpStream, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let [_, methods] = bytes(&mut stream)?;
    let mut offered = vec![0; methods.into()];
    stream.read_exact(&mut offered)?;
    let mut user = "nobody".to_owned();
    if offered.contains(&2) {
        stream.write_all(&[5, 2])?;
        let [_] = bytes(&mut stream)?;
        user = format!("{}:{}", sized(&mut stream)?, sized(&mut stream)?);
        stream.write_all(&[1, 0])?;
    } else {
        stream.write_all(&[5, 0])?;
    }
    let [_, command, _, kind] = bytes(&mut stream)?;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(bytes::<4>(&mut stream)?).to_string(),
        3 => sized(&mut stream)?,
        _ => panic!("an address of the kind {kind}"),
    };
    let port = u16::from_be_bytes(bytes(&mut stream)?);
    let asked = format!("{user} {command} kind {kind} {host} {port}");
    log.lock().unwrap().push(asked);
    // There nobody is.
    if port == 9 {
        return stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
    }
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    serve(stream, log)
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> std::io::Result<[u8; N]> {
    let mut read = [0; N];
    stream.read_exact(&mut read)?;
    Ok(read)
}

fn sized(stream: &mut TcpStream) -> std::io::Result<String> {
    let [length] = bytes(stream)?;
    let mut read = vec![0; length.into()];
    stream.read_exact(&mut read)?;
    Ok(String::from_utf8(read).unwrap())
}

fn page(path: &str) -> (&'static str, &'static str, Vec<u8>) {
    let pem = std::fs::read(format!("{}/certificates/rsa-2048.pem", reveal::VECTORS)).unwrap();
    let moved = |to| ("302 Found", to, Vec::new());
    match path {
        "/cert.pem" | "/My%20Certs/%C3%BC.pem" | "/cert.pem?a=b" => ("200 OK", "", pem),
        "/named" => ("200 OK", "Content-Encoding: aws-chunked\r\n", pem),
        "/unnamed" => ("200 OK", "Content-Encoding: \r\n", pem),
        "/packed" | "/PACKED" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&pem).unwrap();
            let body = encoder.finish().unwrap();
            let header = match path {
                "/packed" => "Content-Encoding: gzip\r\n",
                _ => "Content-Encoding: GZIP\r\n",
            };
            ("200 OK", header, body)
        }
        "/large" => ("200 OK", "", [vec![b'\n'; 1 << 20], pem].concat()),
        "/a/moved" => moved("Location: ../cert.pem\r\n"),
        "/a/moved-plainly" => moved("Location: /My Certs/ü.pem\r\n"),
        "/away" => moved("Location: http://other.example/cert.pem\r\n"),
        "/none" => moved("Location: http://127.0.0.1:99999/cert.pem\r\n"),
        "/circle" => moved("Location: /circle\r\n"),
        _ => ("404 Not Found", "", b"not here".to_vec()),
    }
}

/// Code and stderr of ours, once both are the same, and asked the same.
fn compare(rivals: &Rivals, pages: &Pages, line: &Line) -> (i32, String) {
    pages.take();
    let ours = rivals.run_ours(line);
    let we_asked = pages.take();
    let theirs = rivals.run_theirs(line);
    let what = format!("{:?} {:?}\n{}\n{}", line.args, line.env, ours.2, theirs.2);
    assert_eq!(ours.0, theirs.0, "{what}");
    assert_eq!(ours.1, theirs.1, "{what}");
    assert_eq!(we_asked, pages.take(), "{what}");
    (ours.0, ours.2)
}

fn fetch(cert: &str, env: &[(&'static str, String)]) -> Line {
    Line {
        called: Some("kubeseal"),
        args: vec!["--fetch-cert".to_owned(), format!("--cert={cert}")],
        env: env.to_vec(),
        ..Line::default()
    }
}

#[test]
fn pages() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::start();
    for (path, told) in [
        ("/cert.pem", None),
        ("/cert.pem?a=b#c", None),
        ("/My Certs/ü.pem", None),
        ("/packed", None),
        ("/PACKED", None),
        ("/named", None),
        ("/unnamed", None),
        ("/a/moved", None),
        ("/a/moved-plainly", None),
        ("/nope", Some("404 Not Found")),
        ("/circle", Some("it leads to another page 10 times")),
        ("/none", Some("it has moved to what is no address")),
    ] {
        for user in ["", "jane@", "jane:p%40ss@"] {
            let url = format!("http://{user}127.0.0.1:{}{path}", pages.port);
            let (code, stderr) = compare(&rivals, &pages, &fetch(&url, &[]));
            assert_eq!(code == 0, told.is_none(), "{path}: {stderr}");
            assert!(stderr.contains(told.unwrap_or_default()), "{stderr}");
            assert!(!stderr.contains("ss@"), "{stderr}");
        }
    }
    let url = format!("http://127.0.0.1:{}/large", pages.port);
    let (code, stdout, stderr) = rivals.run_ours(&fetch(&url, &[]));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("larger than 1024 KiB"), "{stderr}");
}

#[test]
fn proxies() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::start();
    let here = &format!("127.0.0.1:{}", pages.port);
    let with_scheme = &format!("http://{here}");
    let with_user = &format!("http://jane:p%40ss@{here}");
    let with_other = &format!("other://{here}");
    let nowhere = "http://127.0.0.1:1";
    let far = "http://pages.example/cert.pem";
    let mut successes = 0;
    for (url, variables) in [
        (far, &[("HTTP_PROXY", with_scheme.as_str())][..]),
        (far, &[("http_proxy", here)]),
        (far, &[("HTTP_PROXY", with_user)]),
        (far, &[("HTTP_PROXY", nowhere)]),
        // A scheme that nobody knows is taken for HTTP.
        (far, &[("HTTP_PROXY", with_other)]),
        (far, &[("HTTP_PROXY", "http://127.0.0.1:99999")]),
        (far, &[("HTTP_PROXY", here), ("NO_PROXY", ".example")]),
        (far, &[("ALL_PROXY", here)]),
        (
            "http://u:p@pages.example:8080/cert.pem",
            &[("HTTP_PROXY", here)],
        ),
        ("http://pages.example/away", &[("HTTP_PROXY", here)]),
        ("http://pages.example/packed", &[("HTTP_PROXY", here)]),
        ("http://pages.example/", &[("HTTP_PROXY", here)]),
        // Nobody is let through.
        ("https://pages.example/cert.pem", &[("HTTPS_PROXY", here)]),
    ] {
        successes += fetched(&rivals, &pages, url, variables);
    }
    // This computer is asked itself.
    for host in ["localhost", "127.0.0.1", "127.0.0.2"] {
        let url = format!("http://{host}:{}/cert.pem", pages.port);
        let all = ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"];
        successes += fetched(&rivals, &pages, &url, &all.map(|name| (name, nowhere)));
    }
    // The last of them is not listened at.
    assert_eq!(successes, 7 + 2);
}

#[test]
fn proxies_of_socks() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::behind_socks();
    let mut successes = 0;
    for (url, proxy) in [
        ("http://pages.example/cert.pem", "socks5://"),
        ("http://pages.example/cert.pem", "SOCKS5://"),
        ("http://pages.example/cert.pem", "socks5h://"),
        ("http://pages.example:8080/a/moved", "socks5://u:p%40ss@"),
        ("http://pages.example/cert.pem", "socks5h://u:p@"),
        ("http://pages.example/cert.pem", "socks5://u@"),
        ("http://192.0.2.1/cert.pem", "socks5://"),
        // Nobody is there.
        ("http://pages.example:9/cert.pem", "socks5://u:p@"),
        ("http://pages.example/nope", "socks5://u:p@"),
    ] {
        let proxy = format!("{proxy}127.0.0.1:{}", pages.port);
        successes += fetched(&rivals, &pages, url, &[("HTTP_PROXY", &proxy)]);
    }
    assert_eq!(successes, 7);
    for name in [
        "--server=http://api.example",
        "--server=http://api.example:8080",
    ] {
        let proxy = format!("--proxy-url=socks5://u:p%40ss@127.0.0.1:{}", pages.port);
        let args = ["--fetch-cert", "--token=t", name, &proxy];
        let line = Line {
            called: Some("kubeseal"),
            args: args.map(str::to_owned).to_vec(),
            ..Line::default()
        };
        pages.take();
        for run in [Rivals::run_theirs, Rivals::run_ours] {
            run(&rivals, &line);
            let port = if name.ends_with("8080") { 8080 } else { 80 };
            let first = pages.take().into_iter().next();
            let expected = format!("u:p@ss 1 kind 3 api.example {port}");
            assert_eq!(first, Some(expected));
        }
    }
}

/// Ours alone: kubeseal asks such a proxy for pages of plain HTTP, and for no way to their server.
#[test]
fn servers_without_port_have_the_usual_one() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::start();
    let proxy = format!("--proxy-url=http://127.0.0.1:{}", pages.port);
    for (server, expected) in [
        ("http://api.example", "CONNECT api.example:80 "),
        ("https://api.example", "CONNECT api.example:443 "),
    ] {
        let server = format!("--server={server}");
        let args = ["--fetch-cert", "--token=t", &server, &proxy];
        let line = Line {
            called: Some("kubeseal"),
            args: args.map(str::to_owned).to_vec(),
            ..Line::default()
        };
        pages.take();
        rivals.run_ours(&line);
        let asked = pages.take();
        assert!(asked[0].starts_with(expected), "{asked:?}");
    }
}

fn fetched(rivals: &Rivals, pages: &Pages, url: &str, variables: &[(&'static str, &str)]) -> usize {
    let variables = variables.iter();
    let env: Vec<_> = variables
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    usize::from(compare(rivals, pages, &fetch(url, &env)).0 == 0)
}

#[test]
fn ports() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::start();
    for cert in ["http://127.0.0.1:99999/ok", "https://[::1]:65536"] {
        let (code, stderr) = compare(&rivals, &pages, &fetch(cert, &[]));
        assert_eq!(code, 1);
        let told = format!("cannot fetch \"{cert}");
        assert!(
            stderr.contains(&told) && stderr.contains("ports are numbers up to 65535"),
            "{stderr}"
        );
    }
    let good = format!("http://127.0.0.1:{}", pages.port);
    for (typed, told) in [
        (
            vec!["--server=http://127.0.0.1:99999".to_owned()],
            "the address http://127.0.0.1:99999/ has a port that is none",
        ),
        (
            vec![
                "--server=http://api.example".to_owned(),
                "--proxy-url=http://127.0.0.1:65536".to_owned(),
            ],
            "the address http://127.0.0.1:65536/ has a port that is none",
        ),
        (
            vec![format!("--server={good}x")],
            "the address of the API server is none",
        ),
    ] {
        let line = Line {
            called: Some("kubeseal"),
            args: [
                vec!["--fetch-cert".to_owned(), "--token=t".to_owned()],
                typed,
            ]
            .concat(),
            ..Line::default()
        };
        let (code, stderr) = compare(&rivals, &pages, &line);
        assert_eq!(code, 1);
        assert!(stderr.contains(told), "{stderr}");
    }
}

/// What is configured for AWS counts as much as a flag, and sources of credentials as much as KMS. All that is asked
/// in plain HTTP is seen by the proxy.
#[test]
fn no_other_port_of_aws_is_asked() {
    let pages = Pages::start();
    let proxy = format!("http://127.0.0.1:{}", pages.port);
    let folder = a_folder_of_aws();
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    let web_identity = [
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/a"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "token"),
    ];
    let profile = [("AWS_CONFIG_FILE", "config"), ("AWS_PROFILE", "role")];
    let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let (none, other) = ("http://127.0.0.1:99999", "http://[::1]:65536");
    let asked = |identity: &[(&str, &str)], name: &str, value: &str| {
        let mut seal = Command::new(env!("CARGO_BIN_EXE_seal"));
        seal.args(["seal", "-f", "app.yaml", "-r", key])
            .current_dir(folder.path())
            .env_clear()
            .envs([("HOME", "."), ("HTTP_PROXY", &proxy)])
            .envs(identity.iter().copied());
        let output = match name.strip_prefix("--") {
            Some(_) => seal.args([name, value]).output().unwrap(),
            None => seal.env(name, value).output().unwrap(),
        };
        (String::from_utf8(output.stderr).unwrap(), pages.take())
    };
    for (identity, name, address) in [
        (&keys[..], "--aws-endpoint-url", none),
        (&keys, "AWS_ENDPOINT_URL", none),
        (&keys, "AWS_ENDPOINT_URL_KMS", other),
        (&web_identity, "AWS_ENDPOINT_URL_STS", none),
        (&web_identity, "AWS_ENDPOINT_URL", other),
        (&profile, "AWS_ENDPOINT_URL_STS", none),
        (&[], "AWS_CONTAINER_CREDENTIALS_FULL_URI", none),
    ] {
        let (stderr, asked) = asked(identity, name, address);
        let told = format!("the address {address} has a port that is none");
        assert!(stderr.contains(&told), "{name}: {stderr}");
        assert_eq!(asked, [""; 0], "{name}");
    }
    // The proxy would have seen it.
    for (identity, name) in [
        (&keys[..], "AWS_ENDPOINT_URL_KMS"),
        (&web_identity, "AWS_ENDPOINT_URL_STS"),
        (&profile, "AWS_ENDPOINT_URL_STS"),
        (&[], "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ] {
        let (stderr, asked) = asked(identity, name, "http://127.0.0.1:9");
        assert!(!asked.is_empty(), "{name}: {stderr}");
    }
    // A proxy is an address, too; what looks like its port may be a password.
    let away = [keys[0], keys[1], ("AWS_ENDPOINT_URL", "http://kms.example")];
    let (stderr, _) = asked(&away, "HTTP_PROXY", none);
    let told = "the address http://127.0.0.1 has a port that is none";
    assert!(stderr.contains(told), "{stderr}");
    let (stderr, _) = asked(&away, "HTTP_PROXY", "http://u:s3cr3t/x@h.example");
    assert!(stderr.contains("the address http://u has"), "{stderr}");
    assert!(!stderr.contains("s3cr3t"), "{stderr}");
}

/// A Secret, a token of a web identity, and a profile with a role.
fn a_folder_of_aws() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "app.yaml",
            "kind: Secret\nmetadata: {name: a, namespace: b}\nstringData: {c: d}\n",
        ),
        ("token", "eyJ.secret"),
        (
            "config",
            "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = keys\n\
             [profile keys]\naws_access_key_id = a\naws_secret_access_key = b\n",
        ),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn files() {
    let Some(rivals) = Rivals::meet() else {
        return;
    };
    let pages = Pages::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("My Certs");
    std::fs::create_dir(&path).unwrap();
    let pem = format!("{}/certificates/rsa-2048.pem", reveal::VECTORS);
    std::fs::copy(pem, path.join("a.pem")).unwrap();
    let path = folder.path().to_str().unwrap();
    for (prefix, name, code) in [
        ("", "My Certs/a.pem", 0),
        ("file:", "My%20Certs/a.pem", 0),
        ("file://", "My Certs/a.pem", 0),
        ("FILE://", "My%20Certs/a%2epem", 0),
        ("file://localhost", "My%20Certs/a.pem", 0),
        ("file://LOCALHOST", "My Certs/a.pem?b#c", 0),
        ("file://", "nope.pem", 1),
        ("", "My%20Certs/a.pem", 1),
    ] {
        let line = fetch(&format!("{prefix}{path}/{name}"), &[]);
        assert_eq!(compare(&rivals, &pages, &line).0, code, "{prefix} {name}");
    }
}
