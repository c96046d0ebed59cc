#!/usr/bin/env python3
"""Opens SealedSecrets without seal, from docs/format.md alone.

docs/guide/recover-without-seal.md shows how. Needs Python 3.8 and the package `cryptography`. Reads one
object as JSON, connects to nothing, and prints secrets on stdout only.
"""
import argparse, base64, hashlib, hmac, json, re, struct, sys
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def fields(*parts):
    """E(x…) of the specification: each part after its length."""
    parts = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def hmac_sha256(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


class DataKey:
    """The secret S, and what follows from it."""

    def __init__(self, wrapped):
        if len(wrapped) != 40 or wrapped[:8] != b"seal/se1":
            raise ValueError("bad-wrap: a data key has 40 bytes and begins with seal/se1")
        self.prk = hmac_sha256(b"seal/se1", wrapped[8:])
        self.commit = self.expand(fields("seal/se1/commit"))
        self.id = "k" + base64.b32encode(self.commit).decode().lower()[:11]

    def expand(self, info):
        return hmac_sha256(self.prk, info + b"\x01")

    def check(self, entry, place):
        if not hmac.compare_digest(self.commit, decode(entry["commit"])):
            raise ValueError("bad-commitment: commit belongs to another data key")
        wraps = [part for wrap in entry["wraps"] for part in (wrap["to"], hashlib.sha256(blob(wrap)).digest())]
        mac = hmac_sha256(self.expand(fields("seal/se1/mac")), fields("seal/se1/wraps", *place, self.commit, *wraps))
        if not hmac.compare_digest(mac, decode(entry["mac"])):
            raise ValueError("bad-mac: recipients, scope, namespace or name were changed; --ignore-mac opens all the same")

    def open(self, place, item, payload):
        if len(payload) < 28:
            raise ValueError("truncated: nonce and tag alone have 28 bytes")
        context = fields("seal/se1/value", *place, item, self.commit)
        return AESGCM(self.expand(context)).decrypt(payload[:12], payload[12:], context)


def decode(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if base64.b64encode(data).decode() != text:
        raise ValueError("not-canonical: no base64, or in another spelling")
    return data


def blob(wrap):
    if not wrap["to"].startswith(("age1", "ssh-")):
        return decode(wrap["enc"])
    return decode("".join(line for line in wrap["enc"].split("\n") if not line.startswith("-----")))


def place_of(sealed):
    """Scope, namespace and name; empty what the scope does not use."""
    meta = sealed["metadata"]
    annotations = meta.get("annotations") or {}
    if annotations.get("sealedsecrets.bitnami.com/cluster-wide") == "true":
        return "cluster-wide", "", ""
    if annotations.get("sealedsecrets.bitnami.com/namespace-wide") == "true":
        return "namespace-wide", meta["namespace"], ""
    return "strict", meta["namespace"], meta["name"]


def rsa_decrypt(key, block, label):
    return key.decrypt(block, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label))


def open_legacy(keys, place, text):
    data = base64.b64decode("".join(text.split()))
    end = 2 + int.from_bytes(data[:2], "big")
    label = "/".join(part for part in place[1:] if part).encode() or None
    for key in keys:
        try:
            session = rsa_decrypt(key, data[2:end], label)
            if len(session) == 32:
                return AESGCM(session).decrypt(bytes(12), data[end:], None)
        except (ValueError, InvalidTag):
            pass
    raise ValueError("no key could decrypt it: give the sealing keys of that time with --tls-key")


def read_private_keys(files):
    pem = b"\n".join(open(file, "rb").read() for file in files)
    blocks = re.findall(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", pem, re.S)
    return [serialization.load_pem_private_key(block, None) for block in blocks]


def unwrap_with(keys, entries):
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    for key in keys:
        name = "rsa:" + hashlib.sha256(key.public_key().public_bytes(*der)).hexdigest()
        for wrap in (wrap for entry in entries.values() for wrap in entry["wraps"] if wrap["to"] == name):
            try:
                yield DataKey(rsa_decrypt(key, blob(wrap), None))
            except ValueError:
                print("bad-wrap: a wrap for %s does not open" % name, file=sys.stderr)


def open_object(args, sealed, values, entries):
    place, private = place_of(sealed), read_private_keys(args.tls_key)
    keys = [DataKey(open(file, "rb").read()) for file in args.data_key]
    keys = {key.id: key for key in [*keys, *unwrap_with(private, entries)]}
    opened, failed = {}, 0
    for item, text in values.items():
        try:
            if not text.startswith("se1."):
                opened[item] = open_legacy(private, place, text)
                continue
            _, key_id, payload = text.split(".")
            if key_id not in entries:
                raise ValueError("missing-data-key: spec.dataKeys has no " + key_id)
            if key_id not in keys:
                raise ValueError("data key %s is not among those given" % key_id)
            if not args.ignore_mac:
                keys[key_id].check(entries[key_id], place)
            opened[item] = keys[key_id].open(place, item, decode(payload))
        except (ValueError, InvalidTag) as error:
            print("%s: %s" % (item, str(error) or "bad-value: changed, or moved from elsewhere"), file=sys.stderr)
            failed = 1
    print(json.dumps(secret(sealed, opened), indent=2))
    return failed


def secret(sealed, opened):
    template = sealed["spec"].get("template") or {}
    if template.get("data"):
        print("spec.template.data is left out, it is not rendered here", file=sys.stderr)
    meta = {key: value for key, value in (template.get("metadata") or {}).items() if key in ("labels", "annotations")}
    meta.update({key: sealed["metadata"][key] for key in ("name", "namespace") if key in sealed["metadata"]})
    data = {item: base64.b64encode(value).decode() for item, value in opened.items()}
    rest = {key: template[key] for key in ("type", "immutable") if key in template}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, **rest, "data": data}


def inspect(_, sealed, values, entries):
    print("bound to", "/".join(part for part in place_of(sealed) if part))
    for item, text in values.items():
        print("%s: %s" % (item, text.split(".")[1] if text.startswith("se1.") else "legacy"))
    for key_id, entry in entries.items():
        print("\n    ".join(["data key %s is wrapped for" % key_id] + [wrap["to"] for wrap in entry["wraps"]]))


def wraps(args, _, __, entries):
    own = [(key_id, wrap) for key_id, entry in entries.items() for wrap in entry["wraps"] if wrap["to"] == args.to]
    for key_id, wrap in own:
        with open(key_id + ".wrap", "wb") as file:
            file.write(blob(wrap))
        print(key_id + ".wrap")
    return None if own else "no-identity: no data key is wrapped for this recipient; inspect shows for whom"


def context(_, sealed, __, ___):
    names = ("seal-format", "seal-scope", "seal-namespace", "seal-name")
    print(",".join("%s=%s" % pair for pair in zip(names, ("se1", *place_of(sealed))) if pair[1]))


def unique(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("duplicate: a key stands twice")
    return dict(pairs)


def read(path):
    """The object, its values and data keys; names that are no names end here."""
    with open(path, encoding="utf-8") as file:
        sealed = json.load(file, object_pairs_hook=unique)
    values, entries = sealed["spec"].get("encryptedData") or {}, sealed["spec"].get("dataKeys") or {}
    if not all(isinstance(text, str) for text in values.values()):
        raise ValueError("malformed: a value is no text")
    names = [*values, *entries, *(wrap["to"].replace(" ", "", 1) for e in entries.values() for wrap in e["wraps"])]
    if not all(re.fullmatch("[!-~]+", name) for name in names) or not all(re.fullmatch("k[a-z2-7]{11}", i) for i in entries):
        raise ValueError("malformed: the name of an item, a data key or a recipient")
    return sealed, values, entries


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for run, name, text in [
        (inspect, "inspect", "show which data key opens an item, and who opens a data key"),
        (wraps, "wraps", "write each wrap for one recipient to ID.wrap"),
        (context, "context", "print the encryption context for aws kms decrypt"),
        (open_object, "open", "print the Secret as JSON"),
    ]:
        verb = verbs.add_parser(name, help=text)
        verb.set_defaults(run=run)
        verb.add_argument("object", help="the SealedSecret as JSON")
        if run is wraps:
            verb.add_argument("to", help="the recipient, as inspect shows it")
        if run is open_object:
            verb.add_argument("data_key", nargs="*", help="files with unwrapped data keys")
            verb.add_argument("--tls-key", action="append", default=[], help="PEM file with RSA private keys")
            verb.add_argument("--ignore-mac", action="store_true", help="open values whose data key has a bad MAC")
    args = parser.parse_args()
    try:
        sys.exit(args.run(args, *read(args.object)))
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        sys.exit("%s: %s" % (args.object, error))


if __name__ == "__main__":
    main()
