"""Writes unicode_tables.c: python3 unicode_tables.py > unicode_tables.c

What characters are to shingles, from the Unicode data that Python carries (unicodedata, str.casefold), and to terms, from
what Python itself says of them: `\\w` and `\\s` of its regular expressions, str.lower. Run with Python 3.11 it gives the
committed file (Unicode 14); a newer version changes the hashes and terms of texts with characters that were new.
"""
import re
import unicodedata

PAGE = 128
FIRST_MAPPING = 1024  # entries below are combining class * 4 + kind
SEPARATOR, WORD, MARK, SPACE = range(4)
TERM_WORD, TERM_SPACE, TERM_CASED, TERM_IGNORABLE = 1, 2, 4, 8
TERM_DELTA = 16  # what follows is the number of the distance to the small letter

# DerivedCoreProperties.txt, Default_Ignorable_Code_Point.
IGNORABLE = [
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip
IGNORED = {c for first, last in IGNORABLE for c in range(first, last + 1)}
# PropList.txt, White_Space.
SPACES = {*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def is_syllable(c: int) -> bool:
    return 0xAC00 <= c <= 0xD7A3


def folded(c: int) -> str:
    """NFKC_Casefold of one character, decomposed."""
    text, before = chr(c), None
    while text != before:
        before = text
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(x for x in text if ord(x) not in IGNORED)
    return text


def kind(c: int) -> int:
    category = unicodedata.category(chr(c))
    if c in SPACES:
        return SPACE
    return WORD if category[0] in "LN" or c == 0x5F else MARK if category[0] == "M" else SEPARATOR


def lines(numbers, width: int = 116) -> str:
    result, line = [], " "
    for number in numbers:
        text = f" {number},"
        if len(line) + len(text) > width:
            result.append(line)
            line = " "
        line += text
    return "\n".join(result + [line])


def table(kind: str, name: str, numbers) -> str:
    numbers = list(numbers)
    return f"const {kind} {name}[{len(numbers)}] = {{\n{lines(numbers)}\n}};\n"


mappings: dict[str, int] = {}
starts, pool = [], []
entries = []
for c in range(0x110000):
    if 0xD800 <= c <= 0xDFFF:
        entries.append(SEPARATOR)
        continue
    text = chr(c) if is_syllable(c) else folded(c)
    if text == chr(c):
        entries.append(unicodedata.combining(chr(c)) * 4 + kind(c))
        continue
    if text not in mappings:
        mappings[text] = len(starts)
        starts.append(len(pool))
        pool += map(ord, text)
    entries.append(FIRST_MAPPING + mappings[text])
starts.append(len(pool))
assert len(pool) < 1 << 16 and FIRST_MAPPING + len(starts) < 1 << 16

deltas: dict[int, int] = {0: 0}


def term_entry(c: int) -> int:
    if 0xD800 <= c <= 0xDFFF:
        return 0
    text = chr(c)
    entry = TERM_WORD if re.match(r"\w", text) else 0
    entry |= TERM_SPACE if re.match(r"\s", text) else 0
    assert bool(entry & TERM_SPACE) == text.isspace()
    # A capital sigma is final behind a letter that has a case, with characters between that are passed over.
    cased = (text + "\u03a3").lower().endswith("\u03c2")
    entry |= TERM_CASED if cased else 0
    entry |= TERM_IGNORABLE if not cased and ("a" + text + "\u03a3").lower().endswith("\u03c2") else 0
    lower = text.lower()
    if len(lower) > 1:
        assert c == 0x130 and lower == "i\u0307"
        lower = "i"
    return entry + TERM_DELTA * deltas.setdefault(ord(lower) - c, len(deltas))


both = [(entry, term_entry(c)) for c, entry in enumerate(entries)]
pages: dict[tuple, int] = {}
index = [pages.setdefault(tuple(both[c : c + PAGE]), len(pages)) for c in range(0, len(both), PAGE)]
assert len(pages) < 256 and max(max(pair) for pair in both) < 1 << 16

# Pairs that NFC joins; those of Hangul are arithmetic.
pairs = {}
for c in range(0x110000):
    if 0xD800 <= c <= 0xDFFF or is_syllable(c):
        continue
    parts = unicodedata.decomposition(chr(c)).split()
    if len(parts) == 2 and not parts[0].startswith("<"):
        first, second = (int(x, 16) for x in parts)
        if unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(c):
            pairs[first, second] = c
            assert kind(c) == kind(ord(unicodedata.normalize("NFD", chr(c))[0]))
SLOTS = 4096
slots = [(0, 0, 0)] * SLOTS
for (first, second), c in sorted(pairs.items()):
    assert kind(second) == MARK, hex(second)
    slot = (first * 0x9E3779B1 + second * 0x85EBCA77 & 0xFFFFFFFF) >> 20
    while slots[slot][2]:
        slot = (slot + 1) % SLOTS
    slots[slot] = (first, second, c)

print(f"""// Written by unicode_tables.py from Unicode {unicodedata.unidata_version}.
//
// Data: Copyright (c) Unicode, Inc., under the Unicode License V3, https://www.unicode.org/license.txt.
#include "text/unicode.h"

#include "terms/characters.h"

// clang-format off
const char unicode_version[] = "{unicodedata.unidata_version}";
""")
print(table("uint8_t", "unicode_index", index))
print(table("uint16_t", "unicode_pages", (x for page in pages for x, _ in page)))
print(table("uint16_t", "character_pages", (x for page in pages for _, x in page)))
print(table("int32_t", "character_deltas", deltas))
print(table("uint16_t", "unicode_mapping_starts", starts))
print(table("uint32_t", "unicode_mappings", pool))
print("const uint32_t unicode_pairs[4096][3] = {\n" + lines("{%d,%d,%d}" % slot for slot in slots) + "\n};")
