"""libfarro through ctypes: `call("softmax_axis", x.dtype, shape, None, x, y)`."""
import ctypes
import pathlib

import numpy as np

from conformance.headers import Declarations, declarations

SUFFIXES = {"float32": "_f32", "float64": "_f64"}


class Refused(Exception):
    """A function answered with an error."""


class Library:
    def __init__(self, path: pathlib.Path, headers: pathlib.Path) -> None:
        self.loaded = ctypes.CDLL(str(path))
        self.declared: Declarations = declarations(headers)
        self.used: set[str] = set()  # functions that were called

    def function(self, name: str):
        result, parameters = self.declared.functions[name]
        function = getattr(self.loaded, name)
        function.restype, function.argtypes = result, parameters
        self.used.add(name)
        return function


_library: Library | None = None


def load(path: pathlib.Path, headers: pathlib.Path) -> Library:
    """The library of all calls below."""
    global _library
    _library = Library(path, headers)
    return _library


def call(name: str, dtype: np.dtype | None, *values) -> None:
    """Calls farro_<name> with the suffix of the element type. Arrays, which must be contiguous, and structs are passed
    by their addresses, structs that the function takes by value as they are."""
    name += "" if dtype is None else SUFFIXES[np.dtype(dtype).name]
    status = evaluate(name, *values)
    if status != 0:
        raise Refused(f"farro_{name}: {evaluate('status_message', status).decode()}")


def evaluate(name: str, *values):
    """What farro_<name> answers."""
    function = _library.function(f"farro_{name}")
    if len(values) != len(function.argtypes):
        raise TypeError(f"farro_{name} takes {len(function.argtypes)} arguments, not {len(values)}")
    return function(*map(argument, function.argtypes, values))


def argument(kind: type, value):
    if kind is ctypes.c_void_p:
        return address(value)
    return value


def address(value) -> int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, ctypes.Structure):
        return ctypes.addressof(value)
    if not value.flags.c_contiguous:
        raise ValueError("only contiguous arrays are passed by their addresses")
    return value.ctypes.data


def struct(name: str, **fields) -> ctypes.Structure:
    """A farro_<name>; fields that are not named are 0. Arrays live as long as it does."""
    made = _library.declared.types[f"farro_{name}"]()
    made.arrays = [value for value in fields.values() if isinstance(value, np.ndarray)]
    for field, value in fields.items():
        if not hasattr(made, field):
            raise TypeError(f"farro_{name} has no field {field}")
        setattr(made, field, value.ctypes.data if isinstance(value, np.ndarray) else value)
    return made


def constant(name: str) -> int:
    """Of an enum: constant("CAUSAL_END")."""
    return _library.declared.constants[f"FARRO_{name}"]
