//! What is wrong with a TLS connection, and the next step: a server that shows the wrong certificate is there, so
//! that a look at the network helps nobody.

use std::error::Error;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error as Fault};

const NOT_FOR_SERVERS: &str =
    "shows a certificate that is not for servers; have it made with the usage serverAuth";
const EKU: &str = "certificate had invalid extensions";

/// Whose connection it is: what can be done depends on where its authorities are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorities {
    /// An API server, with those of the kubeconfig's cluster, or of flags.
    Cluster,
    /// A page, with those of this computer. Nothing else can be configured.
    Computer,
    /// An issuer of OpenID Connect, with those of the kubeconfig's user, or of this computer.
    Issuer,
}

/// What is wrong with an API server, as the rest of a sentence about it; `None` if TLS is not the reason.
pub(crate) fn told(error: &(dyn Error + 'static)) -> Option<String> {
    told_of(error, Authorities::Cluster)
}

/// The same of any server.
pub(crate) fn told_of(error: &(dyn Error + 'static), authorities: Authorities) -> Option<String> {
    fault(error).map(|fault| authorities.sentence(fault))
}

/// Errors of the system, and those of the client without a runtime, hide what is within them from who asks for their
/// source.
fn fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Fault> {
    if let Some(fault) = error.downcast_ref() {
        return Some(fault);
    }
    if let Some(error) = error.downcast_ref::<ureq::Error>() {
        return match error {
            ureq::Error::Rustls(fault) => Some(fault),
            ureq::Error::Io(error) => fault_within(error),
            ureq::Error::Other(error) => fault(error.as_ref()),
            _ => None,
        };
    }
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => fault_within(error),
        None => error.source().and_then(fault),
    }
}

fn fault_within(error: &std::io::Error) -> Option<&Fault> {
    fault(error.get_ref()?)
}

impl Authorities {
    fn sentence(self, fault: &Fault) -> String {
        match fault {
            Fault::InvalidCertificate(reason) => self.of_certificate(reason),
            Fault::InvalidMessage(_) => {
                "does not speak TLS; check the address, its port, and whether it begins with http:// or https://"
                    .to_owned()
            }
            Fault::AlertReceived(alert) => {
                let next = match self {
                    Self::Cluster => "check your client certificate, if there is one",
                    Self::Computer | Self::Issuer => {
                        "if it wants a client certificate, it cannot be used: none is shown there"
                    }
                };
                format!("ends the TLS connection ({alert:?}); {next}")
            }
            Fault::PeerIncompatible(_) => {
                "does not speak TLS 1.2 or 1.3 with algorithms that are secure".to_owned()
            }
            other => format!("cannot be talked to over TLS: {other}"),
        }
    }

    fn of_certificate(self, reason: &CertificateError) -> String {
        use CertificateError as C;
        match reason {
            C::UnknownIssuer | C::BadSignature => format!(
                "shows a certificate of an authority that is not trusted; {}, and do not go on if that was right before",
                self.trust()
            ),
            C::NotValidForName => {
                format!(
                    "shows a certificate for another name; {}",
                    self.name("that one")
                )
            }
            C::NotValidForNameContext { presented, .. } => {
                let names: Vec<_> = presented.iter().map(|name| plain(name)).collect();
                let names = if names.is_empty() {
                    "no name at all".to_owned()
                } else {
                    names.join(", ")
                };
                let next = self.name("one of these");
                format!("shows a certificate for another name ({names}); {next}")
            }
            C::Expired => expired(""),
            C::ExpiredContext { not_after, .. } => expired(&format!(" on {}", day(*not_after))),
            C::NotValidYet => not_yet(""),
            C::NotValidYetContext { not_before, .. } => {
                not_yet(&format!(" before {}", day(*not_before)))
            }
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => NOT_FOR_SERVERS.to_owned(),
            // The verifier with this computer's authorities has an error of its own, which nobody else can name.
            C::Other(reason) if reason.to_string() == EKU => NOT_FOR_SERVERS.to_owned(),
            // The library has no word of its own for it.
            C::Other(reason) if reason.to_string() == "CaUsedAsEndEntity" => {
                format!("shows the certificate of an authority; {}", self.own())
            }
            other => format!("shows a certificate that cannot be believed: {other}"),
        }
    }

    /// How to have an authority believed.
    fn trust(self) -> &'static str {
        match self {
            Self::Cluster => {
                "name the cluster's own authority (--certificate-authority, or certificate-authority in the kubeconfig)"
            }
            Self::Computer => {
                "add that authority to those of this computer (on Linux SSL_CERT_FILE may name a file with it)"
            }
            Self::Issuer => {
                "name the issuer's own authority (idp-certificate-authority in the kubeconfig)"
            }
        }
    }

    /// How to call the server by a name that it has.
    fn name(self, which: &str) -> String {
        match self {
            Self::Cluster => format!("use {which} as its address, or give --tls-server-name"),
            Self::Computer => format!("use {which} in the URL"),
            Self::Issuer => {
                format!("use {which} in the issuer's address (idp-issuer-url in the kubeconfig)")
            }
        }
    }

    /// What to do about a server that is an authority itself.
    fn own(self) -> &'static str {
        match self {
            Self::Cluster => {
                "if that is the cluster's own, name just that one (--certificate-authority, or certificate-authority in the kubeconfig)"
            }
            Self::Computer | Self::Issuer => {
                "a server needs one that signs no others (CA:FALSE); have it made anew"
            }
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_fault_is_found_wherever_a_library_puts_it() {
        let fault = || Fault::InvalidCertificate(CertificateError::UnknownIssuer);
        let io = || std::io::Error::other(fault());
        for (what, error) in [
            ("itself", Box::new(fault()) as Box<dyn Error>),
            ("of the system", Box::new(io())),
            ("of the system twice", Box::new(std::io::Error::other(io()))),
            ("of the client", Box::new(ureq::Error::Io(io()))),
            ("of its library", Box::new(ureq::Error::Rustls(fault()))),
            (
                "of a connector",
                Box::new(ureq::Error::Other(Box::new(io()))),
            ),
        ] {
            let told = told_of(error.as_ref(), Authorities::Computer);
            let told = told.unwrap_or_else(|| panic!("{what}"));
            assert!(told.contains("SSL_CERT_FILE"), "{what}: {told}");
        }
        for other in [
            ureq::Error::HostNotFound,
            ureq::Error::Io(std::io::ErrorKind::ConnectionRefused.into()),
        ] {
            assert_eq!(told(&other), None, "{other}");
        }
    }

    /// Flags for the API server count for no other.
    #[test]
    fn each_server_has_next_steps_of_its_own() {
        for reason in [
            CertificateError::UnknownIssuer,
            CertificateError::NotValidForName,
            CertificateError::Other(rustls::OtherError(Arc::new(CaUsedAsEndEntity))),
        ] {
            let fault = Fault::InvalidCertificate(reason);
            let of_cluster = told(&fault).unwrap();
            assert!(of_cluster.contains("--"), "{of_cluster}");
            for authorities in [Authorities::Computer, Authorities::Issuer] {
                let other = told_of(&fault, authorities).unwrap();
                assert!(!other.contains("--"), "{other}");
            }
        }
    }

    #[derive(Debug)]
    struct CaUsedAsEndEntity;

    impl std::fmt::Display for CaUsedAsEndEntity {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("CaUsedAsEndEntity")
        }
    }

    impl Error for CaUsedAsEndEntity {}
}
