"""What a reader holds, and how a writer wraps for it."""

import base64
import hashlib
import json
import os
import re
import struct
import subprocess
import tempfile
import urllib.error
import urllib.request

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import armor
import bech32
from fault import Fault

SETTINGS = {}


def configure(age, kms):
    """The program age and the endpoint of KMS, for everything below."""
    SETTINGS.update(age=age, kms=kms)
    return SETTINGS


def load(path, settings):
    """The identities of a file, or the KMS key of an ARN."""
    if path.startswith("arn:"):
        return [Kms(path, settings["kms"])]
    with open(path, "rb") as file:
        data = file.read()
    if b"BEGIN OPENSSH PRIVATE KEY" in data:
        return [Ssh(data, settings["age"])]
    if b"PRIVATE KEY-----" in data:
        return [Rsa(data)]
    lines = data.decode().splitlines()
    return [Age(line, settings["age"]) for line in lines if line.startswith("AGE-SECRET-KEY-1")]


def oaep(label=b""):
    return padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), label or None)


def rsa_name(public):
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "rsa:" + hashlib.sha256(spki).hexdigest()


def pem_of(data):
    """The PEM block of a file that begins with a remark."""
    return data[data.index(b"-----BEGIN ") :]


class Reader:
    in_service = False

    def matches(self, to):
        return self.to == to

    def open_legacy(self, value, label):
        """The plaintext of a legacy value, which only RSA keys open."""
        return None


class Rsa(Reader):
    def __init__(self, data):
        self.key = serialization.load_pem_private_key(pem_of(data), None)
        self.to = rsa_name(self.key.public_key())

    def unwrap(self, to, blob, place):
        try:
            return self.key.decrypt(blob, oaep())
        except ValueError:
            raise Fault("bad-wrap", "the RSA block does not open") from None

    def open_legacy(self, value, label):
        try:
            data = base64.b64decode(re.sub(r"[\r\n]", "", value), validate=True)
            (length,) = struct.unpack(">H", data[:2])
            session = self.key.decrypt(data[2 : 2 + length], oaep(label))
            return AESGCM(session).decrypt(bytes(12), data[2 + length :], None)
        except (ValueError, struct.error, InvalidTag):
            return None


class AgeProgram(Reader):
    """An identity with which the program age opens the file."""

    def unwrap(self, to, blob, place):
        armor.check_header(blob)
        with tempfile.TemporaryDirectory() as folder:
            identity, wrap = os.path.join(folder, "identity"), os.path.join(folder, "wrap")
            for path, data in ((identity, self.identity), (wrap, blob)):
                with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                    file.write(data)
            done = subprocess.run([self.age, "-d", "-i", identity, wrap], capture_output=True, check=False)
        if done.returncode != 0:
            raise Fault("bad-wrap", done.stderr.decode(errors="replace").splitlines()[0])
        return done.stdout


class Age(AgeProgram):
    def __init__(self, line, age):
        self.age = age
        self.identity = line.encode() + b"\n"
        secret = X25519PrivateKey.from_private_bytes(bech32.decode("age-secret-key-", line.lower()))
        self.to = bech32.encode("age", secret.public_key().public_bytes_raw())


class Ssh(AgeProgram):
    def __init__(self, data, age):
        self.age = age
        self.identity = pem_of(data)
        public = serialization.load_ssh_private_key(self.identity, None).public_key()
        self.to = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


class Kms(Reader):
    in_service = True

    def __init__(self, arn, endpoint):
        self.arn = arn
        self.endpoint = endpoint

    def matches(self, to):
        """A multi-Region key is the same in each region."""
        mine, theirs = self.arn.split(":"), to.split(":")
        if mine[-1].startswith("key/mrk-") and len(mine) == len(theirs):
            mine[3] = theirs[3]
        return mine == theirs

    def unwrap(self, to, blob, place):
        request = {"KeyId": self.arn, "CiphertextBlob": base64.b64encode(blob).decode(), "EncryptionContext": place.context()}
        return base64.b64decode(self.call("Decrypt", request)["Plaintext"])

    def wrap(self, wrapped, place):
        request = {"KeyId": self.arn, "Plaintext": base64.b64encode(wrapped).decode(), "EncryptionContext": place.context()}
        return base64.b64decode(self.call("Encrypt", request)["CiphertextBlob"])

    def call(self, action, request):
        region = self.arn.split(":")[3]
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"TrentService.{action}",
            # An emulator takes the region from here; it does not look at the signature.
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/kms/aws4_request, SignedHeaders=host, Signature=0",
        }
        if not self.endpoint:
            raise Fault("unavailable", "no endpoint of KMS is given")
        call = urllib.request.Request(self.endpoint, json.dumps(request).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(call, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")
            fits = not re.search("InvalidCiphertextException|IncorrectKeyException", body)
            raise Fault("unavailable" if fits else "bad-wrap", f"KMS answered {error.code}") from None
        except OSError as error:
            raise Fault("unavailable", f"no answer of KMS: {error}") from None


def wrap(recipient, wrapped, place):
    """`(to, blob)` for a text as it stands in `to`, or for the PEM file of an RSA key."""
    if recipient.startswith(("age1", "ssh-")):
        done = subprocess.run([SETTINGS["age"], "-r", recipient], input=wrapped, capture_output=True, check=True)
        return recipient, done.stdout
    if recipient.startswith("arn:"):
        return recipient, Kms(recipient, SETTINGS["kms"]).wrap(wrapped, place)
    with open(recipient, "rb") as file:
        public = serialization.load_pem_private_key(pem_of(file.read()), None).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return rsa_name(public), public.encrypt(wrapped, oaep())
