"""The families of rows, by name.

To add one: a module here that defines `family`, named below. Operators on arrays (see operators.py and normalization.py)
have their definition there, torch's way and ONNX Runtime's, and Farro's in worker/operators/; other operations (see
matmul.py and sidebyside/rows.py) go into worker/farro.c and the backends of the peers that have them. Models (see
learning.py and clustering.py) are Swift: Farro's side is in models-worker/.
"""
from families import (
    attention,
    bits,
    boosting,
    boxes,
    clustering,
    convolution,
    distance,
    elementwise,
    embedding,
    gram,
    hashing,
    image_norms,
    linear,
    linear_classes,
    matmul,
    nearest,
    neighbors,
    normalization,
    optimizer,
    pooling,
    preparing,
    ranking,
    reduction,
    scaling,
    sets,
    softmax,
    sorting,
    sparse_distance,
    trees,
    support_vectors,
)

_OF_OPERATORS = (
    neighbors,
    normalization,
    image_norms,
    scaling,
    softmax,
    elementwise,
    attention,
    optimizer,
    reduction,
    sorting,
    gram,
    ranking,
    embedding,
    convolution,
    pooling,
    distance,
    bits,
    boxes,
    sparse_distance,
    sets,
    hashing,
)

# Of models: rows of ModelsWorker.
_OF_MODELS = (boosting, clustering, preparing, linear, linear_classes, nearest, trees, support_vectors)

_MODULES = _OF_OPERATORS + _OF_MODELS
FAMILIES = {"matmul": matmul.family} | {module.__name__.split(".")[1]: module.family for module in _MODULES}
OPERATORS = {name: operator for module in _MODULES for name, operator in module.OPERATORS.items()}
MODEL_OPERATORS = {name for module in _OF_MODELS for name in module.OPERATORS}
