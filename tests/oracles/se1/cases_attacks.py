"""What is refused although its form is right: someone without, or with another, key was at it."""

import base64
import hashlib

import se1
from case import (
    ALICE, ALICE_FILE, BOB, BOB_FILE, CLUSTER, CLUSTER_FILE, CLUSTER_WIDE, LARGE, NAMESPACE_WIDE, ONE, OTHER, OTHER_FILE,
    PLACES, SSH, SSH_FILE, STRICT, TWO, one, refused,
)
from cases_opened import ANNOTATION, ARN, many_keys, many_wraps
from craft import Sealed, age_file, flipped, payload, scrypt_stanza, with_payload

AS_ALICE = (ALICE_FILE,)


def cases():
    yield from changed_values()
    yield from moved()
    yield from flipped_scopes()
    yield from changed_lists()
    yield from own_wraps_rsa()
    yield from own_wraps_age()
    yield from identities()
    yield from versions()
    yield from mixed()
    yield from first_failure()


def changed_values():
    sealed = one("items-swapped", items=TWO)
    first, second = sealed.values
    sealed.values.update({first: sealed.values[second], second: sealed.values[first]})
    yield refused("items-swapped", "bad-value", "two values changed places", sealed)
    sealed = one("item-renamed")
    sealed.values["DB_USER"] = sealed.values.pop("DB_PASSWORD")
    yield refused("item-renamed", "bad-value", "the item has another name", sealed)
    sealed = one("item-copied")
    sealed.values["DB_USER"] = sealed.values["DB_PASSWORD"]
    yield refused("item-copied", "bad-value", "the value stands under a second name, too", sealed)
    for name, where in (("nonce", 0), ("ciphertext", 12), ("tag", 19), ("last-byte", 34)):
        sealed = one(f"flipped-{name}")
        value = sealed.values["DB_PASSWORD"]
        sealed.values["DB_PASSWORD"] = with_payload(value, flipped(payload(value), where))
        yield refused(f"flipped-{name}", "bad-value", f"one bit of the payload, at byte {where}", sealed)
    for name, change in (("cut", lambda data: data[:-1]), ("longer", lambda data: data + b"\x00"), ("empty", lambda data: bytes(28))):
        sealed = one(f"payload-{name}")
        value = sealed.values["DB_PASSWORD"]
        sealed.values["DB_PASSWORD"] = with_payload(value, change(payload(value)))
        yield refused(f"payload-{name}", "bad-value", "a payload of another length", sealed)
    sealed = one("value-re-pointed")
    other = sealed.key([CLUSTER])
    version, _, text = sealed.values["DB_PASSWORD"].split(".")
    sealed.values["DB_PASSWORD"] = f"{version}.{other.id}.{text}"
    yield refused("value-re-pointed", "bad-value", "the value names another data key of the object", sealed)
    sealed = one("one-of-two-values", items=TWO)
    sealed.values["DB_USER"] = with_payload(sealed.values["DB_USER"], bytes(31))
    yield refused("one-of-two-values", "bad-value", "one bad value fails the object", sealed)
    for name, place in (
        ("of-another-name", se1.Place("strict", "prod", "other")),
        ("of-another-namespace", se1.Place("strict", "dev", "db")),
        ("of-namespace-wide", NAMESPACE_WIDE),
        ("of-cluster-wide", CLUSTER_WIDE),
        # The lengths keep these two apart.
        ("of-a-shifted-place", se1.Place("strict", "pro", "ddb")),
    ):
        name = f"value-{name}"
        sealed = Sealed(name, STRICT)
        sealed.key([CLUSTER])
        sealed.seal(ONE, place=place)
        yield refused(name, "bad-value", "the same data key, but the value was sealed for another place", sealed)


def moved():
    for name, place, change in (
        ("moved-name", STRICT, {"name": "other"}),
        ("moved-namespace", STRICT, {"namespace": "dev"}),
        ("moved-namespace-wide", NAMESPACE_WIDE, {"namespace": "dev"}),
    ):
        sealed = one(name, place)
        sealed.doc["metadata"].update(change)
        yield refused(name, "moved-object", "the object stands elsewhere", sealed)
        sealed = one(f"{name}-bound-to", place)
        sealed.doc["metadata"].update(change)
        now = se1.Place(place.scope, sealed.doc["metadata"]["namespace"], sealed.doc["metadata"]["name"])
        sealed.entry()["boundTo"] = now.bound_to()
        yield refused(f"{name}-bound-to", "bad-mac", "the object stands elsewhere, and boundTo was edited to match", sealed)
    sealed = one("moved-unused-key")
    sealed.key([CLUSTER], place=se1.Place("strict", "dev", "db"))
    yield refused("moved-unused-key", "moved-object", "the place of a data key that no value names counts, too", sealed)
    sealed = one("moved-entry")
    other = one("moved-entry-source", se1.Place("strict", "dev", "db"), items={"TOKEN": b"secret"})
    sealed.values.update(other.values)
    sealed.entries.update(other.entries)
    yield refused("moved-entry", "moved-object", "an item and its data key from another object", sealed)
    for entry in sealed.entries.values():
        entry["boundTo"] = STRICT.bound_to()
    yield refused("moved-entry-bound-to", "bad-mac", "the same with boundTo edited to match", sealed)


def flipped_scopes():
    for was, place in PLACES.items():
        for now in (scope for scope in PLACES if scope != was):
            sealed = rescoped(f"{was}-as-{now}", place, now)
            yield refused(f"{was}-as-{now}", "wrong-scope", "only the annotation was changed", sealed)
            sealed = rescoped(f"{was}-as-{now}-bound-to", place, now)
            sealed.entry()["boundTo"] = se1.Place(now, "prod", "db").bound_to()
            yield refused(f"{was}-as-{now}-bound-to", "bad-mac", "the annotation was changed, and boundTo to match", sealed)


def rescoped(name, place, now):
    sealed = one(name, place)
    sealed.doc["metadata"]["annotations"] = {} if now == "strict" else {ANNOTATION + now: "true"}
    return sealed


def changed_lists():
    def lists(name, **rest):
        sealed = one(name, recipients=(ALICE, CLUSTER), **rest)
        return sealed, sealed.entry()["wraps"]

    sealed, wraps = lists("recipient-injected")
    wraps.append({"to": LARGE.to, "enc": base64.b64encode(bytes(512)).decode()})
    wraps.sort(key=lambda wrap: wrap["to"].encode())
    yield refused("recipient-injected", "bad-mac", "a recipient more, by someone without the data key", sealed)
    sealed, wraps = lists("recipient-removed")
    wraps.pop(0)
    yield refused("recipient-removed", "bad-mac", "a recipient less", sealed)
    sealed, wraps = lists("recipient-replaced")
    wraps[0]["to"] = BOB.to
    wraps.sort(key=lambda wrap: wrap["to"].encode())
    yield refused("recipient-replaced", "bad-mac", "a wrap is said to be for someone else", sealed)
    sealed, wraps = lists("other-wrap-changed")
    wraps[0]["enc"] = se1.enc_of(ALICE.to, ALICE.wrap(b"rubbish", sealed.draw))
    yield refused("other-wrap-changed", "bad-mac", "the wrap of another reader was replaced", sealed)
    sealed, wraps = lists("other-wrap-same-key")
    wraps[0]["enc"] = se1.enc_of(ALICE.to, ALICE.wrap(sealed.keys[0].wrapped, sealed.draw))
    yield refused("other-wrap-same-key", "bad-mac", "another wrap of the same data key for the same reader", sealed)
    sealed, _ = lists("mac-flipped")
    sealed.entry()["mac"] = base64.b64encode(flipped(base64.b64decode(sealed.entry()["mac"]), 31)).decode()
    yield refused("mac-flipped", "bad-mac", "one bit of the MAC", sealed)
    sealed, _ = lists("mac-of-zeros")
    sealed.entry()["mac"] = base64.b64encode(bytes(32)).decode()
    yield refused("mac-of-zeros", "bad-mac", "no MAC at all", sealed)
    sealed, _ = lists("macs-swapped")
    sealed.key([ALICE, CLUSTER])
    first, second = (sealed.entry(number) for number in (0, 1))
    first["mac"], second["mac"] = second["mac"], first["mac"]
    yield refused("macs-swapped", "bad-mac", "the MACs of two data keys changed places", sealed)
    sealed, _ = lists("commit-flipped")
    sealed.entry()["commit"] = base64.b64encode(flipped(sealed.keys[0].commit, 31)).decode()
    # The end of commit is not in the id.
    yield refused("commit-flipped", "bad-commitment", "the last bit of commit, which the id does not cover", sealed)
    sealed, _ = lists("commit-edited")
    sealed.entry()["commit"] = base64.b64encode(flipped(sealed.keys[0].commit, 0)).decode()
    yield refused("commit-edited", "bad-id", "the first byte of commit", sealed)
    sealed, _ = lists("commit-and-id-edited")
    commit = hashlib.sha256(b"another").digest()
    entry = sealed.entries.pop(sealed.keys[0].id)
    entry["commit"] = base64.b64encode(commit).decode()
    sealed.entries[se1.id_of(commit)] = entry
    sealed.values["DB_PASSWORD"] = sealed.values["DB_PASSWORD"].replace(sealed.keys[0].id, se1.id_of(commit))
    yield refused("commit-and-id-edited", "bad-commitment", "commit, the id and the value's id, so that they agree", sealed)
    sealed = one("second-data-key-bad", items={"A": b"a"})
    sealed.key([CLUSTER])
    sealed.seal({"B": b"b"})
    sealed.entry(1)["mac"] = base64.b64encode(bytes(32)).decode()
    yield refused("second-data-key-bad", "bad-mac", "one of two data keys was changed", sealed)


def own(name, wrap, recipient=CLUSTER, place=STRICT):
    """An object whose one wrap is `wrap(sealed, key)`, with the MAC that belongs to it."""
    sealed = Sealed(name, place)
    key = se1.DataKey(sealed.draw.bytes(32))
    sealed.key_of(key, [(recipient.to, wrap(sealed.draw, key))])
    return sealed.seal(ONE)


def own_wraps_rsa():
    other = se1.DataKey(bytes(32))
    yield refused("own-wrap-of-another-key", "bad-commitment", "the reader's wrap holds another data key", own("own-wrap-of-another-key", lambda draw, _: CLUSTER.wrap(other.wrapped, draw)))
    for name, comment, wrap in (
        ("legacy-block", "the RSA block of a legacy value: a session key of 32 bytes", lambda draw, key: CLUSTER.wrap(key.s, draw, b"prod/db")),
        ("legacy-block-without-label", "32 bytes and no label, as in a cluster-wide legacy value", lambda draw, key: CLUSTER.wrap(key.s, draw)),
        ("labelled-block", "the label of a legacy value around 40 right bytes", lambda draw, key: CLUSTER.wrap(key.wrapped, draw, b"prod/db")),
        ("sha1-mgf", "MGF1 with SHA-1", lambda draw, key: CLUSTER.wrap(key.wrapped, draw, mgf_hash=hashlib.sha1)),
        ("sha1", "SHA-1 as hash, and in MGF1", lambda draw, key: CLUSTER.wrap(key.wrapped, draw, hash=hashlib.sha1, mgf_hash=hashlib.sha1)),
        ("sha512", "SHA-512 as hash", lambda draw, key: CLUSTER.wrap(key.wrapped, draw, hash=hashlib.sha512)),
        ("wrong-magic", "another beginning than seal/se1", lambda draw, key: CLUSTER.wrap(b"seal/se2" + key.s, draw)),
        ("magic-at-the-end", "seal/se1 after S", lambda draw, key: CLUSTER.wrap(key.s + b"seal/se1", draw)),
        ("39-bytes", "a byte too few", lambda draw, key: CLUSTER.wrap(key.wrapped[:-1], draw)),
        ("41-bytes", "a byte too many", lambda draw, key: CLUSTER.wrap(key.wrapped + b"\x00", draw)),
        ("no-bytes", "an empty message", lambda draw, key: CLUSTER.wrap(b"", draw)),
        ("magic-only", "seal/se1 and nothing", lambda draw, key: CLUSTER.wrap(b"seal/se1", draw)),
        ("block-for-another", "the wrap of another RSA key under this reader's name", lambda draw, key: OTHER.wrap(key.wrapped, draw)),
        ("block-flipped", "a bit of the RSA block", lambda draw, key: flipped(CLUSTER.wrap(key.wrapped, draw), 100)),
        ("block-cut", "an RSA block without its last byte", lambda draw, key: CLUSTER.wrap(key.wrapped, draw)[:-1]),
        ("block-longer", "a zero byte before the RSA block", lambda draw, key: b"\x00" + CLUSTER.wrap(key.wrapped, draw)),
        ("block-with-length", "the two bytes of length that the legacy format has", lambda draw, key: b"\x01\x00" + CLUSTER.wrap(key.wrapped, draw)),
        ("block-empty", "no RSA block", lambda draw, key: b""),
        ("block-of-ones", "a number above the modulus", lambda draw, key: b"\xff" * 256),
        ("block-of-zeros", "the number zero", lambda draw, key: bytes(256)),
        ("plain-data-key", "the data key itself, not wrapped at all", lambda draw, key: key.wrapped),
        ("age-in-rsa", "an age file where an RSA block belongs", lambda draw, key: ALICE.wrap(key.wrapped, draw)),
    ):
        yield refused(name, "bad-wrap", comment, own(name, wrap))


def own_wraps_age():
    def stanzas(build, payload=None):
        def wrap(draw, key):
            file_key = draw.bytes(16)
            return age_file(payload or key.wrapped, file_key, build(file_key, draw), draw)

        return wrap

    def alice(file_key, draw):
        return ALICE.stanza(file_key, draw)

    def scrypt(file_key, draw):
        return scrypt_stanza(file_key, b"passphrase", draw)

    other = se1.DataKey(bytes(32))
    name = "age-of-another-key"
    yield refused(name, "bad-commitment", "the reader's wrap holds another data key", own(name, lambda draw, _: ALICE.wrap(other.wrapped, draw), ALICE), AS_ALICE)
    for name, comment, wrap in (
        ("age-two-stanzas", "a second recipient that the list does not show", stanzas(lambda *of: [alice(*of), BOB.stanza(*of)])),
        ("age-same-stanza-twice", "two stanzas for the same recipient", stanzas(lambda *of: [alice(*of), alice(*of)])),
        ("age-scrypt", "a passphrase", stanzas(lambda *of: [scrypt(*of)])),
        ("age-scrypt-and-recipient", "a passphrase and the recipient", stanzas(lambda *of: [alice(*of), scrypt(*of)])),
        ("age-unknown-stanza", "a second stanza of a type that nobody knows", stanzas(lambda *of: [alice(*of), ("example.org/door an-argument", b"body")])),
        ("age-grease-only", "no recipient but grease", stanzas(lambda *of: [("x-grease", b"body")])),
        ("age-grease-in-front", "a type that begins with grease, which is not what it ends in", stanzas(lambda *of: [alice(*of), ("grease-x", b"body")])),
        ("age-without-stanza", "no stanza at all", stanzas(lambda *of: [])),
        ("age-for-another", "the file of another recipient under this reader's name", stanzas(lambda *of: [BOB.stanza(*of)])),
        ("age-wrong-magic", "another beginning than seal/se1", stanzas(lambda *of: [alice(*of)], b"SEAL/SE1" + bytes(32))),
        ("age-32-bytes", "32 bytes", stanzas(lambda *of: [alice(*of)], bytes(32))),
        ("age-39-bytes", "a byte too few", stanzas(lambda *of: [alice(*of)], b"seal/se1" + bytes(31))),
        ("age-41-bytes", "a byte too many", stanzas(lambda *of: [alice(*of)], b"seal/se1" + bytes(33))),
        ("age-flipped", "a bit of the file's payload", lambda draw, key: flipped(ALICE.wrap(key.wrapped, draw), -20)),
        ("age-header-changed", "the MAC of the file's header", lambda draw, key: ALICE.wrap(key.wrapped, draw).replace(b"\n--- ", b"\n-> x-grease\n\n--- ")),
        ("age-cut", "the file without its last byte", lambda draw, key: ALICE.wrap(key.wrapped, draw)[:-1]),
        ("age-longer", "a byte after the end of the file", lambda draw, key: ALICE.wrap(key.wrapped, draw) + b"\x00"),
        ("age-version-2", "a file of another version", lambda draw, key: ALICE.wrap(key.wrapped, draw).replace(b"org/v1", b"org/v2")),
        ("age-header-only", "a file that ends before its payload", lambda draw, key: ALICE.wrap(key.wrapped, draw)[:100]),
        ("age-armor-twice", "an armored file in the armor", lambda draw, key: se1.enc_of(ALICE.to, ALICE.wrap(key.wrapped, draw)).encode()),
        ("age-no-file", "no age file", lambda draw, key: b"rubbish"),
        ("rsa-in-age", "an RSA block where an age file belongs", lambda draw, key: CLUSTER.wrap(key.wrapped, draw)),
    ):
        yield refused(name, "bad-wrap", comment, own(name, wrap, ALICE), AS_ALICE)
    name = "age-for-another-identity"
    sealed = own(name, stanzas(lambda *of: [BOB.stanza(*of)]), ALICE)
    yield refused(name, "bad-wrap", "the reader has the identity that opens the file, but `to` names another of his", sealed, (ALICE_FILE, BOB_FILE))
    name = "ssh-in-native"
    yield refused(name, "bad-wrap", "`to` is an SSH key, the file is for a native recipient", own(name, lambda draw, key: ALICE.wrap(key.wrapped, draw), SSH), (SSH_FILE,))
    name = "ssh-two-stanzas"
    yield refused(name, "bad-wrap", "`to` is an SSH key, the file has a second recipient", own(name, stanzas(lambda *of: [alice(*of), BOB.stanza(*of)]), SSH), (SSH_FILE,))


def identities():
    yield refused("no-identities", "no-identity", "a reader with nothing", one("no-identities"), ())
    yield refused("no-own-wrap", "no-identity", "sealed for others", one("no-own-wrap", recipients=(ALICE, LARGE)), (OTHER_FILE, BOB_FILE))
    sealed = one("no-own-wrap-for-one", items={"A": b"a"})
    sealed.key([LARGE])
    sealed.seal({"B": b"b"})
    yield refused("no-own-wrap-for-one", "no-identity", "one of two data keys is not for this reader", sealed)
    for name, to in (
        ("foreign-arn", ARN.replace("111122223333", "444455556666")),
        ("foreign-arn-region", ARN.replace("eu-central-1", "us-east-1")),
        ("foreign-arn-partition", ARN.replace("arn:aws:", "arn:aws-cn:")),
        ("foreign-arn-prefix", ARN + "0"),
    ):
        sealed = Sealed(name, STRICT)
        key = se1.DataKey(sealed.draw.bytes(32))
        sealed.key_of(key, [(to, sealed.draw.bytes(150))])
        yield refused(name, "no-identity", "a KMS key that the reader's configuration does not name", sealed.seal(ONE), (ARN,))
    multi_region = ARN.split("/")[0] + "/mrk-1234abcd12ab34cd56ef1234567890ab"
    for name, comment, mine, to in (
        ("kms-unavailable", "a KMS key of this reader, and no service that answers", ARN, ARN),
        ("kms-other-region", "a multi-Region key, wrapped in another region: it is this reader's", multi_region, multi_region.replace("eu-central-1", "us-east-1")),
    ):
        sealed = Sealed(name, STRICT)
        key = se1.DataKey(sealed.draw.bytes(32))
        sealed.key_of(key, [(to, sealed.draw.bytes(150))])
        yield refused(name, "unavailable", comment, sealed.seal(ONE), (mine,))
    sealed = one("data-key-removed", items={"A": b"a"})
    sealed.key([CLUSTER])
    sealed.seal({"B": b"b"})
    del sealed.entries[sealed.keys[0].id]
    yield refused("data-key-removed", "missing-data-key", "one of two data keys is gone", sealed)
    sealed = one("data-keys-dropped")
    del sealed.doc["spec"]["dataKeys"]
    yield refused("data-keys-dropped", "missing-data-key", "a program that does not know dataKeys wrote the file", sealed)
    sealed = one("data-keys-empty")
    sealed.doc["spec"]["dataKeys"] = {}
    yield refused("data-keys-empty", "missing-data-key", "dataKeys without an entry", sealed)
    yield refused("65-data-keys", "too-many", "a data key too many, unused as it is", many_keys("65-data-keys", 65))
    name = "10000-data-keys"
    sealed = one(name)
    entry = '"boundTo": "strict/prod/db", "commit": "", "mac": "", "wraps": [{"to": "rsa:", "enc": ""}]'
    text = sealed.text().replace('"dataKeys": {', '"dataKeys": {@MANY@')
    yield refused(name, "too-many", "found before any of them is looked into", text, repeats=(("MANY", 10_000, '"k{n}": {' + entry + "},"),))
    yield refused("17-wraps", "too-many", "a wrap too many", many_wraps("17-wraps", 17))
    sealed = one("17-wraps-unused")
    key = se1.DataKey(sealed.draw.bytes(32))
    sealed.key_of(key, [(f"rsa:{number:064x}", b"x") for number in range(17)])
    yield refused("17-wraps-unused", "too-many", "a wrap too many, in a data key that no value names", sealed)


def versions():
    for version in ("se2", "se0", "se10", "se01", "se99999999999999999999"):
        name = f"version-{version[:5]}"
        sealed = one(name)
        sealed.values["DB_PASSWORD"] = sealed.values["DB_PASSWORD"].replace("se1.", version + ".")
        yield refused(name, "unknown-version", "a value of another version", sealed)
    sealed = one("version-beside", items=TWO)
    sealed.values["DB_USER"] = "se2."
    yield refused("version-beside", "unknown-version", "a value of another version beside one of this", sealed)
    sealed = one("version-alone")
    sealed.values["DB_PASSWORD"] = "se2."
    del sealed.doc["spec"]["dataKeys"]
    yield refused("version-alone", "unknown-version", "nothing in the object is of this version", sealed)
    for name, prefix in (("capital", "SE1."), ("space", " se1."), ("no-digits", "se."), ("no-dot", "se1"), ("sign", "se-1.")):
        name = f"no-version-{name}"
        sealed = one(name)
        sealed.values["DB_PASSWORD"] = sealed.values["DB_PASSWORD"].replace("se1.", prefix)
        yield refused(name, "legacy", f"a value that begins with `{prefix}` is a legacy one, and none that opens", sealed)


def mixed():
    sealed = one("mixed-legacy-moved")
    sealed.values["OLD"] = CLUSTER.legacy(b"old", b"prod/other", sealed.draw)
    yield refused("mixed-legacy-moved", "legacy", "the SE1 value opens, the legacy one is of another object", sealed)
    sealed = one("mixed-legacy-for-another")
    sealed.values["OLD"] = OTHER.legacy(b"old", b"prod/db", sealed.draw)
    yield refused("mixed-legacy-for-another", "legacy", "the SE1 value opens, the legacy one is for another key", sealed)
    sealed = one("mixed-se1-bad")
    sealed.values["OLD"] = CLUSTER.legacy(b"old", b"prod/db", sealed.draw)
    sealed.entry()["mac"] = base64.b64encode(bytes(32)).decode()
    yield refused("mixed-se1-bad", "bad-mac", "the legacy value opens, the data key was changed", sealed)
    sealed = one("mixed-unused-bad")
    del sealed.values["DB_PASSWORD"]
    sealed.values["OLD"] = CLUSTER.legacy(b"old", b"prod/db", sealed.draw)
    sealed.entry()["commit"] = base64.b64encode(bytes(32)).decode()
    yield refused("mixed-unused-bad", "bad-id", "only a legacy value, but dataKeys are always looked at", sealed)
    sealed = one("mixed-as-person", recipients=(ALICE, CLUSTER))
    sealed.values["OLD"] = CLUSTER.legacy(b"old", b"prod/db", sealed.draw)
    yield refused("mixed-as-person", "legacy", "a person opens the SE1 value, but only the cluster's key a legacy one", sealed, AS_ALICE)


def first_failure():
    """Two data keys: the steps count, not the order of items."""

    def rubbish(sealed, number):
        sealed.wraps[sealed.keys[number].id] = [(CLUSTER.to, bytes(256))]
        sealed.again(number)

    def foreign(sealed, number):
        sealed.wraps[sealed.keys[number].id] = [(OTHER.to, bytes(256))]
        sealed.again(number)

    def another(sealed, number):
        sealed.wraps[sealed.keys[number].id] = [(CLUSTER.to, CLUSTER.wrap(b"seal/se1" + bytes(32), sealed.draw))]
        sealed.again(number)

    def mac(sealed, number):
        sealed.entry(number)["mac"] = base64.b64encode(bytes(32)).decode()

    def value(sealed, number):
        sealed.values["AB"[number]] = with_payload(sealed.values["AB"[number]], bytes(40))

    for early, late, expect in ((foreign, rubbish, "no-identity"), (rubbish, another, "bad-wrap"), (another, mac, "bad-commitment"), (mac, value, "bad-mac")):
        for order, (first, second) in (("first", (early, late)), ("second", (late, early))):
            name = f"two-faults-{expect}-{order}"
            sealed = one(name, items={"A": b"a"})
            sealed.key([CLUSTER])
            sealed.seal({"B": b"b"})
            first(sealed, 0)
            second(sealed, 1)
            yield refused(name, expect, "two data keys with a fault each: the earlier step decides", sealed)
