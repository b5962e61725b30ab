"""The families of rows, by name.

To add one: a module here that defines `family` (see matmul.py and sidebyside/rows.py), named below; its operations in
worker/farro.c and, for the peers that have them, in the other backends of worker/, in worker.py or in the Swift worker.
"""
from families import matmul

FAMILIES = {"matmul": matmul.family}
