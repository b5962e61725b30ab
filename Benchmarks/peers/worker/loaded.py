"""What a Python library's module gives the worker."""
from collections.abc import Callable

import numpy as np

Call = Callable[[], object]
Loaded = tuple[Call, Callable[[], np.ndarray], str]  # a call, its result, how it runs


class Missing(Exception):
    """The library cannot run the row."""
