"""Who reported and in which words, and every way in which a file could hold it."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from evidence_samples import photograph, saved

from register.search.analyzer import tokens
from register.text.normalisation import fold

# Ten addresses, as one of them may send ten reports an hour; each is known and looked for.
SOURCES = [f"127.0.0.{number}" for number in range(77, 87)]
FORWARDED = "203.0.113.77"
AGENT = "Mozilla/5.0 (Lunette de Brindezingue; rv:77.7) Ronronnant/20770707"
LINES = (f"User-Agent: {AGENT}".encode(), f"X-Forwarded-For: {FORWARDED}".encode())

# One for each text; each has an accent and an ending, so that folding and stemming change it.
TYPED = {
    "recit": "zinzolinées",
    "lieu": "Quintefeuillées",
    "quand": "avant-hiérissimes",
    "acteur_texte": "rondouillardées",
    "cible_texte": "échotières-bretteuses",
    "liens": "https://exemple.test/hurluberlées",
    "contact": "amaranthées@exemple.test",
}
ADDED_MESSAGE, ADDED_CONTACT = "tarabiscotées", "éberluées@exemple.test"
QUESTION, SENTENCE = "carambolagées", "ratiboisées"
# A picture and a film, each of a size, a kind and a digest of its own.
FILE_NAME, FILE_WORDS = "calfeutrées.mov", "encaustiquées"
PICTURE = saved(photograph(), "JPEG", comment=FILE_WORDS.encode())
MOVIE_HEAD = b"\0\0\0\x14ftypqt  \0\0\0\0qt  "
MOVIE = MOVIE_HEAD + FILE_WORDS.encode() * 40 + random.Random(7).randbytes(3_300_017)
FILES = (PICTURE, MOVIE)
WORDS = (*TYPED.values(), ADDED_MESSAGE, ADDED_CONTACT, QUESTION, SENTENCE)
WORDS += (FILE_NAME, FILE_WORDS)


def _base64(data: bytes) -> Iterator[bytes]:
    """As they stand in the base 64 of something longer, wherever they begin in it."""
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(before) + data)
        yield encoded[skipped : len(encoded) - 4]


def _text_patterns(text: str) -> set[bytes]:
    """A text as it is, in other encodings, and in the forms in which words are looked up."""
    plain = text.encode()
    patterns = {plain, plain.hex().encode(), quote(text).lower().encode()}
    patterns |= {text.encode(coding) for coding in ("utf-16-le", "utf-16-be", "latin-1")}
    patterns |= {text.lower().encode(), fold(text).encode()}
    patterns |= {stem.encode() for stem in tokens(text) if len(stem) > 7}
    patterns |= set(_base64(plain))
    return patterns


def _hash_patterns(text: str) -> set[bytes]:
    """The hashes of a text, shortened too: half of one identifies it as well as the whole."""
    patterns: set[bytes] = set()
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, text.encode()).digest()
        patterns |= {digest[:8], digest.hex()[:16].encode(), base64.b64encode(digest)[:10]}
    return patterns


def _address_patterns(address: str) -> set[bytes]:
    """An address in every form in which it could be stored."""
    number = ipaddress.ip_address(address)
    packed = number.packed
    patterns = {packed.hex().encode(), str(int(number)).encode(), *_base64(address.encode())}
    for text in (
        address,
        packed.hex(),
        f"{address}/32",
        f"::ffff:{address}",
        packed.decode("latin-1"),
    ):
        patterns |= _hash_patterns(text)
    return patterns | _text_patterns(address)


def leak_patterns() -> dict[str, set[bytes]]:
    """The byte patterns that no file may contain, by the text or address that they come from."""
    patterns = {address: _address_patterns(address) for address in (*SOURCES, FORWARDED)}
    patterns |= {word: _text_patterns(word) for word in WORDS}
    patterns["agent"] = (
        _text_patterns(AGENT) | _hash_patterns(AGENT) | _text_patterns("Ronronnant/20770707")
    )
    patterns |= {f"file of {len(content)} bytes": _file_patterns(content) for content in FILES}
    patterns["kind of a file"] = {MOVIE_HEAD[4:], b"video/quicktime", b"ffd8ffe0"}
    patterns["agent"] |= _text_patterns("Lunette de Brindezingue")
    return patterns


def _file_patterns(content: bytes) -> set[bytes]:
    """The digest, the length and a part of a file."""
    digest, part = hashlib.sha256(content).digest(), content[1000:1032]
    patterns = {digest[:8], digest.hex()[:16].encode(), base64.b64encode(digest)[:10]}
    if len(content) > 999_999:
        patterns |= {str(length).encode() for length in (len(content), len(content) + 1)}
    return patterns | {part, part.hex().encode(), *_base64(part)}


def leaks_in(folder: Path) -> list[str]:
    """The leaks in the files of a folder, as ``file: name``."""
    patterns = leak_patterns()
    leaks = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        lower_case = data.lower()  # hexadecimal and words in capitals too
        for name, needles in patterns.items():
            if any(needle in (lower_case if needle.islower() else data) for needle in needles):
                leaks.append(f"{path.relative_to(folder)}: {name}")
    return leaks
