"""What opens: everything that the format allows, up to its limits, and what it cannot notice."""

import base64
import json
import os
import re

import yaml
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import se1
from armor import encode
from case import (
    ALICE, ALICE_FILE, BOB, BOB_FILE, CLUSTER, CLUSTER_FILE, CLUSTER_WIDE, EXAMPLE_FILE, LARGE, LARGE_FILE, NAMESPACE_WIDE, ONE, OTHER,
    PLACES, SSH, SSH_FILE, STRICT, TWO, VECTORS, one, opened,
)
from craft import Sealed, age_file, scrypt_stanza

ANNOTATION = "sealedsecrets.bitnami.com/"
ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FIXED_S = bytes(range(32))
FIXED_NONCE = bytes(range(0x64, 0x70))


def cases():
    yield from worked_example()
    yield from scopes()
    yield from values()
    yield from recipients()
    yield from data_keys()
    yield from legacy()
    yield from limits()
    yield from unnoticed()


def specification():
    with open(os.path.join(VECTORS, "..", "..", "docs", "format.md"), encoding="utf-8") as file:
        return file.read()


def worked_example():
    page = specification()
    example = yaml.safe_load(re.search(r"```yaml\n(# example\n.*?)```", page, re.S)[1])
    text = json.dumps(example, indent=1)
    yield opened("worked-example", "the object of docs/format.md, as the person", text, identities=(EXAMPLE_FILE,))
    yield opened("worked-example-cluster", "the object of docs/format.md, as the cluster", text)
    for scope, place in PLACES.items():
        sealed = fixed(f"fixed-point-{scope}", place, ONE, page)
        yield opened(f"fixed-point-{scope}", "S and the value of docs/format.md", sealed)
    sealed = fixed("fixed-point-empty", STRICT, {"EMPTY": b""}, page)
    yield opened("fixed-point-empty", "the empty value of docs/format.md", sealed, {"EMPTY": b""})


def fixed(name, place, items, page):
    sealed = Sealed(name, place)
    key = sealed.key([CLUSTER], s=FIXED_S)
    for item, plaintext in items.items():
        sealed.values[item] = key.seal(place, item, FIXED_NONCE, plaintext)
        assert f'"{sealed.values[item]}"' in page or f" {sealed.values[item]}\n" in page, name
    return sealed


def scopes():
    for scope, place in PLACES.items():
        yield opened(scope, f"{scope}, two items, one recipient", one(scope, place, items=TWO), TWO)
    both = one("both-annotations", CLUSTER_WIDE)
    both.doc["metadata"]["annotations"][ANNOTATION + "namespace-wide"] = "true"
    yield opened("both-annotations", "cluster-wide beats namespace-wide", both)
    for name, value in (("capital", "True"), ("one", "1"), ("false", "false"), ("space", " true")):
        sealed = one(f"annotation-{name}")
        sealed.doc["metadata"]["annotations"] = {ANNOTATION + "cluster-wide": value, ANNOTATION + "namespace-wide": value}
        yield opened(f"annotation-{name}", f"only exactly `true` counts: {json.dumps(value)} is strict", sealed)
    sealed = one("annotation-in-template")
    sealed.doc["spec"]["template"] = {"metadata": {"annotations": {ANNOTATION + "cluster-wide": "true"}, "name": "db"}}
    yield opened("annotation-in-template", "the template does not decide the scope", sealed)
    for name, namespace, object_name in (
        ("longest-namespace", "n" * 63, "db"),
        ("longest-name", "prod", "a." * 126 + "b"),
        ("long-name-without-dots", "prod", "b" * 253),
        ("numeric-names", "1", "2"),
    ):
        place = se1.Place("strict", namespace, object_name)
        yield opened(name, "names at the edge of what is allowed", one(name, place))
    moved = one("cluster-wide-moved", CLUSTER_WIDE, namespace="other", object_name="elsewhere")
    yield opened("cluster-wide-moved", "a cluster-wide object opens anywhere", moved)
    free = one("cluster-wide-without-names", CLUSTER_WIDE)
    free.doc["metadata"].update(namespace="Not_A_Label", name="Not A Name")
    yield opened("cluster-wide-without-names", "names that the scope does not use may be anything", free)
    renamed = one("namespace-wide-renamed", NAMESPACE_WIDE, object_name="elsewhere")
    yield opened("namespace-wide-renamed", "a namespace-wide object opens under another name", renamed)


def values():
    binary = {"all": bytes(range(256)), "zeros": bytes(40), "text": "Grüße\n".encode()}
    yield opened("binary-values", "plaintexts are bytes", one("binary-values", items=binary), binary)
    names = {name: name.encode() for name in (".a", "a..b", "-", "_", "A" * 253, "true", "null", "1", "1e3", "0x1f", "tls.crt")}
    yield opened("item-names", "item names that are allowed", one("item-names", items=names), names)
    for name, value in (("missing", None), ("null", {"encryptedData": None})):
        name = f"encrypted-data-{name}"
        sealed = one(name, items={})
        del sealed.doc["spec"]["encryptedData"]
        sealed.doc["spec"].update(value or {})
        yield opened(name, "dataKeys, and no encryptedData", sealed, {})
    sealed = one("no-values", items={})
    yield opened("no-values", "dataKeys alone", sealed, {})


def recipients():
    everyone = (ALICE, BOB, SSH, CLUSTER, LARGE)
    sealed = one("recipients", recipients=everyone, items=TWO)
    for name, file in (("age", ALICE_FILE), ("age-second", BOB_FILE), ("ssh", SSH_FILE), ("rsa-2048", CLUSTER_FILE), ("rsa-4096", LARGE_FILE)):
        yield opened(f"recipients-{name}", "one object for five readers", sealed, TWO, (file,))
    for scope in ("namespace-wide", "cluster-wide"):
        name = f"age-{scope}"
        yield opened(name, f"{scope}, as a person", one(name, PLACES[scope], (ALICE, CLUSTER)), identities=(ALICE_FILE,))
    name = "identities-of-others"
    yield opened(name, "a reader with several identities, one of them a recipient", one(name), identities=(BOB_FILE, SSH_FILE, LARGE_FILE, CLUSTER_FILE))
    yield kinds_of_recipients()
    sealed = with_other("keys-at-hand-first", ARN, b"rubbish")
    yield opened("keys-at-hand-first", "a reader with a KMS key, too, whose wrap is rubbish: it is not asked", sealed, identities=(ARN, CLUSTER_FILE))
    yield opened("age-grease", "stanzas whose type ends in -grease are skipped", grease(), identities=(ALICE_FILE,))
    sealed = one("armor-without-last-line-feed", recipients=(ALICE,))
    wrap = sealed.entry()["wraps"][0]
    wrap["enc"] = wrap["enc"].rstrip("\n")
    yield opened("armor-without-last-line-feed", "the line feed after the last marker may be missing", sealed, identities=(ALICE_FILE,))


def kinds_of_recipients():
    """Wraps of others are never opened: rubbish will do."""
    name = "kinds-of-recipients"
    sealed = Sealed(name, STRICT)
    key = se1.DataKey(sealed.draw.bytes(32))
    account = "1" * 12
    others = [
        "age1pq1" + "q" * 300,
        "age1tag1qqqqqqqqqqqq",
        "age1tagpq1qqqqqqqqqqqq",
        "age1yubikey1qqqqqqqqqqqq",
        "age1a-b_c.d+e1qqqq",
        SSH.to,
        ARN,
        f"arn:aws:kms:us-east-1:{account}:key/mrk-1234abcd12ab34cd56ef1234567890ab",
        f"arn:aws-cn:kms:cn-north-1:{account}:key/1",
        f"arn:aws-us-gov:kms:us-gov-west-1:{account}:key/1",
        "rsa:" + "0" * 64,
    ]
    wraps = [(to, sealed.draw.bytes(40)) for to in others] + [(CLUSTER.to, CLUSTER.wrap(key.wrapped, sealed.draw))]
    sealed.key_of(key, wraps)
    return opened(name, "every kind of recipient; nobody looks into the wraps of others", sealed.seal(ONE))


def grease():
    sealed = Sealed("age-grease", STRICT)
    key = se1.DataKey(sealed.draw.bytes(32))
    file_key = sealed.draw.bytes(16)
    stanzas = [("abc-grease some arguments", sealed.draw.bytes(60)), ALICE.stanza(file_key, sealed.draw), ("-grease", b"")]
    sealed.key_of(key, [(ALICE.to, age_file(key.wrapped, file_key, stanzas, sealed.draw))])
    return sealed.seal(ONE)


def data_keys():
    sealed = Sealed("several-data-keys", STRICT)
    for item, who in (("A", [CLUSTER]), ("B", [CLUSTER, ALICE]), ("C", [LARGE, CLUSTER])):
        sealed.key(who)
        sealed.seal({item: item.encode()})
    yield opened("several-data-keys", "three data keys with recipients of their own", sealed, {"A": b"A", "B": b"B", "C": b"C"})
    sealed = one("unused-data-key")
    sealed.key([OTHER])
    yield opened("unused-data-key", "a data key that no value names needs no wrap for this reader", sealed)
    sealed = one("planted-data-key")
    sealed.key([CLUSTER])
    yield opened("planted-data-key", "a data key for this reader, planted; no value names it", sealed)
    sealed = one("planted-rubbish")
    planted = sealed.key([CLUSTER], wrapped=bytes(40))
    sealed.entries[planted.id]["mac"] = base64.b64encode(bytes(32)).decode()
    yield opened("planted-rubbish", "a data key that no value names is not opened: neither wrap nor MAC matter", sealed)


def legacy():
    for scope, place in PLACES.items():
        name = f"mixed-{scope}"
        sealed = one(name, place)
        label = "/".join(part for part in (place.namespace, place.name) if part).encode()
        sealed.values["OLD"] = CLUSTER.legacy(b"old", label, sealed.draw)
        yield opened(name, f"a legacy value beside one of SE1, {scope}", sealed, {**ONE, "OLD": b"old"})
    sealed = one("mixed-legacy-only", items={})
    sealed.values["OLD"] = CLUSTER.legacy(b"old", b"prod/db", sealed.draw)
    yield opened("mixed-legacy-only", "dataKeys, but only a legacy value", sealed, {"OLD": b"old"})
    sealed = one("mixed-item-names")
    sealed.values["..not allowed in SE1"] = CLUSTER.legacy(b"old", b"prod/db", sealed.draw)
    yield opened("mixed-item-names", "the rules for item names hold for SE1 values only", sealed, {**ONE, "..not allowed in SE1": b"old"})


def zeros(key, place, item, length):
    """A value whose ciphertext is all zeros, which `repeat` can describe; its text, `repeat` and plaintext."""
    assert length % 3 == 1
    subkey = se1.expand(key.prk, key.associated(place, item))
    counter = modes.CTR(FIXED_NONCE + (2).to_bytes(4))
    plaintext = Cipher(algorithms.AES(subkey), counter).encryptor().update(bytes(length))
    value = key.seal(place, item, FIXED_NONCE, plaintext)
    count = length // 3 * 4
    token = item.replace(".", "")[:8]
    start = len("se1.") + 12 + 1 + 16
    assert value[start : start + count] == "A" * count
    return value[:start] + f"@{token}@" + value[start + count :], (token, count, "A"), plaintext


def limits():
    sealed = one("largest-value", items={})
    text, repeat, plaintext = zeros(sealed.keys[0], STRICT, "BIG", se1.VALUE_LIMIT)
    sealed.values["BIG"] = text
    yield opened("largest-value", "1,048,576 bytes of plaintext", sealed, {"BIG": plaintext}, repeats=(repeat,))
    sealed, items, repeats = object_of(se1.OBJECT_LIMIT, "largest-object")
    yield opened("largest-object", "3,145,728 bytes of names and texts", sealed, items, repeats=repeats)
    yield opened("most-data-keys", "64 data keys, all but one unused", many_keys("most-data-keys", 64))
    yield opened("most-wraps", "16 wraps", many_wraps("most-wraps", 16))
    yield opened("largest-to", "a recipient of 4,096 bytes", with_other("largest-to", "age1" + "q" * 4092, b"x"))
    yield opened("largest-blob", "a wrap of 8,192 bytes", with_other("largest-blob", "rsa:" + "0" * 64, bytes(8192)))
    yield opened("largest-armor", "a wrap of 8,192 bytes in armor", with_other("largest-armor", "age1q", bytes(8192)))
    yield opened("smallest-blob", "a wrap of one byte in armor", with_other("smallest-blob", "age1q", b"x"))
    yield opened("empty-blob", "a wrap of no bytes, of another", with_other("empty-blob", "rsa:" + "0" * 64, b""))
    yield opened("full-armor-line", "a last line of 64 characters", with_other("full-armor-line", "age1q", bytes(96)))


def object_of(size, name):
    """An object whose names and texts have this many bytes."""
    sealed = one(name, items={})
    items, repeats = {}, []
    for item, length in (("A", se1.VALUE_LIMIT), ("B", se1.VALUE_LIMIT), ("C", 259_999)):
        sealed.values[item], repeat, items[item] = zeros(sealed.keys[0], STRICT, item, length)
        repeats.append(repeat)
    entry = sealed.entry()
    texts = [*sealed.values, *sealed.values.values(), *sealed.entries, entry["boundTo"], entry["commit"], entry["mac"]]
    texts += [text for wrap in entry["wraps"] for text in wrap.values()]
    have = sum(len(text) for text in texts) + sum(count - len(f"@{token}@") for token, count, _ in repeats)
    # Another item fills up: its value has 57 characters when it is empty.
    while have < size:
        rest = size - have
        step = rest if rest <= 57 + 253 else min(57 + 253, rest - 58)
        item = f"{len(items):03}".ljust(step - 57, "x")
        sealed.seal({item: b""})
        items[item] = b""
        have += len(item) + len(sealed.values[item])
    assert have == size, (have, size)
    return sealed, items, tuple(repeats)


def many_keys(name, count):
    sealed = one(name)
    for _ in range(count - 1):
        sealed.key_of(se1.DataKey(sealed.draw.bytes(32)), [("rsa:" + "0" * 64, b"x")])
    return sealed


def many_wraps(name, count):
    sealed = Sealed(name, STRICT)
    key = se1.DataKey(sealed.draw.bytes(32))
    wraps = [(f"rsa:{number:064x}", b"x") for number in range(count - 1)]
    sealed.key_of(key, [*wraps, (CLUSTER.to, CLUSTER.wrap(key.wrapped, sealed.draw))])
    return sealed.seal(ONE)


def with_other(name, to, blob):
    """A second wrap, for someone else."""
    sealed = Sealed(name, STRICT)
    key = se1.DataKey(sealed.draw.bytes(32))
    sealed.key_of(key, [(CLUSTER.to, CLUSTER.wrap(key.wrapped, sealed.draw)), (to, blob)])
    return sealed.seal(ONE)


def unnoticed():
    sealed = one("value-removed", items=TWO)
    del sealed.values["DB_USER"]
    yield opened("value-removed", "the format does not promise that an object is complete", sealed)
    sealed = one("old-value-back", items={"DB_PASSWORD": b"old"})
    old = dict(sealed.values)
    sealed.key([CLUSTER])
    sealed.seal(TWO)
    sealed.values.update(old)
    yield opened("old-value-back", "nor that it is fresh", sealed, {"DB_PASSWORD": b"old", "DB_USER": b"app"})
    sealed = one("other-wrap-is-rubbish", recipients=(CLUSTER,))
    key = sealed.keys[0]
    sealed.wraps[key.id] = sorted([*sealed.wraps[key.id], (ALICE.to, b"rubbish"), (BOB.to, encode(b"x").encode())])
    yield opened("other-wrap-is-rubbish", "only its reader looks into a wrap", sealed.again())
    sealed = one("other-reader-with-passphrase")
    key, file_key = sealed.keys[0], sealed.draw.bytes(16)
    file = age_file(key.wrapped, file_key, [scrypt_stanza(file_key, b"passphrase", sealed.draw)], sealed.draw)
    sealed.wraps[key.id] = sorted([*sealed.wraps[key.id], (ALICE.to, file)])
    yield opened("other-reader-with-passphrase", "only its reader looks into a wrap", sealed.again())
