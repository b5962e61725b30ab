"""What the C headers declare, as ctypes: they are the contract, so nothing of it is written down twice.

Understands the C that CKernels/include is written in, and no more: functions behind FARRO_API, structs, enums.
"""
import ctypes
import pathlib
import re
from dataclasses import dataclass, field

SCALARS = {
    "size_t": ctypes.c_size_t,
    "ptrdiff_t": ctypes.c_ssize_t,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "bool": ctypes.c_bool,
}
STRUCT = re.compile(r"typedef struct (\w+) \{([^}]*)\} \1;")
ENUM = re.compile(r"typedef enum (\w+) \{([^}]*)\} \1;")
FUNCTION = re.compile(r"FARRO_API ([\w ]+?[ *]+)(\w+)\(([^()]*)\);")


@dataclass
class Declarations:
    types: dict[str, type] = field(default_factory=lambda: dict(SCALARS))
    constants: dict[str, int] = field(default_factory=dict)  # of enums
    functions: dict[str, tuple[type | None, list[type]]] = field(default_factory=dict)  # result and parameters


def declarations(folder: pathlib.Path) -> Declarations:
    """Of all headers of the folder. A function with a type that is not understood is left out."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.h")))
    text = re.sub(r"//[^\n]*|^\s*#[^\n]*", "", text, flags=re.MULTILINE)
    known = Declarations()
    for name, body in ENUM.findall(text):
        known.types[name] = ctypes.c_int
        known.constants.update((key, int(value)) for key, value in re.findall(r"(\w+) = (-?\d+)", body))
    structs = STRUCT.findall(text)
    for _ in structs:  # one may hold others, of any header
        for name, body in structs:
            if name not in known.types and (fields := members(body, known.types)) is not None:
                known.types[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    for result, name, parameters in FUNCTION.findall(text):
        kinds = [kind_of(parameter, known.types) for parameter in parameters.split(",") if parameter.strip() != "void"]
        if all(kinds):
            known.functions[name] = (kind_of(result + "result", known.types), kinds)
    return known


def kind_of(declaration: str, types: dict[str, type]) -> type | None:
    """Of a parameter such as `const float *x`: all pointers but texts are the same here."""
    if "char *" in declaration:
        return ctypes.c_char_p
    if "*" in declaration:
        return ctypes.c_void_p
    return types.get(declaration.replace("const ", "").split()[0])


def members(body: str, types: dict[str, type]) -> list[tuple[str, type]] | None:
    """None where a type is not known (yet)."""
    fields = []
    for declaration in filter(None, map(str.strip, body.split(";"))):
        kind, names = re.sub(r"^const ", "", declaration).split(None, 1)
        for name in names.split(","):
            of = ctypes.c_void_p if "*" in name else types.get(kind)
            if of is None or "[" in name:
                return None
            fields.append((name.strip(" *"), of))
    return fields
