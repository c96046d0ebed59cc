//! As much of an API server as `seal --fetch-cert` asks for, over TLS; it remembers who asked. And
//! a proxy to it.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// A token of OpenID Connect that expires in the year 2100.
pub(crate) const LONG: &str = "e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln";
/// The same, expired in 2001.
pub(crate) const EXPIRED: &str = "e30.eyJleHAiOjEwMDAwMDAwMDB9.c2ln";

/// Who signs the certificates of servers and users.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "ca");
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of a server that may sign others, too.
    pub(crate) fn certify_authority(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "server");
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// A certificate for these names of a server, or a user, and its key.
    pub(crate) fn certify(&self, names: &[&str], user: &str) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, user);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// Serves until the test process ends. The ConfigMap `sealing` has the certificate as `tls.crt`, `both` as `a.pem`
/// and `b.pem`; there is no other.
pub(crate) struct ApiServer {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    served: Mutex<Vec<u8>>,
    log: Mutex<Vec<String>>,
    away: AtomicBool,
}

impl ApiServer {
    /// With a certificate for these names. Users may show one of the same authority.
    pub(crate) fn start(authority: &Authority, names: &[&str], served: Vec<u8>) -> Self {
        Self::with(authority.certify(names, "server"), authority, served)
    }

    /// With this certificate and key.
    pub(crate) fn with(own: (String, String), users: &Authority, served: Vec<u8>) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (certificate, key) = own;
        let mut roots = RootCertStore::empty();
        roots.add(der(&users.pem())).unwrap();
        let users = WebPkiClientVerifier::builder(roots.into())
            .allow_unauthenticated()
            .build()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_client_cert_verifier(users)
            .with_single_cert(vec![der(&certificate)], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            served: Mutex::new(served),
            log: Mutex::default(),
            away: AtomicBool::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.away.load(Ordering::Relaxed) {
                    continue;
                }
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that does not like our certificate is the client's business.
                let _ = serve(StreamOwned::new(connection, stream), &shared);
            }
        });
        Self { port, state }
    }

    /// What was asked since the last time, and by whom.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.state.log.lock().unwrap())
    }

    /// The certificate from now on.
    pub(crate) fn serve(&self, certificate: &[u8]) {
        *self.state.served.lock().unwrap() = certificate.to_vec();
    }

    /// Ends each connection before a word is said, or does so no more.
    pub(crate) fn go_away(&self, away: bool) {
        self.state.away.store(away, Ordering::Relaxed);
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn serve(stream: StreamOwned<ServerConnection, TcpStream>, state: &State) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let head = head(&mut reader)?;
    let user = reader.get_ref().conn.peer_certificates().map(<[_]>::len);
    let target = head[0].split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let headers = head
        .iter()
        .map(|line| line.split_once(": ").unwrap_or_default())
        .map(|(name, value)| (name.to_lowercase(), value));
    let length = headers.clone().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut who: Vec<_> = headers
        .filter(|(name, _)| name == "authorization" || name.starts_with("impersonate"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    who.sort();
    let mut posted = vec![0; length];
    reader.read_exact(&mut posted)?;
    let posted = form(&String::from_utf8_lossy(&posted));
    let line = format!("{path} {who:?} certificates={user:?} {posted:?}");
    state.log.lock().unwrap().push(line);
    let stream = reader.get_mut();
    let served = state.served.lock().unwrap().clone();
    let (status, body) = match path.rsplit('/').next() {
        Some("cert.pem") => ("200 OK", served),
        // It has all the time in the world: until the client goes away.
        Some("slow") => return stream.read(&mut [0]).map(drop),
        Some(name) if path.contains("/configmaps/") => config_map(name, &served),
        Some("openid-configuration") => {
            let base = path.replace("/.well-known/openid-configuration", "");
            let port = stream.sock.local_addr()?.port();
            let endpoint = format!("https://127.0.0.1:{port}{base}/token");
            ("200 OK", serde_json::json!({"token_endpoint": endpoint}).to_string().into_bytes())
        }
        Some("token") => token(&path, &who, &posted),
        _ => (
            "200 OK",
            br#"{"kind":"Service","apiVersion":"v1","metadata":{"name":"s"},"spec":{"ports":[{"name":"http","port":8080}]}}"#.to_vec(),
        ),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn form(posted: &str) -> Vec<String> {
    let mut fields: Vec<_> = posted.split('&').map(str::to_owned).collect();
    fields.sort();
    fields
}

/// Who logs in with OpenID Connect gets a token that holds for a long time, and a refresh token in place of the old one.
/// `/form/token` wants no header, `/late/token` knows nobody any more.
fn token(path: &str, who: &[String], posted: &[String]) -> (&'static str, Vec<u8>) {
    let in_form = posted.contains(&"client_id=sealers".to_owned());
    let known = match path {
        "/form/token" => who.is_empty() && in_form,
        "/late/token" => false,
        _ => !who.is_empty(),
    };
    if !known {
        return ("400 Bad Request", br#"{"error":"invalid_grant"}"#.to_vec());
    }
    let tokens = serde_json::json!({
        "access_token": "a", "token_type": "bearer", "id_token": LONG, "refresh_token": "second",
    });
    ("200 OK", tokens.to_string().into_bytes())
}

fn config_map(name: &str, served: &[u8]) -> (&'static str, Vec<u8>) {
    let pem = String::from_utf8_lossy(served);
    let data = match name {
        "sealing" => serde_json::json!({"tls.crt": pem, "readme": "hello"}),
        "both" => serde_json::json!({"a.pem": pem, "b.pem": pem}),
        "forbidden" => {
            let status = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}"#;
            return ("403 Forbidden", status.to_vec());
        }
        _ => {
            let status = br#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
            return ("404 Not Found", status.to_vec());
        }
    };
    let map = serde_json::json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name}, "data": data});
    ("200 OK", map.to_string().into_bytes())
}

fn head(reader: &mut impl std::io::BufRead) -> std::io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    if lines.is_empty() {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(lines)
}

/// A proxy that leads everywhere to one port of this host; it remembers where to it was asked for.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    log: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let written = Arc::clone(&written);
                std::thread::spawn(move || lead(stream, target, &written));
            }
        });
        Self { port, log }
    }

    /// What was asked for since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

fn lead(mut client: TcpStream, target: u16, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let head = head(&mut BufReader::with_capacity(1, client.try_clone()?))?;
    let authorization = head.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization")
            .then_some(value)
    });
    log.lock()
        .unwrap()
        .push(format!("{} {authorization:?}", head[0]));
    let mut server = TcpStream::connect(("127.0.0.1", target))?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        to.shutdown(std::net::Shutdown::Write)
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
