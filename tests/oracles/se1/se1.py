#!/usr/bin/env python3
"""Reads and writes SE1 objects. Written from docs/format.md alone, without a look at the Rust code.

    se1.py open -i IDENTITY... < OBJECT      one object in JSON; its class and items in JSON
    se1.py vectors FILE...                   the class and the items of each vector, a line each
    se1.py batch < REQUESTS                  many objects to open or to seal, a line of JSON each

It needs the package `cryptography`, and the stock program `age`, which `--age` or `AGE` names.
`--kms URL` is the endpoint of a KMS that asks for no signature, such as an emulator.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import armor
import identities
import vectors
from fault import Fault

VALUE_LIMIT = 1_048_576
OBJECT_LIMIT = 3_145_728
BLOB_LIMIT = 8_192
TO_LIMIT = 4_096
KEYS_LIMIT = 64
WRAPS_LIMIT = 16

ID = re.compile(r"k[a-z2-7]{11}")
VERSIONED = re.compile(r"se([0-9]+)\.")
ITEM = re.compile(r"[A-Za-z0-9_.-]{1,253}")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
AGE = re.compile(r"age1[a-z0-9_.+-]+")
SSH = re.compile(r"(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/=]*)")
KMS = re.compile(r"arn:aws(-[a-z-]+)?:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]+")
RSA = re.compile(r"rsa:[0-9a-f]{64}")
ANNOTATION = "sealedsecrets.bitnami.com/"


# Notation


def join(*fields):
    """`E` of the specification."""
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)


def expand(prk, info):
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


def canonical(text, what):
    """The bytes of canonical base64."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, UnicodeEncodeError):
        raise Fault("not-canonical", f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Fault("not-canonical", f"{what} is another spelling of its base64")
    return data


class DataKey:
    """What follows from `S`."""

    def __init__(self, s):
        self.s = s
        self.prk = hmac.new(b"seal/se1", s, hashlib.sha256).digest()
        self.commit = expand(self.prk, join(b"seal/se1/commit"))
        self.kmac = expand(self.prk, join(b"seal/se1/mac"))
        self.id = id_of(self.commit)
        self.wrapped = b"seal/se1" + s

    def mac(self, place, wraps):
        """The MAC over `[(to, blob)]` at a place."""
        fields = [field for to, blob in wraps for field in (to.encode(), hashlib.sha256(blob).digest())]
        return hmac.new(self.kmac, join(b"seal/se1/wraps", *place.fields(), self.commit, *fields), hashlib.sha256).digest()

    def seal(self, place, item, nonce, plaintext):
        a = self.associated(place, item)
        payload = nonce + AESGCM(expand(self.prk, a)).encrypt(nonce, plaintext, a)
        return f"se1.{self.id}.{base64.b64encode(payload).decode()}"

    def open(self, place, item, payload):
        a = self.associated(place, item)
        try:
            return AESGCM(expand(self.prk, a)).decrypt(payload[:12], payload[12:], a)
        except InvalidTag:
            raise Fault("bad-value", f"{item} does not authenticate") from None

    def associated(self, place, item):
        return join(b"seal/se1/value", *place.fields(), item.encode(), self.commit)


def id_of(commit):
    return "k" + base64.b32encode(commit).decode().lower()[:11]


class Place:
    """Scope, namespace and name; what the scope does not use is empty."""

    def __init__(self, scope, namespace, name):
        self.scope = scope
        self.namespace = "" if scope == "cluster-wide" else namespace
        self.name = name if scope == "strict" else ""

    def fields(self):
        return [self.scope.encode(), self.namespace.encode(), self.name.encode()]

    def bound_to(self):
        return "/".join(part for part in (self.scope, self.namespace, self.name) if part)

    def check(self):
        if self.scope != "cluster-wide" and not (LABEL.fullmatch(self.namespace) and len(self.namespace) <= 63):
            raise Fault("malformed", "illegal namespace")
        if self.scope == "strict" and not (SUBDOMAIN.fullmatch(self.name) and len(self.name) <= 253):
            raise Fault("malformed", "illegal name")

    def context(self):
        """The encryption context of KMS."""
        context = {"seal-format": "se1", "seal-scope": self.scope}
        if self.namespace:
            context["seal-namespace"] = self.namespace
        if self.name:
            context["seal-name"] = self.name
        return context


# The reader


def read(text, readers):
    """The items of an object in JSON, for the identities of one reader. Raises `Fault`."""
    document = parse(text)
    values, entries = texts_of(document)
    place = place_of(document)
    place.check()
    sealed, legacy = {}, {}
    for item, value in values.items():
        version = VERSIONED.match(value)
        if version is None:
            legacy[item] = value
        elif version[1] != "1":
            raise Fault("unknown-version", f"{item} has version {version[1]}")
        else:
            sealed[item] = payload_of(item, value, entries)
    keys = {id: entry_of(id, entry, place) for id, entry in entries.items()}
    needed = {id for id, _ in sealed.values()}
    chosen = {id: choose(id, keys[id][2], readers) for id in sorted(needed)}
    opened = {id: unwrap(id, found, place) for id, found in chosen.items()}
    for id, key in opened.items():
        if not hmac.compare_digest(key.commit, keys[id][0]):
            raise Fault("bad-commitment", f"{id}: the wrap holds another data key")
    for id, key in opened.items():
        if not hmac.compare_digest(key.mac(place, keys[id][2]), keys[id][1]):
            raise Fault("bad-mac", f"{id}: wrong MAC")
    items = {item: opened[id].open(place, item, payload) for item, (id, payload) in sealed.items()}
    for item, value in legacy.items():
        items[item] = open_legacy(item, value, place, readers)
    return items


def parse(text):
    def unique(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise Fault("duplicate", "a mapping key stands twice")
        return found

    try:
        document = json.loads(text, object_pairs_hook=unique)
        text.encode()
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Fault("malformed", "not JSON") from None
    return document


def texts_of(document):
    """Step 1: types and fields, the object's size, the number of data keys."""
    spec = mapping(mapping(document, "the object").get("spec"), "spec")
    values = spec.get("encryptedData")
    values = {} if values is None else mapping(values, "encryptedData")
    entries = mapping(spec.get("dataKeys", {}), "dataKeys")
    if "data" in spec and entries:
        raise Fault("malformed", "data and dataKeys")
    if len(entries) > KEYS_LIMIT:
        raise Fault("too-many", "data keys")
    texts = [*values.keys(), *values.values(), *entries.keys()]
    for id, entry in entries.items():
        fields(entry, ("boundTo", "commit", "mac", "wraps"), id)
        if not isinstance(entry["wraps"], list) or not entry["wraps"]:
            raise Fault("malformed", f"{id}: no wraps")
        texts += [entry["boundTo"], entry["commit"], entry["mac"]]
        for wrap in entry["wraps"]:
            fields(wrap, ("to", "enc"), id)
            texts += [wrap["to"], wrap["enc"]]
    if not all(isinstance(text, str) for text in texts):
        raise Fault("malformed", "a leaf is no text")
    if sum(len(text.encode()) for text in texts) > OBJECT_LIMIT:
        raise Fault("too-large", "the object")
    return values, entries


def mapping(value, what):
    if not isinstance(value, dict):
        raise Fault("malformed", f"{what} is no mapping")
    return value


def fields(value, names, what):
    if set(mapping(value, what)) != set(names):
        raise Fault("malformed", f"{what} has not the fields {', '.join(names)}")


def place_of(document):
    """Step 2: where the object says it is."""
    metadata = mapping(document.get("metadata", {}), "metadata")
    annotations = mapping(metadata.get("annotations", {}), "annotations")
    scope = "strict"
    if annotations.get(ANNOTATION + "namespace-wide") == "true":
        scope = "namespace-wide"
    if annotations.get(ANNOTATION + "cluster-wide") == "true":
        scope = "cluster-wide"
    names = [metadata.get("namespace", ""), metadata.get("name", "")]
    if not all(isinstance(text, str) for text in (*names, *annotations.values())):
        raise Fault("malformed", "a name or an annotation is no text")
    return Place(scope, *names)


def payload_of(item, value, entries):
    """Step 3, for one SE1 value: the id of its data key, and its payload."""
    if not ITEM.fullmatch(item) or item == "." or item.startswith(".."):
        raise Fault("malformed", "illegal item name")
    id, dot, text = value[4:].partition(".")
    if not dot or not ID.fullmatch(id):
        raise Fault("malformed", f"{item}: grammar of the value")
    if len(text) > (VALUE_LIMIT + 28 + 2) // 3 * 4:
        raise Fault("too-large", item)
    payload = canonical(text, item)
    if len(payload) > VALUE_LIMIT + 28:
        raise Fault("too-large", item)
    if len(payload) < 28:
        raise Fault("truncated", item)
    if id not in entries:
        raise Fault("missing-data-key", f"{item} names {id}")
    return id, payload


def entry_of(id, entry, place):
    """Step 4, for one data key: its commitment, its MAC and its wraps."""
    if len(entry["wraps"]) > WRAPS_LIMIT:
        raise Fault("too-many", f"{id}: wraps")
    commit, mac = (canonical(entry[field], f"{id}: {field}") for field in ("commit", "mac"))
    if len(commit) != 32 or len(mac) != 32:
        raise Fault("malformed", f"{id}: commit and mac have 32 bytes")
    if id_of(commit) != id:
        raise Fault("bad-id", id)
    wraps = [wrap_of(id, wrap) for wrap in entry["wraps"]]
    order = [to.encode() for to, _ in wraps]
    if any(first >= second for first, second in zip(order, order[1:])):
        raise Fault("not-canonical", f"{id}: order of the wraps")
    check_bound_to(id, entry["boundTo"], place)
    return commit, mac, wraps


def wrap_of(id, wrap):
    to, enc = wrap["to"], wrap["enc"]
    if len(to.encode()) > TO_LIMIT:
        raise Fault("too-large", f"{id}: to")
    kind = kind_of(to)
    if kind is None:
        raise Fault("unknown-recipient", id)
    if len(enc.encode()) > (11_163 if kind in ("age", "ssh") else 10_924):
        raise Fault("too-large", f"{id}: enc")
    blob = armor.decode(enc) if kind in ("age", "ssh") else canonical(enc, f"{id}: enc")
    if len(blob) > BLOB_LIMIT:
        raise Fault("too-large", f"{id}: blob")
    return to, blob


def kind_of(to):
    if AGE.fullmatch(to):
        return "age"
    if KMS.fullmatch(to):
        return "kms"
    if RSA.fullmatch(to):
        return "rsa"
    ssh = SSH.fullmatch(to)
    if ssh is None:
        return None
    try:
        blob = canonical(ssh[2], "key")
    except Fault:
        return None
    return "ssh" if blob.startswith(join(ssh[1].encode())) else None


def check_bound_to(id, text, place):
    scope, *names = text.split("/")
    if len(names) != {"strict": 2, "namespace-wide": 1, "cluster-wide": 0}.get(scope):
        raise Fault("malformed", f"{id}: grammar of boundTo")
    bound = Place(scope, *(names + ["", ""])[:2])
    bound.check()
    if bound.scope != place.scope:
        raise Fault("wrong-scope", f"{id}: {text}")
    if bound.fields() != place.fields():
        raise Fault("moved-object", f"{id}: {text}")


def choose(id, wraps, readers):
    """Step 5: the wraps that are for this reader, keys at hand first."""
    found = [(reader, to, blob) for to, blob in wraps for reader in readers if reader.matches(to)]
    if not found:
        raise Fault("no-identity", id)
    return sorted(found, key=lambda one: one[0].in_service)


def unwrap(id, found, place):
    """Step 6: the data key."""
    for number, (reader, to, blob) in enumerate(found):
        try:
            wrapped = reader.unwrap(to, blob, place)
            break
        except Fault as fault:
            if fault.name != "unavailable" or number + 1 == len(found):
                raise
    if len(wrapped) != 40 or wrapped[:8] != b"seal/se1":
        raise Fault("bad-wrap", f"{id}: no data key of this format")
    return DataKey(wrapped[8:])


def open_legacy(item, value, place, readers):
    label = "/".join(part for part in (place.namespace, place.name) if part).encode()
    for reader in readers:
        plaintext = reader.open_legacy(value, label)
        if plaintext is not None:
            return plaintext
    raise Fault("legacy", f"{item} does not open")


# The writer


def seal(place, items, recipients):
    """An object with one data key for `recipients`: texts as they stand in `to`, or PEM files of RSA keys."""
    key = DataKey(secrets.token_bytes(32))
    wraps = sorted((identities.wrap(recipient, key.wrapped, place) for recipient in recipients), key=lambda wrap: wrap[0].encode())
    values = {item: key.seal(place, item, secrets.token_bytes(12), plaintext) for item, plaintext in items.items()}
    return document(place, values, {key.id: entry(key, place, wraps)})


def entry(key, place, wraps):
    """The entry of a data key with the wraps `[(to, blob)]`."""
    return {
        "boundTo": place.bound_to(),
        "commit": base64.b64encode(key.commit).decode(),
        "mac": base64.b64encode(key.mac(place, wraps)).decode(),
        "wraps": [{"to": to, "enc": enc_of(to, blob)} for to, blob in wraps],
    }


def enc_of(to, blob):
    if kind_of(to) in ("age", "ssh"):
        return armor.encode(blob)
    return base64.b64encode(blob).decode()


def document(place, values, entries, namespace="prod", name="db"):
    metadata = {"name": place.name or name, "namespace": place.namespace or namespace}
    if place.scope != "strict":
        metadata["annotations"] = {ANNOTATION + place.scope: "true"}
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": {"encryptedData": values, "dataKeys": entries},
    }


# The program


def outcome(text, readers):
    """The class and the items, ready for JSON."""
    try:
        items = read(text, readers)
    except Fault as fault:
        return {"class": fault.name, "detail": fault.detail, "items": {}}
    return {"class": "success", "items": {item: base64.b64encode(value).decode() for item, value in items.items()}}


def run_vectors(files, settings):
    for file in files:
        vector = vectors.read(file)
        readers = [reader for path in vector.identities for reader in identities.load(path, settings)]
        answer = outcome(vector.object, readers)
        answer["name"] = vector.name
        answer["agrees"] = answer["class"] == vector.expect and vector.holds(
            {item: base64.b64decode(value) for item, value in answer["items"].items()}
        )
        print(json.dumps(answer), flush=True)


def run_batch(settings):
    """`{"open": TEXT, "identities": [FILE]}` or `{"seal": {ITEM: BASE64}, "place": [3], "recipients": [TEXT]}`."""
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            readers = [reader for path in request["identities"] for reader in identities.load(path, settings)]
            print(json.dumps(outcome(request["open"], readers)), flush=True)
        else:
            items = {item: base64.b64decode(value) for item, value in request["seal"].items()}
            print(json.dumps(seal(Place(*request["place"]), items, request["recipients"])), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Reads and writes SE1 objects.")
    parser.add_argument("--age", default=os.environ.get("AGE", "age"), help="the program age")
    parser.add_argument("--kms", metavar="URL", help="endpoint of a KMS that asks for no signature")
    commands = parser.add_subparsers(dest="command", required=True)
    opening = commands.add_parser("open")
    opening.add_argument("-i", "--identity", action="append", default=[], metavar="FILE_OR_ARN")
    commands.add_parser("vectors").add_argument("file", nargs="+")
    commands.add_parser("batch")
    arguments = parser.parse_args()
    settings = identities.configure(arguments.age, arguments.kms)
    if arguments.command == "open":
        readers = [reader for path in arguments.identity for reader in identities.load(path, settings)]
        print(json.dumps(outcome(sys.stdin.read(), readers), indent=2))
    elif arguments.command == "vectors":
        run_vectors(arguments.file, settings)
    else:
        run_batch(settings)


if __name__ == "__main__":
    main()
