"""The families of rows, by name.

To add one: a module here that defines `family`, named below. Operators on arrays (see operators.py and normalization.py)
have their definition and torch's way there, and Farro's in worker/operators.c; other operations (see matmul.py and
sidebyside/rows.py) go into worker/farro.c and the backends of the peers that have them.
"""
from families import attention, elementwise, matmul, normalization, optimizer, reduction, softmax, sorting

_OF_OPERATORS = (normalization, softmax, elementwise, attention, optimizer, reduction, sorting)

FAMILIES = {"matmul": matmul.family} | {module.__name__.split(".")[1]: module.family for module in _OF_OPERATORS}
OPERATORS = {name: operator for module in _OF_OPERATORS for name, operator in module.OPERATORS.items()}
