"""Writes character_tables.c: python3 character_tables.py > character_tables.c

From what Python itself says of each character: `\\w` and `\\s` of its regular expressions, str.lower. Run with Python 3.11 it
gives the committed file (Unicode 14); terms of texts with characters that were new would change with a newer version.
"""
import re
import unicodedata

PAGE = 128
WORD, SPACE, CASED, IGNORABLE = 1, 2, 4, 8
DELTA = 16  # what follows is the number of the distance to the small letter

deltas: dict[int, int] = {0: 0}
entries = []
for c in range(0x110000):
    if 0xD800 <= c <= 0xDFFF:
        entries.append(0)
        continue
    text = chr(c)
    entry = WORD if re.match(r"\w", text) else 0
    entry |= SPACE if re.match(r"\s", text) else 0
    assert bool(entry & SPACE) == text.isspace()
    # A capital sigma is final behind a letter that has a case, with characters between that are passed over.
    cased = (text + "\u03a3").lower().endswith("\u03c2")
    entry |= CASED if cased else 0
    entry |= IGNORABLE if not cased and ("a" + text + "\u03a3").lower().endswith("\u03c2") else 0
    lower = text.lower()
    if len(lower) > 1:
        assert c == 0x130 and lower == "i\u0307"
        lower = "i"
    entries.append(entry + DELTA * deltas.setdefault(ord(lower) - c, len(deltas)))

pages: dict[tuple, int] = {}
index = [pages.setdefault(tuple(entries[c : c + PAGE]), len(pages)) for c in range(0, len(entries), PAGE)]
assert len(pages) < 256 and max(entries) < 1 << 16


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


print(f"""// Written by character_tables.py from Unicode {unicodedata.unidata_version}.
//
// Data: Copyright (c) Unicode, Inc., under the Unicode License V3, https://www.unicode.org/license.txt.
#include "terms/characters.h"

// clang-format off
""")
print(table("uint8_t", "character_index", index))
print(table("uint16_t", "character_pages", (x for page in pages for x in page)))
print(table("int32_t", "character_deltas", deltas), end="")
