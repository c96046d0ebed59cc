"""What a vector is made of, and who is in it."""

import dataclasses
import os

from craft import AgeKey, RsaKey, Sealed, SshKey
from se1 import Place

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors")
CLUSTER_FILE = "keys/rsa-2048.pem"
LARGE_FILE = "keys/rsa-4096.pem"
OTHER_FILE = "se1/keys/rsa-2048-other.pem"
ALICE_FILE = "se1/keys/age-1.txt"
BOB_FILE = "se1/keys/age-2.txt"
EXAMPLE_FILE = "se1/keys/age-example.txt"
SSH_FILE = "se1/keys/ssh-ed25519.pem"


def path(file):
    return os.path.join(VECTORS, file)


CLUSTER = RsaKey(path(CLUSTER_FILE))
LARGE = RsaKey(path(LARGE_FILE))
OTHER = RsaKey(path(OTHER_FILE))
ALICE = AgeKey(path(ALICE_FILE))
BOB = AgeKey(path(BOB_FILE))
SSH = SshKey(path(SSH_FILE))

STRICT = Place("strict", "prod", "db")
NAMESPACE_WIDE = Place("namespace-wide", "prod", "")
CLUSTER_WIDE = Place("cluster-wide", "", "")
PLACES = {place.scope: place for place in (STRICT, NAMESPACE_WIDE, CLUSTER_WIDE)}

ONE = {"DB_PASSWORD": b"hunter2"}
TWO = {"DB_PASSWORD": b"hunter2", "DB_USER": b"app"}


@dataclasses.dataclass
class Case:
    name: str
    comment: str
    expect: str
    text: str
    identities: tuple = (CLUSTER_FILE,)
    items: dict = dataclasses.field(default_factory=dict)
    repeats: tuple = ()


def one(name, place=STRICT, recipients=(CLUSTER,), items=None, **rest):
    """An object with one data key."""
    sealed = Sealed(name, place, **rest)
    sealed.key(recipients)
    return sealed.seal(ONE if items is None else items)


def opened(name, comment, sealed, items=None, identities=(CLUSTER_FILE,), repeats=()):
    text = sealed if isinstance(sealed, str) else sealed.text()
    return Case(name, comment, "success", text, identities, ONE if items is None else items, repeats)


def refused(name, expect, comment, sealed, identities=(CLUSTER_FILE,), repeats=()):
    text = sealed if isinstance(sealed, str) else sealed.text()
    return Case(name, comment, expect, text, identities, {}, repeats)
