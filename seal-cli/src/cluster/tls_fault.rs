//! What is wrong with a TLS connection, and the next step: a server that shows the wrong certificate is there, so
//! that a look at the network helps nobody.

use std::error::Error;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error as Fault};

/// What is wrong, as the rest of a sentence about the server; `None` if TLS is not the reason.
pub(crate) fn told(error: &(dyn Error + 'static)) -> Option<String> {
    fault(error).map(sentence)
}

/// Errors of the system hide what is within them from who asks for their source.
fn fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Fault> {
    if let Some(fault) = error.downcast_ref() {
        return Some(fault);
    }
    let io = error.downcast_ref::<std::io::Error>();
    let within = match io.and_then(std::io::Error::get_ref) {
        Some(within) => Some(within as &(dyn Error + 'static)),
        None => error.source(),
    };
    within.and_then(fault)
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::InvalidCertificate(reason) => of_certificate(reason),
        Fault::InvalidMessage(_) => {
            "does not speak TLS; check the address, its port, and whether it begins with http:// or https://"
                .to_owned()
        }
        Fault::AlertReceived(alert) => {
            format!("ends the TLS connection ({alert:?}); check your client certificate, if there is one")
        }
        Fault::PeerIncompatible(_) => {
            "does not speak TLS 1.2 or 1.3 with algorithms that are secure".to_owned()
        }
        other => format!("cannot be talked to over TLS: {other}"),
    }
}

fn of_certificate(reason: &CertificateError) -> String {
    use CertificateError as C;
    match reason {
        C::UnknownIssuer | C::BadSignature => {
            "shows a certificate of an authority that is not trusted; name the cluster's own authority (--certificate-authority, or certificate-authority in the kubeconfig), and do not go on if that was right before"
                .to_owned()
        }
        C::NotValidForName => {
            "shows a certificate for another name; use that one as its address, or give --tls-server-name"
                .to_owned()
        }
        C::NotValidForNameContext { presented, .. } => {
            let names: Vec<_> = presented.iter().map(|name| plain(name)).collect();
            let names = if names.is_empty() {
                "no name at all".to_owned()
            } else {
                names.join(", ")
            };
            format!("shows a certificate for another name ({names}); use one of these as its address, or give --tls-server-name")
        }
        C::Expired => expired(""),
        C::ExpiredContext { not_after, .. } => expired(&format!(" on {}", day(*not_after))),
        C::NotValidYet => not_yet(""),
        C::NotValidYetContext { not_before, .. } => not_yet(&format!(" before {}", day(*not_before))),
        C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
            "shows a certificate that is not for servers; have it made with the usage serverAuth".to_owned()
        }
        // The library has no word of its own for it.
        C::Other(reason) if reason.to_string() == "CaUsedAsEndEntity" => {
            "shows the certificate of an authority; if that is the cluster's own, name just that one (--certificate-authority, or certificate-authority in the kubeconfig)".to_owned()
        }
        other => format!("shows a certificate that cannot be believed: {other}"),
    }
}

fn expired(when: &str) -> String {
    format!(
        "shows a certificate that expired{when}; have it renewed, or mend the clock of this computer"
    )
}

fn not_yet(when: &str) -> String {
    format!(
        "shows a certificate that is not valid{when}; mend the clock of this computer or of the server"
    )
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(
        || "an unknown day".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

/// `DnsName("a.example")` is how the library shows names.
fn plain(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    crate::ui::in_line(inner.unwrap_or(name).trim_matches('"'))
}
