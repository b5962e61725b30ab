"""Writes Tests/FarroTests/SketchGolden.swift: signatures by datasketch, and texts as unicodedata normalizes them.

Run it with a Python 3.11 (whose Unicode is that of CKernels/text/unicode_tables.c) that has datasketch:
python3 Tests/Golden/sketches.py
"""

import pathlib
import re
import unicodedata

import datasketch

ITEMS = [f"item {i * i}" for i in range(100)]
TEXTS = [
    "The QUICK brown fox, jumps over_the 2nd lazy dog!",
    "Ångström \u212b A\u030angstro\u0308m Stra\u00dfe STRASSE \ufb03 \u1e9b\u0323",
    "Ｆｕｌｌ－ｗｉｄｔｈ　ｔｅｘｔ ｶﾞｷﾞｸﾞ \u3099か\u3099",
    "Ελλάδα ΣΊΣΥΦΟΣ Σίσυφος ᾳ ᾼ \u0345",
    "Привет, МИР! Ёжик е\u0308жик İstanbul I\u0307 ı",
    "한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 각\u11a8",
    "हिन्दी বাংলা \u09c7\u09be தமிழ் ไทย 漢字かな",
    "e\u0301\u0323\u0302 e\u0323\u0301 q\u0307\u0323 q\u0323\u0307 \u2260=\u0338<\u0338",
    "½ ① ² ™ \u2126 \u01c4 \u017f \u2160 … \u00a0x\u2003y\u2028z\u200bw co\u00adop \ufdf2",
    "\U0001d54f\U0001d7d8 \U00010400 \U0001f600 👩\u200d🔬 \U0001100a\U000110ba",
]

IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def folded(character: str) -> str:
    text, before = character, None
    while text != before:
        before, text = text, unicodedata.normalize("NFKD", text)
        text = IGNORABLE.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return text


def normalized(text: str, alphanumeric: bool) -> str:
    text = unicodedata.normalize("NFC", "".join(map(folded, text)))
    if not alphanumeric:
        return " ".join(text.split())
    result = ""
    for c in text:
        category = unicodedata.category(c)[0]
        begun = bool(result) and result[-1] != " "
        result += c if category in "LN" or c == "_" or category == "M" and begun else " " if begun else ""
    return result.strip()


def signature(scheme: str, seed: int, slots: int) -> list[int]:
    minhash = datasketch.MinHash(num_perm=slots, seed=seed, scheme=scheme)
    minhash.update_batch([item.encode() for item in ITEMS])
    return [int(x) for x in minhash.hashvalues]


def escaped(text: str) -> str:
    return '"' + "".join(c if c.isascii() and c not in '"\\' else f"\\u{{{ord(c):X}}}" for c in text) + '"'


def pieces(text: str) -> list[str]:
    """Of whole words, and no line of the test too long."""
    result = [""]
    for word in text.split(" "):
        if len(escaped(result[-1] + word)) > 50:
            result.append("")
        result[-1] += word + " "
    return result


def array(name: str, type_: str, values) -> str:
    return f"  static let {name}: [{type_}] = [\n" + "".join(f"    {value},\n" for value in values) + "  ]\n"


TEXTS = [piece for text in TEXTS for piece in pieces(text)]
target = pathlib.Path(__file__).parents[1] / "FarroTests" / "SketchGolden.swift"
target.write_text(
    f"// Written by Tests/Golden/sketches.py with datasketch {datasketch.__version__} and Unicode {unicodedata.unidata_version}.\n\n"
    "enum SketchGolden {\n"
    + array("affine32", "UInt32", signature("affine32", 1, 40))
    + array("legacy", "UInt32", signature("legacy", 7, 40))
    + array("texts", "String", map(escaped, TEXTS))
    + array("alphanumeric", "String", (escaped(normalized(text, True)) for text in TEXTS))
    + array("betweenSpaces", "String", (escaped(normalized(text, False)) for text in TEXTS))
    + "}\n"
)
