#!/usr/bin/env python3
"""Writes the files of Data/ beside this script, and the checksums that Tests/FarroDatasetsTests compares, from scikit-learn.

Run it with a Python that has scikit-learn: python3 Sources/FarroDatasets/make.py

Numbers are written with as many digits as tell them from all others, so that what Swift reads is bit by bit what
scikit-learn has.
"""

import pathlib
import zlib

import numpy as np
import sklearn
from sklearn import datasets

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parents[1] / "Tests/FarroDatasetsTests"
HEADER = f"// Written by Sources/FarroDatasets/make.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
DIGITS_PER_LINE = 10


def number(value: float) -> str:
    return repr(int(value)) if value == int(value) and str(value)[0] != "-" else repr(float(value))


def table(x: np.ndarray, y: np.ndarray) -> str:
    """A line per row: its features, then its target."""
    return "\n".join(",".join(map(number, row)) for row in np.column_stack([x, y]).tolist())


def pixels(x: np.ndarray, y: np.ndarray) -> str:
    """Several rows a line: a character per pixel, of 0 to G for 16, and one for the digit."""
    rows = np.column_stack([x, y]).astype(int).tolist()
    texts = ["".join("0123456789ABCDEFG"[value] for value in row) for row in rows]
    return "\n".join("".join(texts[i : i + DIGITS_PER_LINE]) for i in range(0, len(texts), DIGITS_PER_LINE))


goldens = []
for name, load in {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breastCancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": datasets.load_diabetes,
}.items():
    data = load()
    x, y = np.ascontiguousarray(data.data, "<f8"), np.ascontiguousarray(data.target, "<f8")
    text = pixels(x, y) if name == "digits" else table(x, y)
    file_name = name[0].upper() + name[1:]
    content = f'{HEADER}extension DatasetText {{\n  static let {name}: StaticString = """\n'
    content += "".join(f"    {line}\n" for line in text.splitlines()) + '    """\n}\n'
    (HERE / f"Data/{file_name}.swift").write_text(content)
    names = ", ".join(f'"{feature}"' for feature in data.feature_names[:2])
    classes = ", ".join(f'"{label}"' for label in getattr(data, "target_names", []))
    goldens.append(
        f"  static let {name} = DatasetGolden(\n"
        f"    shape: {list(x.shape)},\n"
        f"    firstFeatures: [{names}],\n"
        f'    lastFeature: "{data.feature_names[-1]}",\n'
        f"    classNames: [{classes}],\n"
        f"    sum: {float(x.sum())!r},\n"
        f"    targetSum: {float(y.sum())!r},\n"
        f"    checksum: {zlib.crc32(x.tobytes()):#010x},\n"
        f"    targetChecksum: {zlib.crc32(y.tobytes()):#010x}\n"
        "  )\n"
    )

(TESTS / "DatasetGolden.swift").write_text(
    HEADER
    + """struct DatasetGolden: Sendable {
  let shape: [Int]
  let firstFeatures: [String]
  let lastFeature: String
  let classNames: [String]
  let sum: Double
  let targetSum: Double
  /// CRC-32 of the elements as doubles, the least significant byte first.
  let checksum: UInt32
  let targetChecksum: UInt32

"""
    + "\n".join(goldens)
    + "}\n"
)
