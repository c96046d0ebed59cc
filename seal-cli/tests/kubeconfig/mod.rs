//! A kubeconfig for the test server.

/// For the API server at this address.
pub(crate) fn of(server: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: dev\ncontexts:\n- name: dev\n  context: {{cluster: c, user: u}}\nclusters:\n- name: c\n  cluster: {{server: '{server}'}}\nusers:\n- name: u\n  user: {{}}\n"
    )
}
