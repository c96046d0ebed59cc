"""Bech32 (BIP 173) as age uses it: without its limit of 90 characters."""

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def encode(prefix, data):
    digits = regroup(data, 8, 5, True)
    digits += checksum(prefix, digits)
    return prefix + "1" + "".join(ALPHABET[digit] for digit in digits)


def decode(prefix, text):
    found, _, rest = text.rpartition("1")
    digits = [ALPHABET.index(letter) for letter in rest]
    if found != prefix or checksum(prefix, digits[:-6]) != digits[-6:]:
        raise ValueError(f"no Bech32 text of {prefix}")
    return bytes(regroup(digits[:-6], 5, 8, False))


def checksum(prefix, digits):
    spread = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    total = polymod(spread + list(digits) + [0] * 6) ^ 1
    return [total >> 5 * (5 - place) & 31 for place in range(6)]


def polymod(digits):
    total = 1
    for digit in digits:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ digit
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                total ^= generator
    return total


def regroup(data, source, target, pad):
    held, bits, out = 0, 0, []
    for digit in data:
        held, bits = held << source | digit, bits + source
        while bits >= target:
            bits -= target
            out.append(held >> bits & (1 << target) - 1)
    if pad and bits:
        out.append(held << target - bits & (1 << target) - 1)
    return out
