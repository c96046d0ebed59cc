"""Builds SE1 objects byte for byte, right ones and wrong ones, the same at each run.

The stock programs draw random numbers; here they follow from a seed, so that the vectors can be made again and
compared with what is committed.
"""

import base64
import copy
import hashlib
import hmac as mac
import json
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

import bech32
import se1
from identities import pem_of, rsa_name


class Draw:
    """Bytes that follow from a seed."""

    def __init__(self, seed):
        self.seed = seed.encode()
        self.count = 0

    def bytes(self, length):
        self.count += 1
        return hashlib.shake_256(struct.pack(">I", self.count) + self.seed).digest(length)


# RSA


class RsaKey:
    """An RSA key, and OAEP with a seed that is given."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.public = serialization.load_pem_private_key(pem_of(file.read()), None).public_key()
        self.to = rsa_name(self.public)

    def wrap(self, message, draw, label=b"", mgf_hash=hashlib.sha256, hash=hashlib.sha256):
        """RFC 8017 section 7.1.1."""
        numbers = self.public.public_numbers()
        length = (numbers.n.bit_length() + 7) // 8
        size = hash().digest_size
        block = hash(label).digest() + bytes(length - len(message) - 2 * size - 2) + b"\x01" + message
        seed = draw.bytes(size)
        masked = xor(block, mgf1(seed, len(block), mgf_hash))
        masked_seed = xor(seed, mgf1(masked, size, mgf_hash))
        return pow(int.from_bytes(b"\x00" + masked_seed + masked), numbers.e, numbers.n).to_bytes(length)

    def legacy(self, plaintext, label, draw):
        """A value of the legacy format."""
        session = draw.bytes(32)
        block = self.wrap(session, draw, label)
        body = AESGCM(session).encrypt(bytes(12), plaintext, None)
        return base64.b64encode(struct.pack(">H", len(block)) + block + body).decode()


def mgf1(seed, length, hash):
    blocks = -(-length // hash().digest_size)
    return b"".join(hash(seed + struct.pack(">I", count)).digest() for count in range(blocks))[:length]


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


# age


class AgeKey:
    """A native recipient."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            line = next(line for line in file.read().splitlines() if line.startswith("AGE-SECRET-KEY-1"))
        self.public = X25519PrivateKey.from_private_bytes(bech32.decode("age-secret-key-", line.lower())).public_key()
        self.to = bech32.encode("age", self.public.public_bytes_raw())

    def stanza(self, file_key, draw):
        ephemeral = X25519PrivateKey.from_private_bytes(draw.bytes(32))
        share = ephemeral.public_key().public_bytes_raw()
        salt = share + self.public.public_bytes_raw()
        key = derive(ephemeral.exchange(self.public), salt, b"age-encryption.org/v1/X25519")
        return ("X25519 " + unpadded(share), ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None))

    def wrap(self, message, draw):
        file_key = draw.bytes(16)
        return age_file(message, file_key, [self.stanza(file_key, draw)], draw)


class SshKey:
    """An Ed25519 key of SSH, as age encrypts to it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            private = serialization.load_ssh_private_key(pem_of(file.read()), None)
        assert isinstance(private, Ed25519PrivateKey)
        public = private.public_key()
        self.to = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        self.blob = base64.b64decode(self.to.split()[1])
        self.edwards = public.public_bytes_raw()

    def wrap(self, message, draw):
        prime = 2**255 - 19
        y = int.from_bytes(self.edwards, "little") & 2**255 - 1
        montgomery = ((1 + y) * pow(1 - y, -1, prime) % prime).to_bytes(32, "little")
        info = b"age-encryption.org/v1/ssh-ed25519"
        ephemeral = X25519PrivateKey.from_private_bytes(draw.bytes(32))
        share = ephemeral.public_key().public_bytes_raw()
        tweak = X25519PrivateKey.from_private_bytes(derive(b"", self.blob, info))
        shared = tweak.exchange(X25519PublicKey.from_public_bytes(ephemeral.exchange(X25519PublicKey.from_public_bytes(montgomery))))
        key = derive(shared, share + montgomery, info)
        tag = unpadded(hashlib.sha256(self.blob).digest()[:4])
        file_key = draw.bytes(16)
        body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
        return age_file(message, file_key, [(f"ssh-ed25519 {tag} {unpadded(share)}", body)], draw)


def scrypt_stanza(file_key, passphrase, draw):
    salt = draw.bytes(16)
    key = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**10, 8, 1).derive(passphrase)
    return (f"scrypt {unpadded(salt)} 10", ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None))


def age_file(message, file_key, stanzas, draw):
    """A file of version 1 with a message of one chunk."""
    header = "age-encryption.org/v1\n"
    for arguments, body in stanzas:
        text = unpadded(body)
        lines = [text[start : start + 64] for start in range(0, len(text) + 1, 64)]
        header += "\n".join(["-> " + arguments, *lines, ""])
    header += "---"
    tag = mac.new(derive(file_key, b"", b"header"), header.encode(), hashlib.sha256).digest()
    nonce = draw.bytes(16)
    payload = ChaCha20Poly1305(derive(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\x01", message, None)
    return f"{header} {unpadded(tag)}\n".encode() + nonce + payload


def derive(secret, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def unpadded(data):
    return base64.b64encode(data).decode().rstrip("=")


# Objects


class Sealed:
    """An object that is right, with what made it; a vector then spoils `doc`."""

    def __init__(self, name, place, namespace="prod", object_name="db"):
        self.draw = Draw(name)
        self.place = place
        self.keys = []
        self.wraps = {}
        self.doc = se1.document(place, {}, {}, namespace, object_name)

    @property
    def values(self):
        return self.doc["spec"]["encryptedData"]

    @property
    def entries(self):
        return self.doc["spec"]["dataKeys"]

    def entry(self, number=0):
        return self.entries[self.keys[number].id]

    def key(self, recipients, s=None, wrapped=None, place=None):
        """Adds a data key; `wrapped` stands in for what each recipient's wrap holds."""
        key = se1.DataKey(s or self.draw.bytes(32))
        wraps = [(one.to, one.wrap(wrapped or key.wrapped, self.draw)) for one in recipients]
        return self.key_of(key, wraps, place)

    def key_of(self, key, wraps, place=None):
        """Adds a data key with the wraps `[(to, blob)]`."""
        wraps = sorted(wraps, key=lambda wrap: wrap[0].encode())
        self.keys.append(key)
        self.wraps[key.id] = wraps
        self.entries[key.id] = se1.entry(key, place or self.place, wraps)
        return key

    def seal(self, items, number=-1, place=None):
        for item, plaintext in items.items():
            self.values[item] = self.keys[number].seal(place or self.place, item, self.draw.bytes(12), plaintext)
        return self

    def again(self, number=0):
        """The MAC anew, over the wraps that stand there now: what someone can do who knows `S`."""
        key = self.keys[number]
        self.entries[key.id] = se1.entry(key, self.place, self.wraps[key.id])
        return self

    def copy(self):
        return copy.deepcopy(self)

    def text(self):
        return json.dumps(self.doc, indent=1, ensure_ascii=False)


def payload(value):
    return base64.b64decode(value.split(".")[2])


def with_payload(value, data):
    version, id, _ = value.split(".")
    return ".".join((version, id, base64.b64encode(data).decode()))


def flipped(data, place):
    return data[:place] + bytes([data[place] ^ 1]) + data[place:][1:]
