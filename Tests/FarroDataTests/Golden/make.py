#!/usr/bin/env python3
"""Makes the NPY, CSV and safetensors files beside this script, with NumPy 2, Python's csv module and safetensors.

Each element type has eight values, which NPYTests.swift repeats; an array takes as many of them, in row-major order and
starting over, as its shape needs.
"""

import csv
import pathlib

import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent


def integers(name):
    least, most = np.iinfo(name).min, np.iinfo(name).max
    return [0, 1, 2, 100, most, most - 1, least, least + 1]


def floats(name):
    facts = np.finfo(name)
    return [0, -0.0, 1.5, -2.25, facts.max, facts.smallest_subnormal, np.inf, np.nan]


VALUES = {"bool": [True, False, False, True, True, True, False, True]}
VALUES |= {name: integers(name) for name in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]}
VALUES |= {name: floats(name) for name in ["float16", "float32", "float64"]}


def array(name, shape, order="="):
    dtype = np.dtype(name).newbyteorder(order)
    return np.resize(np.array(VALUES[name], dtype=dtype), shape).astype(dtype)


def save(label, values, version=None):
    with open(HERE / f"{label}.npy", "wb") as file:
        np.lib.format.write_array(file, values, version=version)


for name in VALUES:
    for label, order in [("little", "<"), ("big", ">")]:
        save(f"{name}-{label}-c", array(name, (2, 3, 2), order))
        save(f"{name}-{label}-fortran", np.asfortranarray(array(name, (2, 3, 2), order)))

for shape in [(), (1,), (5,), (0,), (0, 3), (3, 0, 2), (0, 100000), (1, 1, 1), (7, 11)]:
    save(f"shape-{'x'.join(map(str, shape)) or 'scalar'}", array("float32", shape))
save("axes-64", array("float32", (1,) * 64))

for version in [(1, 0), (2, 0), (3, 0)]:
    save(f"version-{version[0]}", array("int16", (3, 4)), version)

save("wide-fortran", np.asfortranarray(array("int8", (3, 5, 4, 2))))

refused = {
    "complex": np.zeros(2, "<c8"),
    "string": np.array([b"ab", b"c"]),
    "unicode": np.array(["ab", "c"]),
    "datetime": np.array(["2026-01-01"], "datetime64[D]"),
    "structured": np.zeros(2, [("a", "<f4"), ("b", "<i2")]),
    "longdouble": np.zeros(2, np.longdouble),
    "object": np.array([None, 1], dtype=object),
    "void": np.zeros(2, "V3"),
}
for label, values in refused.items():
    save(f"refused-{label}", values)

# Tables that differ in nothing but how they are written: CSVTests.swift compares them with table.npy.
TABLE = np.resize(np.array([0.1, -2.5, 1 / 3, 1e300, 5e-324, 123456789.0, np.nan, -np.inf, 2.0**53 + 1]), (7, 3))
NAMES = ["plain", "with, comma", 'with "quotes"\nand a line']
save("table", TABLE)


def write_csv(label, encoding="utf-8", names=NAMES, **style):
    with open(HERE / f"{label}.csv", "w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, **style)
        if names:
            writer.writerow(names)
        writer.writerows(TABLE.tolist())


write_csv("table-rfc4180")
write_csv("table-lf", names=None, lineterminator="\n")
write_csv("table-quoted", quoting=csv.QUOTE_ALL)
write_csv("table-mark", encoding="utf-8-sig")
write_csv("table-semicolon", delimiter=";")
np.savetxt(HERE / "table-savetxt.csv", TABLE, delimiter=",", fmt="%.18e")
np.savetxt(HERE / "table-no-end.csv", TABLE, delimiter=",", fmt="%.17g", newline="\r\n")
path = HERE / "table-no-end.csv"
path.write_bytes(path.read_bytes().removesuffix(b"\r\n"))

arrays = {name: array(name, (2, 3)) for name in VALUES}
arrays |= {"scalar": np.array(2.5), "empty": np.zeros((3, 0), "float32"), 'a "name"\n\u00e9': np.arange(5, dtype="uint8")}
save_file(arrays, HERE / "arrays.safetensors", metadata={"format": "np", "note": "\u00fc\n"})
