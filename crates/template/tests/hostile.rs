//! Templates that try to run forever, to fill memory, to crash the renderer or to make an error talk.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on should stop"
)]

use template::{Dialect, Engine, GoTemplate, Items, Limits, ParseError, TemplateError};
use zeroize::Zeroizing;

const CANARY: &str = "canary-value-7f3a";

fn items() -> Items {
    let mut items = Items::new();
    items.insert("password", Zeroizing::new(CANARY.as_bytes().to_vec()));
    items.insert(
        "json",
        Zeroizing::new(format!("{{\"{CANARY}\": ").into_bytes()),
    );
    items.insert("bin", Zeroizing::new([CANARY.as_bytes(), &[0xff]].concat()));
    items.insert("big", Zeroizing::new(vec![b'a'; 1 << 20]));
    items
}

fn render(template: &str) -> Result<usize, TemplateError> {
    GoTemplate::new(Limits::default())
        .render(template, &items())
        .map(|rendered| rendered.len())
}

#[test]
fn work_is_bounded() {
    let twice = |level: usize| {
        let next = level + 1;
        format!(
            "{{{{define \"t{level}\"}}}}{{{{template \"t{next}\"}}}}{{{{template \"t{next}\"}}}}{{{{end}}}}"
        )
    };
    let doubling = (0..64).map(twice).collect::<Vec<_>>().concat();
    let nested_ranges = format!(
        "{}x{}",
        "{{range until 1000}}".repeat(20),
        "{{end}}".repeat(20)
    );
    for template in [
        format!("{doubling}{{{{define \"t64\"}}}}{{{{end}}}}{{{{template \"t0\"}}}}"),
        nested_ranges,
        "{{range 1000000000000}}{{end}}".to_owned(),
        "{{range until 1000000}}{{end}}".to_owned(),
        "{{$b := .big}}{{range until 30000}}{{if contains \"b\" $b}}{{end}}{{end}}".to_owned(),
        "{{$b := .big}}{{range until 30000}}{{$_ := regexMatch \"(a*)*b\" $b}}{{end}}".to_owned(),
        "{{$x := list 1}}{{range until 30}}{{$x = list $x $x}}{{end}}{{$y := deepCopy $x}}{{deepEqual $x $y}}".to_owned(),
        "{{$l := until 50000}}{{$m := uniq $l}}".to_owned(),
        "{{range until 50000}}{{$_ := regexReplaceAll \"x\" \"y\" \"z\"}}{{end}}".to_owned(),
        "{{$d := dict}}{{range $i, $_ := until 20000}}{{$_ := set $d (toString $i) $d.a}}{{$_ := keys $d}}{{end}}".to_owned(),
    ] {
        let error = render(&template).unwrap_err();
        assert!(matches!(error, TemplateError::TooManySteps { .. } | TemplateError::TooLarge { .. }), "{error}");
    }
}

#[test]
fn memory_is_bounded() {
    for template in [
        "{{$x := \"aaaaaaaaaaaaaaaa\"}}{{range until 60}}{{$x = print $x $x}}{{end}}",
        "{{$x := \"aaaaaaaaaaaaaaaa\"}}{{range until 60}}{{$x = cat $x $x}}{{end}}",
        "{{repeat 1000000000 \"x\"}}",
        "{{repeat 9223372036854775807 \"xy\"}}",
        "{{until 9223372036854775807}}",
        "{{untilStep -9223372036854775807 9223372036854775807 1}}",
        "{{seq 999999999999}}",
        "{{indent 999999999 \"x\"}}",
        "{{nindent 9223372036854775807 \"x\\ny\"}}",
        "{{printf \"%999999999d\" 1}}",
        "{{printf \"%.999999999d\" 1}}",
        "{{printf \"%-999999999s|\" \"x\"}}",
        "{{.big}}{{.big}}",
        "{{$x := .big}}{{range until 10}}{{$x = replace \"a\" \"aa\" $x}}{{end}}",
        "{{replace \"\" .big .big}}",
        "{{join .big (until 1000)}}",
        "{{regexReplaceAll \"a?\" (repeat 1000 \"a\") (repeat 100000 \"b\")}}",
        "{{wrapWith 1 .big .big}}",
        "{{$x := list 1 2 3}}{{range until 60}}{{$x = concat $x $x}}{{end}}",
        "{{$x := list 1}}{{range until 60}}{{$x = list $x $x}}{{end}}{{$x | toJson}}",
        "{{$x := dict \"a\" 1}}{{range until 60}}{{$x = dict \"a\" $x \"b\" $x}}{{end}}{{$x}}",
    ] {
        let error = render(template).unwrap_err();
        let bounded = matches!(
            error,
            TemplateError::TooManySteps { .. }
                | TemplateError::TooLarge { .. }
                | TemplateError::Failed { .. }
        );
        assert!(bounded, "{template}: {error}");
    }
}

/// Run on a thread with the stack of a blocking pool's thread; a stack that ends ends the process.
#[test]
fn depth_is_bounded() {
    let deep = |count: usize, open: &str, close: &str| {
        format!("{}{}", open.repeat(count), close.repeat(count))
    };
    let templates = vec![
        "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}".to_owned(),
        "{{define \"a\"}}{{if true}}{{with 1}}{{range 1}}{{template \"a\"}}{{end}}{{end}}{{end}}{{end}}{{template \"a\"}}".to_owned(),
        deep(100_000, "{{if true}}", "{{end}}"),
        format!("{{{{print {} }}}}", deep(100_000, "(print ", ")")),
        format!("{{{{define \"a\"}}}}{}{{{{template \"a\"}}}}{}{{{{end}}}}{{{{template \"a\"}}}}", "{{if true}}".repeat(90), "{{end}}".repeat(90)),
        "{{$x := list 1}}{{range until 20000}}{{$x = list $x}}{{end}}{{$x}}".to_owned(),
        "{{$x := list 1}}{{range until 20000}}{{$x = dict \"a\" $x}}{{end}}{{toJson $x}}".to_owned(),
        "{{$x := list 1}}{{range until 200}}{{$x = list $x}}{{end}}{{deepCopy $x}}".to_owned(),
        "{{$x := list 1}}{{$y := list 1}}{{range until 200}}{{$x = list $x}}{{$y = list $y}}{{end}}{{deepEqual $x $y}}".to_owned(),
        "{{$x := list 1}}{{range until 200}}{{$x = list $x}}{{end}}{{printf \"%d\" $x}}".to_owned(),
        format!("{{{{mustFromJson \"{}\"}}}}", "[".repeat(100_000)),
        "{{$d := dict}}{{$_ := set $d \"me\" $d}}{{$d}}".to_owned(),
        "{{$d := dict}}{{$e := dict \"d\" (list $d)}}{{$_ := set $d \"e\" $e}}{{toJson $d}}".to_owned(),
        "{{$d := dict \"k\" (dict)}}{{$_ := merge $d.k (dict \"up\" $d)}}{{$d}}".to_owned(),
        format!("{{{{regexMatch \"{}\" \"x\" | not | fail}}}}", "(".repeat(10_000)),
    ];
    let run = move || {
        for template in &templates {
            let error = render(template).unwrap_err();
            assert!(error.to_string().len() < 200, "{error}");
        }
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

/// Long chains of values are given back without recursion.
#[test]
fn deep_values_are_dropped() {
    for template in [
        "{{$x := list 1}}{{range until 11000}}{{$x = list $x}}{{end}}done",
        "{{$x := dict}}{{range until 9000}}{{$x = dict \"a\" $x}}{{end}}done",
    ] {
        let run = move || assert_eq!(render(template), Ok(4));
        std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(run)
            .unwrap()
            .join()
            .unwrap();
    }
}

#[test]
fn errors_never_hold_values_or_template_text() {
    for template in [
        "{{ fail .password }}",
        "{{ fail \"template_marker_91c2\" }}",
        "{{ .password.template_marker_91c2 }}",
        "{{ .password .password }}",
        "{{ index .password \"template_marker_91c2\" }}",
        "{{ index (list 1) .password }}",
        "{{ template \"template_marker_91c2\" . }}",
        "{{ define \"template_marker_91c2\" }}x{{ end }}{{ define \"template_marker_91c2\" }}y{{ end }}",
        "{{ $template_marker_91c2 }}",
        "{{ \"template_marker_91c2",
        "template_marker_91c2 {{ end }}",
        "{{ template_marker_91c2! }}",
        "{{ template_marker_91c2 }}",
        "{{ .password | templatemarker91c2 }}",
        "{{ template_marker_91c2_template_marker_91c2_template_marker_91c2 }}",
        "{{ tëmplate_marker_91c2 }}",
        "{{ mustFromJson .json }}",
        "{{ b64dec .password }}",
        "{{ b32dec .password }}",
        "{{ mustRegexMatch \"[template_marker_91c2\" .password }}",
        "{{ regexFind (cat \"(\" .password) \"x\" }}",
        "{{ lt .password 1 }}",
        "{{ eq .password 1 }}",
        "{{ range .password }}{{ end }}",
        "{{ len 3 | index .password }}",
        "{{ ternary 1 2 .password }}",
        "{{ first .password }}",
        "{{ repeat .password \"x\" }}",
        "{{ hasKey . .password }}",
        "{{ dig .password 1 }}",
        "{{ .password | upper | repeat 100000000 }}",
        "{{ substr 99 3 .password }}",
        "{{ call .password }}",
        "{{ 99999999999999999999 }}",
    ] {
        let error = render(template).unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(
                !text.contains("canary") && !text.contains("marker"),
                "{template}: {text}"
            );
        }
    }
}

/// One that can do all it is able to.
fn external() -> GoTemplate {
    GoTemplate::of(Dialect::ExternalSecrets, Limits::default())
        .with_entropy(Zeroizing::new([1; 32]))
}

#[test]
fn key_derivation_is_bounded() {
    // A tenth of the usual, for tests that are not optimised.
    let limits = Limits {
        steps: 10_000,
        ..Limits::default()
    };
    let external =
        || GoTemplate::of(Dialect::ExternalSecrets, limits).with_entropy(Zeroizing::new([1; 32]));
    let mut items = items();
    let endless = include_bytes!("keys/endless.p12").to_vec();
    items.insert("endless", Zeroizing::new(endless));
    let modern = include_bytes!("keys/modern.p12").to_vec();
    items.insert("modern", Zeroizing::new(modern));
    for template in [
        "{{ pkcs12keyPass \"s3cr3t\" .endless }}",
        "{{ range until 1000 }}{{ $_ := pkcs12keyPass \"s3cr3t\" $.modern }}{{ end }}",
        "{{ range until 30 }}{{ $_ := bcrypt \"x\" }}{{ end }}",
        "{{ range until 30 }}{{ $_ := derivePassword 1 \"pin\" \"x\" \"y\" \"z\" }}{{ end }}",
        "{{ range until 1000 }}{{ $_ := jwkPublicKeyPem \"{}\" }}{{ end }}",
        "{{ randAlphaNum 1000000000 }}",
        "{{ randBytes 9223372036854775807 }}",
        "{{ range until 50000 }}{{ $_ := randAlphaNum 1000 }}{{ end }}",
        "{{ shuffle (repeat 9000000 \"x\") }}",
    ] {
        let error = external().render(template, &items).unwrap_err();
        let bounded = matches!(
            error,
            TemplateError::TooManySteps { .. }
                | TemplateError::TooLarge { .. }
                | TemplateError::Failed { .. }
        );
        assert!(bounded, "{template}: {error}");
    }
    // The tenth has room for one hash, and none for a second.
    let hashes =
        |count| format!("{{{{ range until {count} }}}}{{{{ bcrypt \"x\" }}}}{{{{ end }}}}");
    assert!(external().render(&hashes(1), &items).is_ok());
    assert!(external().render(&hashes(2), &items).is_err());
    let error = external().render("{{ pkcs12keyPass \"s3cr3t\" .endless }}", &items);
    assert!(matches!(error, Err(TemplateError::TooManySteps { .. })));
}

#[test]
fn errors_about_keys_never_hold_them() {
    for template in [
        "{{ pkcs12keyPass .password .bin }}",
        "{{ pkcs12key .password }}",
        "{{ pemToPkcs12Pass .password .password .password }}",
        "{{ filterPEM .password .password }}",
        "{{ filterCertChain .password .password }}",
        "{{ certSANs .password }}",
        "{{ jwkPrivateKeyPem .json }}",
        "{{ jwkPublicKeyPem (dict \"kty\" .password | toJson) }}",
        "{{ rsaDecrypt .password \"SHA1\" .password .password }}",
        "{{ rsaDecrypt \"RSA-OAEP\" .password .password .password }}",
        "{{ decryptAES .password .password }}",
        "{{ htpasswd (print .password \":\") .password }}",
        "{{ derivePassword 1 .password .password .password .password }}",
        "{{ randInt .password .password }}",
    ] {
        let error = external().render(template, &items()).unwrap_err();
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("canary"), "{template}: {text}");
        }
    }
}

#[test]
fn random_functions_need_a_seed() {
    let without = GoTemplate::of(Dialect::ExternalSecrets, Limits::default());
    let template = "{{ randAlphaNum 20 }}";
    assert_eq!(
        without.render(template, &items()).unwrap_err().to_string(),
        "template function randAlphaNum at line 1, column 4 is not supported: it draws random data, \
         and no seed was given that keeps it from changing with every render"
    );
    assert!(without.check(template).is_err());
    assert_eq!(external().check(template), Ok(()));
    let drawn = |entry, template| external().render_entry(entry, template, &items()).unwrap();
    assert_eq!(drawn("a", template), drawn("a", template));
    assert_ne!(drawn("a", template), drawn("b", template));
    assert_ne!(
        drawn("a", template)[..],
        drawn("a", "{{ randAlphaNum 20 }} ")[..20]
    );
    let other = GoTemplate::of(Dialect::ExternalSecrets, Limits::default())
        .with_entropy(Zeroizing::new([2; 32]));
    let drawn_elsewhere = other.render_entry("a", template, &items()).unwrap();
    assert_ne!(drawn("a", template), drawn_elsewhere);
    // Sealed Secrets has no such functions, seed or not.
    let sealed = GoTemplate::default().with_entropy(Zeroizing::new([1; 32]));
    assert!(sealed.check(template).is_err());
}

#[test]
fn a_function_is_named_when_its_name_is_on_a_list() {
    for (template, expected) in [
        (
            "a\n {{ include \"x\" . }}",
            "template calls an unknown function `include` at line 2, column 5",
        ),
        (
            "{{ .password | toYaml }}",
            "template calls an unknown function `toYaml` at line 1, column 16",
        ),
        (
            "{{ hunter2 }}",
            "template calls an unknown function at line 1, column 4",
        ),
        (
            "{{ now }}",
            "template function now at line 1, column 4 is not supported: it reads the clock, so the Secret would change with every render",
        ),
    ] {
        assert_eq!(render(template).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_check_finds_what_the_text_alone_decides() {
    let engine = GoTemplate::default();
    for template in [
        "{{ if }}",
        "{{ hunter2 }}",
        "{{ if false }}{{ now }}{{ end }}",
    ] {
        let error: ParseError = engine.check(template).unwrap_err();
        assert_eq!(render(template).unwrap_err(), TemplateError::Parse(error));
    }
    for template in ["{{ .password }}", "{{ fail .password }}", "{{ div 1 0 }}"] {
        assert_eq!(engine.check(template), Ok(()), "{template}");
    }
}

#[test]
fn yaml_is_bounded_and_tells_nothing() {
    let engine = GoTemplate::of(Dialect::ExternalSecrets, Limits::default());
    let deep = format!(
        "{{{{ $x := repeat 200000 \"a\\n\" }}}}{}{{{{ toYaml $x }}}}",
        "{{ $x = dict \"k\" $x }}".repeat(90)
    );
    let bomb = format!(
        "{{{{ $a := repeat 2000 \"*a,\" }}}}{}",
        "{{ fromYaml (printf \"a: &a [x]\\nb: &b [%s]\\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\" $a) | toYaml | len }}".repeat(20)
    );
    for template in [
        deep.as_str(),
        bomb.as_str(),
        "{{ fail .password | toYaml }}",
    ] {
        let error = engine.render(template, &items()).unwrap_err();
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    let told = engine
        .render("{{ fromYaml (printf \"[%s\" .password) }}", &items())
        .unwrap();
    assert!(!String::from_utf8_lossy(&told).contains(CANARY));
}
