"""Rows of the lookup of rows in a table, and of the sums of gradients that go back to them."""
import numpy as np

from families.nodes import Node
from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row


def table(p: Parameters) -> tuple[int, int]:
    return p["table_rows"], p["columns"]


def found(p: Parameters) -> tuple[int, int]:
    return p["count"], p["columns"]


def indices(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, p["table_rows"], p["count"])


def summed(p: Parameters, x: Arrays) -> Arrays:
    grad, order = np.zeros(table(p)), np.argsort(x[1], kind="stable")
    rows, starts = np.unique(x[1][order], return_index=True)
    grad[rows] = np.add.reduceat(x[0][order], starts, axis=0)
    return [grad]


def torch_embedding(torch, p, inputs, outputs):
    return lambda: torch.index_select(inputs[0], 0, inputs[1], out=outputs[0]), "index_select(out=)"


def torch_embedding_backward(torch, p, inputs, outputs):
    call = torch.ops.aten.embedding_dense_backward
    return (
        lambda: (call(inputs[0], inputs[1], p["table_rows"], -1, False),),
        "embedding_dense_backward, which allocates its result",
    )


def torch_scatter_add(torch, p, inputs, outputs):
    return lambda: outputs[0].zero_().index_add_(0, inputs[1], inputs[0]), "zero_, then index_add_"


OPERATORS = {
    "embedding": Operator(
        inputs=lambda p, g: [*values(g, table(p)), indices(p, g)],
        shapes=lambda p: [found(p)],
        exact=lambda p, x: [x[0][x[1]]],
        torch=torch_embedding,
        units=1,
        onnx=lambda p: Node("Gather", (0, 1)),
    ),
    "embedding_backward": Operator(  # into a table of zeros
        inputs=lambda p, g: [*values(g, found(p)), indices(p, g)],
        shapes=lambda p: [table(p)],
        exact=summed,
        torch=torch_embedding_backward,
        units=64,
    ),
    # The same, beside what takes its place where nobody speaks of embeddings. Not ONNX Runtime's ScatterND, whose sums
    # are wrong on two threads where an index repeats (1.31.1).
    "scatter_add": Operator(
        inputs=lambda p, g: [*values(g, found(p)), indices(p, g)],
        shapes=lambda p: [table(p)],
        exact=summed,
        torch=torch_scatter_add,
        units=64,
    ),
}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        for count, columns, table_rows in ((1024, 64, 256), (16384, 256, 4096), (8192, 768, 16384)):
            is_forward = operation == "embedding"
            result.append(
                row_of(
                    "embedding",
                    operation,
                    f"{count} of {table_rows}x{columns}",
                    {"count": count, "columns": columns, "table_rows": table_rows},
                    flops=0.0 if is_forward else float(count * columns),
                    bytes=8.0 * count * columns if is_forward else 4.0 * columns * (count + table_rows),
                    goal=Goal({"torch": 1.0}),
                    limit="copy" if table_rows > 4096 else None,
                )
            )
    return result


family = family_of("embedding", OPERATORS, rows)
