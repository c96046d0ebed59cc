//! What a kubeconfig and flags together say about a cluster and its user, by the rules of
//! kubectl (client-go's `clientcmd`): which flag takes the place of which entry, and what does not
//! go together.

use std::fs::File;

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};

use crate::connection::{Connection, Credential};
use crate::proxy;

/// Why nobody can be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error("the kubeconfig has no context {0:?} (kubectl config get-contexts lists them)")]
    Context(String),
    #[error("the kubeconfig has no cluster {0:?} (kubectl config get-clusters lists them)")]
    Cluster(String),
    #[error("the kubeconfig has no user {0:?} (kubectl config get-users lists them)")]
    User(String),
    #[error("the cluster has no address; write server into the kubeconfig, or give --server")]
    Server,
    #[error("the cluster's proxy is no address of a proxy (http://, https:// or socks5://)")]
    Proxy,
    #[error(
        "the certificate authority is given twice, as a file and as data; keep one in the kubeconfig"
    )]
    TwoAuthorities,
    #[error("cannot read {what} {path}: {reason}")]
    File {
        what: &'static str,
        path: String,
        reason: std::io::Error,
    },
    #[error("the user has a token and a name for basic authentication; keep one of them")]
    TwoMethods,
    #[error("the client {0} is given twice, as a file and as data; keep one in the kubeconfig")]
    Twice(&'static str),
    #[error("the client certificate has no key; give --client-key, too")]
    NoKey,
    #[error("a UID or group to act as (--as-uid, --as-group) needs a user to act as (--as)")]
    Impersonation,
    #[error("the user's login helper (exec) has no command")]
    NoCommand,
}

/// A cluster, a user, and the namespace of the context.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) cluster: Cluster,
    pub(crate) user: AuthInfo,
    pub(crate) namespace: Option<String>,
    /// As the kubeconfig calls the user.
    pub(crate) user_name: Option<String>,
}

impl Access {
    /// `None` if neither the kubeconfig nor a flag names a cluster.
    ///
    /// # Errors
    /// If a flag names an entry that is not there, or if what was found does not go together.
    pub(crate) fn of(
        kubeconfig: &Kubeconfig,
        connection: &Connection,
    ) -> Result<Option<Self>, AccessError> {
        let context = context(kubeconfig, connection)?;
        let user = user(kubeconfig, connection, context.as_ref())?;
        let cluster = cluster(kubeconfig, connection, context.as_ref())?;
        check_user(&user)?;
        let Some(cluster) = cluster else {
            return Ok(None);
        };
        check_cluster(&cluster)?;
        let user_name = user_name(connection, context.as_ref()).cloned();
        let namespace = context.and_then(|context| context.namespace);
        Ok(Some(Self {
            user_name,
            cluster,
            user,
            namespace: namespace.filter(|name| !name.is_empty()),
        }))
    }
}

fn context(
    kubeconfig: &Kubeconfig,
    connection: &Connection,
) -> Result<Option<Context>, AccessError> {
    let current = kubeconfig.current_context.as_ref();
    let name = connection
        .context
        .as_ref()
        .or(current.filter(|name| !name.is_empty()));
    let Some(name) = name else {
        return Ok(None);
    };
    let mut known = kubeconfig.contexts.iter();
    match known.find(|known| known.name == *name) {
        Some(found) => Ok(Some(found.context.clone().unwrap_or_default())),
        None => Err(AccessError::Context(name.clone())),
    }
}

/// `None` if nothing says anything about one.
fn cluster(
    kubeconfig: &Kubeconfig,
    connection: &Connection,
    context: Option<&Context>,
) -> Result<Option<Cluster>, AccessError> {
    let name = connection.cluster.as_ref();
    let name = name.or(context.map(|context| &context.cluster));
    let mut known = kubeconfig.clusters.iter();
    let found = known.find(|known| Some(&known.name) == name);
    if let (Some(name), None) = (&connection.cluster, found) {
        return Err(AccessError::Cluster(name.clone()));
    }
    let overridden = connection.server.is_some()
        || connection.certificate_authority.is_some()
        || connection.insecure
        || connection.tls_server_name.is_some()
        || connection.proxy_url.is_some()
        || connection.disable_compression;
    if found.is_none() && !overridden {
        return Ok(None);
    }
    let mut cluster = found
        .and_then(|found| found.cluster.clone())
        .unwrap_or_default();
    replace(&mut cluster.server, connection.server.as_ref());
    replace(&mut cluster.proxy_url, connection.proxy_url.as_ref());
    if connection.disable_compression {
        cluster.disable_compression = Some(true);
    }
    // One way of knowing the server takes the place of the others.
    if connection.insecure || connection.certificate_authority.is_some() {
        cluster.insecure_skip_tls_verify = Some(connection.insecure);
        cluster
            .certificate_authority
            .clone_from(&connection.certificate_authority);
        cluster.certificate_authority_data = None;
    }
    // Another address is another server, with a name of its own.
    if connection.server.is_some() || connection.tls_server_name.is_some() {
        cluster
            .tls_server_name
            .clone_from(&connection.tls_server_name);
    }
    Ok(Some(cluster))
}

fn user_name<'a>(connection: &'a Connection, context: Option<&'a Context>) -> Option<&'a String> {
    let name = connection.user.as_ref();
    name.or(context.and_then(|context| context.user.as_ref()))
}

fn user(
    kubeconfig: &Kubeconfig,
    connection: &Connection,
    context: Option<&Context>,
) -> Result<AuthInfo, AccessError> {
    let name = user_name(connection, context);
    let mut known = kubeconfig.auth_infos.iter();
    let found = known.find(|known| Some(&known.name) == name);
    if let (Some(name), None) = (&connection.user, found) {
        return Err(AccessError::User(name.clone()));
    }
    let mut user = found
        .and_then(|found| found.auth_info.clone())
        .unwrap_or_default();
    replace(&mut user.username, connection.username.as_ref());
    let text = |credential: &Credential| credential.show().to_owned().into();
    user.token = connection.token.as_ref().map(text).or(user.token);
    user.password = connection.password.as_ref().map(text).or(user.password);
    replace(&mut user.impersonate, connection.as_whom.as_ref());
    replace(&mut user.impersonate_uid, connection.as_uid.as_ref());
    if !connection.as_groups.is_empty() {
        user.impersonate_groups = Some(connection.as_groups.clone());
    }
    if connection.client_certificate.is_some() {
        user.client_certificate
            .clone_from(&connection.client_certificate);
        user.client_certificate_data = None;
    }
    if connection.client_key.is_some() {
        user.client_key.clone_from(&connection.client_key);
        user.client_key_data = None;
    }
    Ok(user)
}

fn replace(entry: &mut Option<String>, given: Option<&String>) {
    if given.is_some() {
        *entry = given.cloned();
    }
}

/// A kubeconfig may hold empty texts.
pub(crate) fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn check_cluster(cluster: &Cluster) -> Result<(), AccessError> {
    if given(cluster.server.as_ref()).is_none() {
        return Err(AccessError::Server);
    }
    if let Some(proxy) = given(cluster.proxy_url.as_ref()) {
        proxy::of_text(proxy).ok_or(AccessError::Proxy)?;
    }
    let data = given(cluster.certificate_authority_data.as_ref()).is_some();
    let file = given(cluster.certificate_authority.as_ref());
    if data && file.is_some() {
        return Err(AccessError::TwoAuthorities);
    }
    readable("the certificate authority", file)
}

fn check_user(user: &AuthInfo) -> Result<(), AccessError> {
    let basic = given(user.username.as_ref()).is_some() || user.password.is_some();
    if user.token.is_some() && basic {
        return Err(AccessError::TwoMethods);
    }
    let (certificate, key) = (
        given(user.client_certificate.as_ref()),
        given(user.client_key.as_ref()),
    );
    let certificate_data = given(user.client_certificate_data.as_ref()).is_some();
    if certificate.is_some() || certificate_data {
        if certificate.is_some() && certificate_data {
            return Err(AccessError::Twice("certificate"));
        }
        match (key.is_some(), user.client_key_data.is_some()) {
            (true, true) => return Err(AccessError::Twice("key")),
            (false, false) => return Err(AccessError::NoKey),
            _ => {}
        }
        readable("the client certificate", certificate)?;
        readable("the client key", key)?;
    }
    let helper = user.exec.as_ref();
    if helper.is_some_and(|exec| given(exec.command.as_ref()).is_none()) {
        return Err(AccessError::NoCommand);
    }
    let groups = user.impersonate_groups.as_ref();
    let extra = user.impersonate_user_extra.as_ref();
    let further = given(user.impersonate_uid.as_ref()).is_some()
        || groups.is_some_and(|groups| !groups.is_empty())
        || extra.is_some_and(|extra| !extra.is_empty());
    if further && given(user.impersonate.as_ref()).is_none() {
        return Err(AccessError::Impersonation);
    }
    Ok(())
}

fn readable(what: &'static str, path: Option<&str>) -> Result<(), AccessError> {
    let Some(path) = path else {
        return Ok(());
    };
    let opened = File::open(path).map(drop);
    opened.map_err(|reason| AccessError::File {
        what,
        path: path.to_owned(),
        reason,
    })
}
