"""Writes Tests/FarroModelsTests/TextGolden.swift: what scikit-learn's vectorizers make of some texts.

Run it with a Python that has scikit-learn, and Unicode 14 as Farro's tables do (3.11): python3 Tests/Golden/text.py
"""

import json
import pathlib
import unicodedata

import sklearn
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "THE DOG -- the lazy, lazy dog_1 -- sleeps; 3 dogs don't!",
    "",
    "a b c",
    "Ärger im Öl: naïve café, E\u0301t\u00e9 STRASSE straße ﬁne",
    "ΟΔΥΣΣΕΥΣ ΑΣ. Σ ΑΣ\u0301 Α\u00b7Σ ΑΣΑ ΣΑΣ\u0345",
    "İstanbul DIYARBAKIR ıi Ⱥ ǅ ẞ",
    "漢字かな交じり文 नमस्ते หนึ่ง 12½ ² ①② ٣٤ _x _",
    "tab\tand  two\n\nlines\u00a0nbsp\u2003em \u2028 sep\x1c\x1d.",
    "𝔘𝔫𝔦 👩\u200d👩 emoji\ufe0f 𐐀𐐨",
    "quick quick QUICK fox, the fox and the dog and the fox",
]
assert unicodedata.unidata_version == "14.0.0"

COUNTS = {
    "words": {},
    "pairs": {"ngram_range": (1, 2), "stop_words": ["the", "fox"]},
    "threes": {"ngram_range": (2, 3), "lowercase": False},
    "characters": {"analyzer": "char", "ngram_range": (1, 2)},
    "charactersAsWritten": {"analyzer": "char", "ngram_range": (3, 3), "lowercase": False},
    "within": {"analyzer": "char_wb", "ngram_range": (2, 4)},
    "rare": {"min_df": 2, "max_df": 3},
    "parts": {"min_df": 0.1, "max_df": 0.3, "binary": True},
    # As many as are not cut between equally frequent ones.
    "few": {"max_features": 3},
    "plain": {"strip_accents": "unicode"},
    "ascii": {"strip_accents": "ascii", "lowercase": False, "analyzer": "char_wb", "ngram_range": (2, 3)},
    "pattern": {"token_pattern": r"(?u)\b[a-z]+\b", "ngram_range": (1, 2), "stop_words": ["the"]},
    "group": {"token_pattern": r"([^ ])[^ ]*", "lowercase": False},
    "patternPlain": {"token_pattern": r"[^ .,!;:-]+", "strip_accents": "unicode"},
    "given": {"vocabulary": ["lazy", "dog", "missing", "straße"]},
}
WEIGHTS = {
    "tfidf": {},
    "tfidfOther": {"norm": "l1", "smooth_idf": False, "sublinear_tf": True, "ngram_range": (1, 2)},
    "tfidfNone": {"norm": None, "sublinear_tf": True},
    "tfOnly": {"use_idf": False},
}
HASHES = {
    "hashed": {},
    "hashedFew": {"n_features": 7, "norm": None, "ngram_range": (1, 2)},
    "hashedPlain": {"n_features": 64, "alternate_sign": False, "norm": "l1", "analyzer": "char_wb", "ngram_range": (3, 3)},
    "hashedPattern": {"n_features": 32, "norm": None, "token_pattern": r"[0-9a-z]+", "strip_accents": "ascii"},
    "hashedBinary": {"n_features": 11, "binary": True, "norm": "l2"},
}


def case(vectorizer) -> dict:
    x = vectorizer.fit_transform(TEXTS).tocsr()
    x.sort_indices()
    terms = [] if isinstance(vectorizer, HashingVectorizer) else vectorizer.get_feature_names_out().tolist()
    return {"terms": terms, "offsets": x.indptr.tolist(), "indices": x.indices.tolist(), "values": x.data.tolist()}


def main() -> None:
    cases = {name: case(CountVectorizer(**parameters)) for name, parameters in COUNTS.items()}
    cases |= {name: case(TfidfVectorizer(**parameters)) for name, parameters in WEIGHTS.items()}
    cases |= {name: case(HashingVectorizer(**parameters)) for name, parameters in HASHES.items()}
    lines = [
        f"// Written by Tests/Golden/text.py with scikit-learn {sklearn.__version__}.",
        "// swift-format-ignore-file",
        "",
        "/// JSON: texts, and of each case terms and the parts of a sparse matrix.",
        "enum TextGolden {",
        f'  static let texts = ##"{json.dumps(TEXTS)}"##',
    ]
    lines += [f'  static let {name} = ##"{json.dumps(value)}"##' for name, value in cases.items()]
    path = pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "TextGolden.swift"
    path.write_text("\n".join(lines + ["}"]) + "\n")


main()
