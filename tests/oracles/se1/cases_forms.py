"""What is refused for its form, before any key is used."""

import base64
import json

import se1
from armor import BEGIN, END
from case import ALICE, ALICE_FILE, CLUSTER, CLUSTER_WIDE, NAMESPACE_WIDE, ONE, SSH, STRICT, TWO, one, refused
from cases_opened import ANNOTATION, ARN, many_wraps, object_of, with_other, zeros
from craft import Sealed, payload, with_payload

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def cases():
    yield from types()
    yield from missing_and_unknown()
    yield from duplicates()
    yield from names()
    yield from value_grammar()
    yield from value_encodings()
    yield from entry_encodings()
    yield from armors()
    yield from orders()
    yield from recipients()
    yield from bound_to()
    yield from too_large()


def changed(name, change, place=STRICT, recipients=(CLUSTER,)):
    sealed = one(name, place, recipients)
    change(sealed)
    return sealed


def spoiled(name, expect, comment, change, **rest):
    return refused(name, expect, comment, changed(name, change, **rest))


def bad(path, value):
    """Sets what stands at a path of the spec; `*` is the only key or the first element."""

    def change(sealed):
        at = sealed.doc["spec"]
        for step in path[:-1]:
            at = at[next(iter(at))] if step == "*" and isinstance(at, dict) else at[0] if step == "*" else at[step]
        last = path[-1]
        if last == "*":
            last = next(iter(at)) if isinstance(at, dict) else 0
        if value is ...:
            del at[last]
        else:
            at[last] = value

    return change


VALUE = ("encryptedData", "*")
ENTRY = ("dataKeys", "*")
WRAPS = (*ENTRY, "wraps")
WRAP = (*WRAPS, "*")


def types():
    for name, path, value in (
        ("value-null", VALUE, None),
        ("value-number", VALUE, 1),
        ("value-bool", VALUE, True),
        ("value-list", VALUE, ["se1."]),
        ("value-map", VALUE, {"se1": "."}),
        ("encrypted-data-list", ("encryptedData",), ["se1."]),
        ("encrypted-data-text", ("encryptedData",), "se1."),
        ("data-keys-list", ("dataKeys",), []),
        ("data-keys-text", ("dataKeys",), ""),
        ("data-keys-number", ("dataKeys",), 1),
        ("entry-null", ENTRY, None),
        ("entry-text", ENTRY, "strict/prod/db"),
        ("entry-list", ENTRY, []),
        ("bound-to-null", (*ENTRY, "boundTo"), None),
        ("bound-to-list", (*ENTRY, "boundTo"), ["strict", "prod", "db"]),
        ("commit-null", (*ENTRY, "commit"), None),
        ("commit-number", (*ENTRY, "commit"), 12),
        ("mac-bool", (*ENTRY, "mac"), False),
        ("mac-number", (*ENTRY, "mac"), 1.5),
        ("wraps-null", WRAPS, None),
        ("wraps-map", WRAPS, {"to": "rsa:", "enc": ""}),
        ("wraps-text", WRAPS, "rsa:"),
        ("wraps-empty", WRAPS, []),
        ("wrap-null", WRAP, None),
        ("wrap-text", WRAP, "rsa:"),
        ("wrap-list", WRAP, ["rsa:", ""]),
        ("to-null", (*WRAP, "to"), None),
        ("to-number", (*WRAP, "to"), 286),
        ("enc-null", (*WRAP, "enc"), None),
        ("enc-bool", (*WRAP, "enc"), True),
        ("enc-list", (*WRAP, "enc"), [""]),
    ):
        yield spoiled(f"type-{name}", "malformed", "another type than the format has", bad(path, value))


def missing_and_unknown():
    for field in ("boundTo", "commit", "mac", "wraps"):
        yield spoiled(f"missing-{field.lower()}", "malformed", f"an entry without {field}", bad((*ENTRY, field), ...))
    for field in ("to", "enc"):
        yield spoiled(f"missing-{field}", "malformed", f"a wrap without {field}", bad((*WRAP, field), ...))
    yield spoiled("unknown-in-entry", "malformed", "a field that an entry has not", bad((*ENTRY, "version"), "1"))
    yield spoiled("unknown-in-wrap", "malformed", "a field that a wrap has not", bad((*WRAP, "name"), "production"))
    yield spoiled("field-in-capitals", "malformed", "BoundTo is another field", bad((*ENTRY, "BoundTo"), "strict/prod/db"))
    yield spoiled("data-and-data-keys", "malformed", "spec.data cannot stand together with dataKeys", lambda sealed: (sealed.doc["spec"].pop("encryptedData"), sealed.doc["spec"].update(data="AgA=")))
    for name, change in (
        ("annotation-bool", {"annotations": {ANNOTATION + "cluster-wide": True}}),
        ("annotations-list", {"annotations": [ANNOTATION + "cluster-wide"]}),
        ("name-number", {"name": 1}),
        ("namespace-bool", {"namespace": True}),
    ):
        yield spoiled(f"type-{name}", "malformed", "metadata of another type", lambda sealed: sealed.doc["metadata"].update(change))
    text = one("lone-surrogate").text().replace('"encryptedData": {', '"encryptedData": {"\\ud800": "",')
    yield refused("lone-surrogate", "malformed", "an escape that is no character", text)
    yield refused("cut-off", "malformed", "half an object", one("cut-off").text()[:700])


def twice(name, before, extra):
    """A key put before the first occurrence of `before`, which is the same key."""
    text = one(name, items=TWO).text()
    assert before in text
    return text.replace(before, extra + before, 1)


def duplicates():
    sealed = one("duplicate-item", items=TWO)
    value = json.dumps(sealed.values["DB_PASSWORD"])
    text = sealed.text().replace('"DB_PASSWORD": ', f'"DB_PASSWORD": {value}, "DB_PASSWORD": ', 1)
    yield refused("duplicate-item", "duplicate", "an item twice, with the same value", text)
    sealed = one("duplicate-data-key")
    entry = f'"{sealed.keys[0].id}": {json.dumps(sealed.entry())}'
    text = sealed.text().replace('"dataKeys": {', '"dataKeys": {' + entry + ",")
    yield refused("duplicate-data-key", "duplicate", "a data key twice, the same", text)
    for name, before, extra in (
        ("commit", '"commit": ', '"commit": "", '),
        ("wraps", '"wraps": ', '"wraps": [], '),
        ("to", '"to": ', '"to": "rsa:", '),
        ("data-keys", '"dataKeys": ', '"dataKeys": {}, '),
        ("encrypted-data", '"encryptedData": ', '"encryptedData": {}, '),
        ("spec", '"spec": ', '"spec": {}, '),
        ("name", '"name": ', '"name": "db", '),
    ):
        name = f"duplicate-{name}"
        yield refused(name, "duplicate", "a mapping key that stands twice", twice(name, before, extra))
    text = one("duplicate-escaped").text().replace('"mac": ', '"m\\u0061c": "", "mac": ', 1)
    yield refused("duplicate-escaped", "duplicate", "a mapping key that stands twice, once in another spelling", text)
    sealed = one("duplicate-in-template")
    text = sealed.text().replace('"spec": {', '"spec": {"template": {"metadata": {"labels": {"a": "1", "a": "1"}}},', 1)
    yield refused("duplicate-in-template", "duplicate", "anywhere in the document", text)
    text = one("duplicate-annotation", CLUSTER_WIDE).text()
    key = json.dumps(ANNOTATION + "cluster-wide")
    text = text.replace(f"{key}: ", f'{key}: "false", {key}: ', 1)
    yield refused("duplicate-annotation", "duplicate", "an annotation twice", text)


def names():
    for name, item in (
        ("empty", ""), ("dot", "."), ("dots", ".."), ("hidden", "..data"), ("slash", "a/b"), ("space", "a b"), ("umlaut", "ä"),
        ("long", "a" * 254), ("line-feed", "a\n"), ("equals", "a=b"), ("colon", "a:b"),
        ("nul", "a\0"), ("wide", "\uff21"),
    ):
        name = f"item-name-{name}"
        yield refused(name, "malformed", "an item name that is not allowed", one(name, items={item: b"x"}))
    for name, place, metadata in (
        ("namespace-capital", STRICT, {"namespace": "Prod"}),
        ("namespace-dot", STRICT, {"namespace": "prod.eu"}),
        ("namespace-hyphen", STRICT, {"namespace": "prod-"}),
        ("namespace-long", STRICT, {"namespace": "n" * 64}),
        ("namespace-slash", STRICT, {"namespace": "prod/db"}),
        ("namespace-empty", STRICT, {"namespace": ""}),
        ("namespace-wide-capital", NAMESPACE_WIDE, {"namespace": "Prod"}),
        ("name-capital", STRICT, {"name": "DB"}),
        ("name-underscore", STRICT, {"name": "d_b"}),
        ("name-dots", STRICT, {"name": "a..b"}),
        ("name-slash", STRICT, {"name": "a/b"}),
        ("name-long", STRICT, {"name": "a" * 254}),
        ("name-empty", STRICT, {"name": ""}),
    ):
        yield spoiled(f"illegal-{name}", "malformed", "metadata that no object can have", lambda sealed: sealed.doc["metadata"].update(metadata), place=place)
    yield spoiled("no-namespace", "malformed", "a strict object without a namespace", lambda sealed: sealed.doc["metadata"].pop("namespace"))
    yield spoiled("no-name", "malformed", "a strict object without a name", lambda sealed: sealed.doc["metadata"].pop("name"))


def edit_value(change):
    def edit(sealed):
        value = sealed.values["DB_PASSWORD"]
        _, id, text = value.split(".")
        sealed.values["DB_PASSWORD"] = change(id, text)

    return edit


def value_grammar():
    for name, change in (
        ("prefix-only", lambda id, text: "se1."),
        ("no-payload", lambda id, text: f"se1.{id}"),
        ("no-id", lambda id, text: f"se1..{text}"),
        ("payload-only", lambda id, text: f"se1.{text}"),
        ("id-capitals", lambda id, text: f"se1.{id.upper()}.{text}"),
        ("id-short", lambda id, text: f"se1.{id[:-1]}.{text}"),
        ("id-long", lambda id, text: f"se1.{id}a.{text}"),
        ("id-digit-1", lambda id, text: f"se1.{id[:-1]}1.{text}"),
        ("id-digit-8", lambda id, text: f"se1.{id[:-1]}8.{text}"),
        ("id-not-k", lambda id, text: f"se1.a{id[1:]}.{text}"),
        ("id-space", lambda id, text: f"se1. {id}.{text}"),
    ):
        yield spoiled(f"value-{name}", "malformed", "not the grammar of a value", edit_value(change))
    for name, change in (("dot-at-the-end", lambda id, text: f"se1.{id}.{text}."), ("dot-inside", lambda id, text: f"se1.{id}.{text[:4]}.{text[4:]}"), ("dot-in-front", lambda id, text: f"se1.{id}..{text}")):
        yield spoiled(f"value-{name}", "not-canonical", "what follows the second dot is base64, or it is not", edit_value(change))
    yield spoiled("value-no-bytes", "truncated", "an empty payload", edit_value(lambda id, text: f"se1.{id}."))
    for size in (1, 12, 27):
        name = f"value-{size}-bytes"
        sealed = one(name)
        sealed.values["DB_PASSWORD"] = with_payload(sealed.values["DB_PASSWORD"], payload(sealed.values["DB_PASSWORD"])[:size])
        yield refused(name, "truncated", f"a payload of {size} bytes", sealed)


def unused_bit(text):
    """The same bytes, with an unused bit set."""
    stem = text.rstrip("=")
    assert len(stem) != len(text)
    return stem[:-1] + ALPHABET[ALPHABET.index(stem[-1]) + 1] + "=" * (len(text) - len(stem))


def encodings(text):
    """Other spellings of base64 that has padding."""
    yield "unused-bits", unused_bit(text)
    yield "no-padding", text.rstrip("=")
    yield "more-padding", text + "="
    yield "line-feed", text[:20] + "\n" + text[20:]
    yield "last-line-feed", text + "\n"
    yield "space", text[:20] + " " + text[20:]
    yield "padding-inside", text[:20] + "====" + text[20:]
    yield "other-character", text[:20] + "!" + text[21:]
    yield "not-ascii", text[:20] + "ä" + text[21:]


def url(text):
    return text.replace("+", "-").replace("/", "_")


def value_encodings():
    # A seed whose payload has `+` or `/`.
    name = next(name for name in (f"value-url-alphabet{'-' * n}" for n in range(99)) if set("+/") & set(one(name).values["DB_PASSWORD"]))
    sealed = one(name)
    sealed.values["DB_PASSWORD"] = url(sealed.values["DB_PASSWORD"])
    yield refused("value-url-alphabet", "not-canonical", "the alphabet with - and _", sealed)
    for kind in ("unused-bits", "no-padding", "more-padding", "line-feed", "last-line-feed", "space", "padding-inside", "other-character", "not-ascii"):
        name = f"value-{kind}"
        yield spoiled(name, "not-canonical", "another spelling of the payload", edit_value(lambda id, text: f"se1.{id}.{dict(encodings(text))[kind]}"))


def edit(*fields):
    """Edits a field of the first entry, or of its first wrap."""
    *way, field = fields

    def changing(change):
        def run(sealed):
            at = sealed.entry()
            for step in way:
                at = at[step]
            at[field] = change(at[field])

        return run

    return changing


def entry_encodings():
    for field, fields in (("commit", ("commit",)), ("mac", ("mac",)), ("rsa", ("wraps", 0, "enc"))):
        for kind in ("unused-bits", "no-padding", "line-feed", "last-line-feed", "other-character"):
            name = f"{field}-{kind}"
            yield spoiled(name, "not-canonical", f"another spelling of {fields[-1]}", edit(*fields)(lambda text: dict(encodings(text))[kind]))
    for field in ("commit", "mac"):
        for size in (0, 31, 33):
            name = f"{field}-{size}-bytes"
            yield spoiled(name, "malformed", f"{field} of {size} bytes", edit(field)(lambda _: base64.b64encode(bytes(size)).decode()))
    yield spoiled("rsa-url-alphabet", "not-canonical", "the alphabet with - and _", edit("wraps", 0, "enc")(url))

    def rename(to):
        def change(sealed):
            id = sealed.keys[0].id
            sealed.entries[to(id)] = sealed.entries.pop(id)
            sealed.values.clear()

        return change

    for name, to in (("capitals", str.upper), ("other", lambda id: "k" + "a" * 11), ("empty", lambda _: ""), ("longer", lambda id: id + "a")):
        yield spoiled(f"bad-id-{name}", "bad-id", "the entry stands under another key than its id", rename(to))


def armors():
    for name, comment, change in (
        ("crlf", "CR LF as line end", lambda text: text.replace("\n", "\r\n")),
        ("width-76", "lines of 76 characters", lambda text: lines(text, 76)),
        ("width-48", "lines of 48 characters", lambda text: lines(text, 48)),
        ("one-line", "a single line", lambda text: lines(text, 10_000)),
        ("empty-line", "an empty line before the last marker", lambda text: text.replace("\n" + END, "\n\n" + END)),
        ("first-empty-line", "an empty line after the first marker", lambda text: text.replace(BEGIN, BEGIN + "\n")),
        ("text-before", "a line before the first marker", lambda text: "wrapped for Alice\n" + text),
        ("line-feed-before", "a line feed before the first marker", lambda text: "\n" + text),
        ("text-after", "text after the last marker", lambda text: text + "x"),
        ("two-line-feeds", "two line feeds at the end", lambda text: text + "\n"),
        ("space-at-line-end", "a space at the end of a line", lambda text: text.replace(BEGIN, BEGIN + " ")),
        ("indented", "lines with a space in front", lambda text: text.replace("\n", "\n ").rstrip(" ")),
        ("lower-case-marker", "a marker in lower case", lambda text: text.replace(BEGIN, BEGIN.lower())),
        ("other-marker", "the marker of something else", lambda text: text.replace("AGE ENCRYPTED FILE", "MESSAGE")),
        ("no-first-marker", "no first marker", lambda text: text.removeprefix(BEGIN + "\n")),
        ("no-last-marker", "no last marker", lambda text: text.replace(END + "\n", "")),
        ("plain-base64", "base64 without armor", lambda text: "".join(text.split("\n")[1:-2])),
        ("url-alphabet", "the alphabet with - and _", lambda text: "\n".join([BEGIN, *map(url, text.split("\n")[1:-2]), END, ""])),
        ("other-character", "a character that is none of base64", lambda text: text.replace("\nYWdl", "\nYW!l")),
        ("no-bytes", "armor around nothing", lambda text: f"{BEGIN}\n{END}\n"),
        ("empty", "no text", lambda text: ""),
    ):
        name = f"armor-{name}"
        sealed = changed(name, edit("wraps", 0, "enc")(change), recipients=(ALICE,))
        yield refused(name, "not-canonical", comment, sealed, (ALICE_FILE,))
    for name, ending in (("unused-bits", unused_bit), ("no-padding", lambda text: text.rstrip("="))):
        name = f"armor-{name}"
        sealed = with_other(name, "age1q", b"four")
        wraps = sealed.entry()["wraps"]
        wraps[0]["enc"] = "\n".join([BEGIN, ending(base64.b64encode(b"four").decode()), END, ""])
        yield refused(name, "not-canonical", "another spelling of the armor's base64, in the wrap of another reader", sealed)
    sealed = changed("armor-in-rsa", edit("wraps", 0, "enc")(lambda text: se1.enc_of("age1q", base64.b64decode(text))))
    yield refused("armor-in-rsa", "not-canonical", "armor around an RSA block", sealed)
    sealed = with_other("armor-in-kms", ARN, b"x")
    sealed.entry()["wraps"][0]["enc"] = se1.enc_of("age1q", b"x")
    yield refused("armor-in-kms", "not-canonical", "armor around the blob of KMS", sealed)


def lines(text, width):
    body = "".join(text.split("\n")[1:-2])
    return "\n".join([BEGIN, *(body[start : start + width] for start in range(0, len(body), width)), END, ""])


def orders():
    sealed = one("wraps-out-of-order", recipients=(ALICE, CLUSTER))
    sealed.entry()["wraps"].reverse()
    yield refused("wraps-out-of-order", "not-canonical", "wraps in descending order", sealed)
    for name, again in (("repeated", lambda sealed: CLUSTER.wrap(sealed.keys[0].wrapped, sealed.draw)), ("repeated-same", lambda sealed: sealed.wraps[sealed.keys[0].id][0][1])):
        sealed = one(f"wraps-{name}")
        key = sealed.keys[0]
        sealed.wraps[key.id].append((CLUSTER.to, again(sealed)))
        yield refused(f"wraps-{name}", "not-canonical", "a recipient twice, under a MAC that is right", sealed.again())
    sealed = many_wraps("wraps-by-length", 3)
    sealed.wraps[sealed.keys[0].id].sort(key=lambda wrap: len(wrap[1]), reverse=True)
    yield refused("wraps-by-length", "not-canonical", "another order than that of `to`, under a MAC that is right", sealed.again())


def recipients():
    key = base64.b64decode(SSH.to.split()[1])
    for name, to in (
        ("empty", ""),
        ("other", "pgp:0123456789abcdef"),
        ("age-bare", "age1"),
        ("age-capitals", ALICE.to.upper()),
        ("age-one-capital", ALICE.to[:-1] + ALICE.to[-1].upper()),
        ("age-space", ALICE.to + " "),
        ("age-comment", ALICE.to + " alice"),
        ("age-slash", "age1a/b"),
        ("age-secret", "AGE-SECRET-KEY-1" + "Q" * 58),
        ("age-line-feed", ALICE.to + "\n"),
        ("rsa-capitals", CLUSTER.to.upper().replace("RSA:", "rsa:")),
        ("rsa-short", CLUSTER.to[:-1]),
        ("rsa-long", CLUSTER.to + "0"),
        ("rsa-prefix", "RSA" + CLUSTER.to[3:]),
        ("rsa-sha256", CLUSTER.to.replace("rsa:", "rsa:sha256:")),
        ("rsa-line-feed", CLUSTER.to + "\n"),
        ("arn-alias", ARN.replace(":key/1234abcd-12ab-34cd-56ef-1234567890ab", ":alias/sealing")),
        ("arn-account", ARN.replace("111122223333", "11112222333")),
        ("arn-account-empty", ARN.replace("111122223333", "")),
        ("arn-region-empty", ARN.replace("eu-central-1", "")),
        ("arn-partition", ARN.replace("arn:aws:", "arn:gcp:")),
        ("arn-partition-hyphen", ARN.replace("arn:aws:", "arn:aws-:")),
        ("arn-service", ARN.replace(":kms:", ":s3:")),
        ("arn-key-empty", ARN[: ARN.index("key/") + 4]),
        ("arn-key-capitals", ARN.replace("1234abcd", "1234ABCD")),
        ("arn-key-slash", ARN + "/x"),
        ("key-id", ARN.split("/")[1]),
        ("ssh-comment", SSH.to + " alice@example.org"),
        ("ssh-two-spaces", SSH.to.replace(" ", "  ")),
        ("ssh-tab", SSH.to.replace(" ", "\t")),
        ("ssh-no-key", "ssh-ed25519 "),
        ("ssh-type-only", "ssh-ed25519"),
        ("ssh-other-type", SSH.to.replace("ssh-ed25519", "ssh-rsa")),
        ("ssh-other-length", SSH.to.replace(" AAAAC3Nz", " AAAADHNz")),
        ("ssh-ecdsa", "ecdsa-sha2-nistp256 " + base64.b64encode(se1.join(b"ecdsa-sha2-nistp256")).decode()),
        ("ssh-no-padding", "ssh-ed25519 " + base64.b64encode(key[:-1]).decode().rstrip("=")),
        ("ssh-unused-bits", "ssh-ed25519 " + unused_bit(base64.b64encode(key[:-1]).decode())),
        ("ssh-url-alphabet", "ssh-ed25519 " + url(base64.b64encode(key[:-3] + b"\xff\xff\xff").decode())),
        ("ssh-cut", "ssh-ed25519 " + base64.b64encode(key[:10]).decode()),
    ):
        name = f"to-{name}"
        sealed = with_other(name, to, b"x")
        yield refused(name, "unknown-recipient", "a recipient of no known kind", sealed)


def bound_to():
    for name, text in (
        ("empty", ""),
        ("scope", "strict"),
        ("no-name", "strict/prod"),
        ("four-fields", "strict/prod/db/x"),
        ("last-slash", "strict/prod/db/"),
        ("capital-scope", "Strict/prod/db"),
        ("other-scope", "any/prod/db"),
        ("namespace-wide-name", "namespace-wide/prod/db"),
        ("namespace-wide-bare", "namespace-wide"),
        ("cluster-wide-slash", "cluster-wide/"),
        ("cluster-wide-namespace", "cluster-wide/prod"),
        ("illegal-namespace", "strict/Prod/db"),
        ("illegal-name", "strict/prod/d_b"),
        ("empty-fields", "strict//"),
        ("space", "strict/prod/db "),
    ):
        yield spoiled(f"bound-to-{name}", "malformed", "not the grammar of boundTo", bad((*ENTRY, "boundTo"), text))


def too_large():
    sealed = one("value-too-large", items={})
    text, (token, count, unit), _ = zeros(sealed.keys[0], STRICT, "BIG", se1.VALUE_LIMIT)
    _, id, rest = text.split(".")
    first, last = rest.split("@BIG@")
    body = base64.b64decode(first) + bytes(count // 4 * 3) + base64.b64decode(last) + b"\x00"
    value = base64.b64encode(body).decode()
    assert value[16 : 16 + count] == "A" * count
    sealed.values["BIG"] = f"se1.{id}.{value[:16]}@BIG@{value[16 + count :]}"
    yield refused("value-too-large", "too-large", "1,048,577 bytes of plaintext", sealed, repeats=((token, count, unit),))
    sealed, _, repeats = object_of(se1.OBJECT_LIMIT + 1, "object-too-large")
    yield refused("object-too-large", "too-large", "3,145,729 bytes of names and texts", sealed, repeats=repeats)
    sealed = one("legacy-too-large")
    sealed.values["OLD"] = "@OLD@"
    yield refused("legacy-too-large", "too-large", "legacy values count for the object's size", sealed, repeats=(("OLD", se1.OBJECT_LIMIT, "A"),))
    for name, comment, to, blob in (
        ("to-too-large", "a recipient of 4,097 bytes", "age1" + "q" * 4093, b"x"),
        ("blob-too-large", "a wrap of 8,193 bytes", "rsa:" + "0" * 64, bytes(8193)),
        ("armor-too-large", "a wrap of 8,193 bytes in armor", "age1q", bytes(8193)),
        ("kms-too-large", "a wrap of 8,193 bytes for KMS", ARN, bytes(8193)),
    ):
        yield refused(name, "too-large", comment, with_other(name, to, blob))
