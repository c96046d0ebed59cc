"""The one form of age's armor that SE1 has, and what SE1 demands of the file inside."""

import base64

from fault import Fault

BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
END = "-----END AGE ENCRYPTED FILE-----"


def encode(blob):
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([BEGIN, *lines, END, ""])


def decode(enc):
    lines = enc.split("\n")
    try:
        blob = base64.b64decode("".join(lines[1:]).partition("-")[0].encode("ascii"), validate=True)
    except (ValueError, UnicodeEncodeError):
        raise Fault("not-canonical", "the armor holds no base64") from None
    if not blob or encode(blob) not in (enc, enc + "\n"):
        raise Fault("not-canonical", "another spelling of the armor")
    return blob


def check_header(blob):
    """One recipient stanza besides those that end in `-grease`, and not `scrypt`."""
    header, found, _ = blob.partition(b"\n--- ")
    version, *lines = header.split(b"\n")
    if not found or version != b"age-encryption.org/v1":
        raise Fault("bad-wrap", "no age file of version 1")
    types = [line[3:].split(b" ")[0] for line in lines if line.startswith(b"-> ")]
    real = [kind for kind in types if not kind.endswith(b"-grease")]
    if len(real) != 1 or real == [b"scrypt"]:
        raise Fault("bad-wrap", "an age file with other stanzas than one recipient's")
