#!/usr/bin/env python3
"""Makes the vectors of tests/vectors/se1, the same at each run.

    make_vectors.py              writes them
    make_vectors.py --check      says which of them are not as committed
"""

import base64
import hashlib
import json
import os
import sys

import cases_attacks
import cases_forms
import cases_opened

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "..", "vectors", "se1")


def text_of(case):
    lines = [f"name: {case.name}", f"comment: {case.comment}"]
    lines += [f"identity: {identity}" for identity in case.identities]
    lines += [f"expect: {case.expect}"]
    for item, plaintext in case.items.items():
        if len(plaintext) > 1000:
            lines.append(f"item-sha256: {item} = {hashlib.sha256(plaintext).hexdigest()}")
        else:
            lines.append(f"item: {item} = {base64.b64encode(plaintext).decode()}".rstrip())
    lines += [f"repeat: {token} {count} {unit}" for token, count, unit in case.repeats]
    return "\n".join(lines) + "\n\n" + case.text + "\n"


def main():
    cases = [*cases_opened.cases(), *cases_attacks.cases(), *cases_forms.cases()]
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)
    wanted = {case.name + ".txt": text_of(case) for case in cases}
    present = {name for name in os.listdir(VECTORS) if name.endswith(".txt")}
    if "--check" in sys.argv:
        stale = sorted(present ^ set(wanted))
        stale += sorted(name for name in present & set(wanted) if read(name) != wanted[name])
        print(json.dumps(stale))
        sys.exit(1 if stale else 0)
    for name in present - set(wanted):
        os.remove(os.path.join(VECTORS, name))
    for name, text in wanted.items():
        with open(os.path.join(VECTORS, name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
    print(len(wanted), "vectors")


def read(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8", newline="") as file:
        return file.read()


if __name__ == "__main__":
    main()
