"""A vector: a text file of `name: value` lines, an empty line, and an object in JSON.

    name: strict                          the file's name without its end
    comment: ...                          what is special about it
    identity: se1/keys/age-1.txt          of the reader; any number, relative to tests/vectors; or an ARN
    expect: success                       a result class of docs/format.md, or `legacy`
    item: DB_PASSWORD = aHVudGVyMg==       of a success: the plaintext in base64
    item-sha256: BIG = 86c0...             the same, when it is long
    repeat: ZEROS 1398100 A               in the object, @ZEROS@ stands for so many times the text;
                                          {n} in the text is 0, 1, 2, ...
"""

import base64
import hashlib
import os


class Vector:
    def __init__(self, headers, text, root):
        self.headers = headers
        self.name = self.one("name")
        self.expect = self.one("expect")
        self.identities = [value if value.startswith("arn:") else os.path.join(root, value) for value in self.all("identity")]
        for repeat in self.all("repeat"):
            token, count, unit = repeat.split(" ", 2)
            text = text.replace(f"@{token}@", "".join(unit.replace("{n}", str(n)) for n in range(int(count))))
        self.object = text

    def all(self, key):
        return [value for name, value in self.headers if name == key]

    def one(self, key):
        (value,) = self.all(key)
        return value

    def holds(self, items):
        """Whether these are the plaintexts."""
        digests = {item: hashlib.sha256(value).hexdigest() for item, value in items.items()}
        wanted = {}
        for line in self.all("item"):
            item, _, text = line.rpartition(" =")
            wanted[item] = hashlib.sha256(base64.b64decode(text.strip(), validate=True)).hexdigest()
        wanted.update(line.split(" = ") for line in self.all("item-sha256"))
        return digests == wanted


def read(file):
    with open(file, encoding="utf-8", newline="") as handle:
        head, _, text = handle.read().partition("\n\n")
    headers = [tuple(line.split(": ", 1)) for line in head.split("\n")]
    return Vector(headers, text, os.path.join(os.path.dirname(os.path.abspath(file)), ".."))
