use super::*;

/// Names and values, and whether they are secrets.
fn assert_open(rows: &[(&str, &str, bool)]) {
    for (name, value, expected) in rows {
        assert_eq!(is_open(name, value), *expected, "{name}: {value}");
    }
}

/// Texts, and their lines with secrets.
fn assert_lines(rows: &[(&str, Option<usize>)]) {
    for (text, line) in rows {
        assert_eq!(open_line(text), *line, "{text}");
    }
}

#[test]
fn values_are_told_from_what_stands_for_them() {
    assert_open(&[
        ("password", "hunter2", true),
        ("DB_PASSWORD", "Tr0ub4dor&3", true),
        ("api_key", "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c", true),
        ("client_secret", "hunter2", true),
        ("password", "my-own-words", true),
        ("password", "p/assW0rd", true),
        ("password", "$2y$10$abc", true),
        ("password", "", false),
        ("password", "{{ .password }}", false),
        ("password", "pre-{{ .password | quote }}", false),
        ("password", "${PASSWORD}", false),
        ("password", "$PASSWORD", false),
        ("password", "$(PASSWORD)", false),
        ("password", "changeme", false),
        ("password", "CHANGE_ME", false),
        ("password", "<your password>", false),
        ("password", "your-password-here", false),
        ("password", "********", false),
        ("password", "true", false),
        ("password", "/run/secrets/db", false),
        ("password", "file:/run/secrets/db", false),
        ("password", "https://vault.example/db", false),
        ("password", "os.getenv('PW')", false),
        ("password", "DB_PASSWORD", false),
        ("password", "secret/data/db", false),
        ("token", "3600", false),
        ("token", "1.5h", false),
        ("secret", "db-credentials", false),
        ("nginx.example/auth-secret", "basic", false),
        ("username", "hunter2", false),
        ("passwordPolicy", "strict", false),
    ]);
}

#[test]
fn annotations_with_a_domain_name_items() {
    assert_open(&[
        ("vendor.example/password", "Tr0ub4dor&3", true),
        (
            "vendor.example/token",
            "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
            true,
        ),
        (
            "vendor.example/api-key",
            "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
            true,
        ),
        ("vendor.example/password", "hunter2", false),
        ("jenkins.io/credentials-keybinding-password", "pass", false),
        ("app/token", "github", false),
        ("app/secret", "DB-Main-01", false),
    ]);
}

#[test]
fn what_stands_for_a_value_does_so_as_a_whole() {
    assert_open(&[
        ("password", "os.environ['PW']", false),
        ("password", "abc(def)", false),
        ("password", "abc(def", true),
        ("password", "abc(def)!", true),
        ("password", "DB_PW", false),
        ("password", "OAUTH2_TOKEN", false),
        ("password", "P_A55", true),
        ("password", "ABC_123", true),
        ("password", "kv/data/db1", false),
        ("password", "certs/db1.key", false),
        ("password", "my/secret/pw1", true),
        ("password", "ab/cd12xyz9q", true),
        ("password", "/9j4+x7Qa==", true),
        ("password", "C:\\db1", false),
        ("api_key", "ab/cd12xyz9q", true),
        ("secret", "team1/db", false),
        ("password", "{abc", true),
        ("password", "{abc}", false),
        ("password", "[abc]def", true),
        ("password", "[abc]", false),
        ("password", "!vault1", true),
        ("password", "`cat db`", false),
        ("password", "`cat1db", true),
        ("password", "pre-%(DB)s", false),
        ("password", "ab%(1cd", true),
        ("password", "#{DB}#", false),
        ("password", "$abc1234!", true),
        ("password", "$HOME/db", false),
        ("password", "$env:DB", false),
        ("password", "var.db_password", true),
        ("password", "Password", false),
        ("password", "Password!", true),
        ("db-token", "Token:", false),
        ("secret", "mysecret", false),
        ("db-credentials", "include", false),
        ("webhook-secret", "mysecret", true),
    ]);
}

#[test]
fn settings_are_found_in_texts() {
    assert_lines(&[
        ("[db]\nuser = me\npassword = hunter2\n", Some(3)),
        ("db:\n  user: me\n  password: hunter2 # mine\n", Some(3)),
        ("db:\r\n  password: \"hunter2\"\r\n", Some(2)),
        (r#"{"user":"me","password":"hunter2"}"#, Some(1)),
        ("export DB_PASSWORD='hunter2'", Some(1)),
        (r#"config: "{\"password\":\"hunter2\"}""#, Some(1)),
        (r#"{"a": {"b": "password=hunter2"}}"#, Some(1)),
        ("password: ''", None),
        ("dsn=host=db password=hunter2 user=me", Some(1)),
        ("Server=db;User=me;Password=hunter2;", Some(1)),
        ("<user>me</user>\n<password>hunter2</password>", Some(2)),
        ("https://db.example/?a=b&token=abcdef", Some(1)),
        ("{{ if .a }}\npassword = hunter2{{ end }}", Some(2)),
        ("{{ if\n.a }}\npassword = hunter2", Some(3)),
        ("[db]\npassword = {{ .password }}\n", None),
        ("password: \"{{ .password }}\"\ntokenTTL: 3600\n", None),
        ("{{ if eq .password \"hunter2\" }}x{{ end }}", None),
        ("{{ $password := \"hunter2\" }}", None),
        ("# password = hunter2\n", None),
        ("password: the one from the vault\n", None),
        (
            "secretName: db\nsecretKeyRef: {name: db, key: password}\n",
            None,
        ),
        ("redis://token:6379/", None),
        ("password:\n  min: 8\n", None),
        ("password: |\n", None),
        ("{{ unclosed password=hunter2", None),
    ]);
}

#[test]
fn settings_with_values_from_elsewhere_are_passed_over() {
    assert_lines(&[
        ("PASSWORD=`cat /run/secrets/db`", None),
        ("password: !vault", None),
        ("password: !vault |", None),
        ("db: {password: *pw}", None),
        ("db: {password: hunter2}", Some(1)),
        ("db: {password: hunter2, user: me}", Some(1)),
        ("db: {password: hunter2, \"user\": me}", Some(1)),
        ("password: \"!vault1\"", Some(1)),
        ("password: '*pw12'", Some(1)),
        ("password = %(DB)s", None),
        ("password: \"#{DB_PASSWORD}#\"", None),
        ("password=#{DB_PASSWORD}#", None),
        ("password = var.db_password", None),
        ("password: this.form?.password,", None),
        ("const token = req.headers.auth;", None),
        ("const token = await login(me);", None),
        ("token = env(\"TOKEN\", 'none')", None),
        ("token = env(", None),
        ("tokens = [first, second]", None),
        ("password = hunter2.8x.94", Some(1)),
        ("password = \"var.db2_pw\"", Some(1)),
        ("label.password=Password", None),
        ("label.password=Passw0rd", Some(1)),
        ("label.apiKey: \"API key\"", None),
        ("secret: mysecret", None),
        ("secret: mysecret1", Some(1)),
        ("client_secret: mysecret", Some(1)),
        ("credentials: 'include'", None),
        ("api_key: include", Some(1)),
        ("pass_attrs = uid=user, userPassword=password", None),
        ("Password: rotated, see wiki", None),
        ("Password: rotated; see wiki", None),
        ("password: \"{abc\"", Some(1)),
        ("password = {abc", Some(1)),
        ("password: \"[abc]def\"", Some(1)),
        ("password: \"abc(def\"", Some(1)),
        ("password = abc(def", Some(1)),
        ("password: \"$abc1234!\"", Some(1)),
    ]);
}

#[test]
fn keys_in_hexadecimal_are_told_from_digests() {
    let hex = "9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c";
    for (item, text, expected) in [
        ("config", format!("salt = {hex}"), true),
        ("config", hex.to_uppercase(), true),
        ("config", format!("image: a@sha256:{hex}{hex}"), false),
        ("checksum", hex.to_owned(), false),
        ("config", format!("commitId: {hex}"), false),
        ("config", format!("tenant: {hex}"), false),
        ("config", format!("tunnel: {hex}"), false),
        ("config", format!("uuid: {hex}"), false),
        ("config", format!("tenant: a\nsalt: {hex}"), true),
        ("config", hex[1..].to_owned(), false),
        ("config", "0".repeat(40), false),
        ("config", format!("{{{{ .{hex} }}}}"), false),
    ] {
        assert_eq!(has_hex_key(item, &text), expected, "{item}: {text}");
    }
}
