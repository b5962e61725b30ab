"""Rows of scaled dot-product attention: one length, causal, ragged batches against padded ones, and gradients."""
from dataclasses import replace

import numpy as np

from families.nodes import Node
from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row

# Lengths are uniform in this range; the same sequence of them every time.
RAGGED = (16, 512)


def lengths(p: Parameters) -> np.ndarray:
    if not p["ragged"]:
        return np.full(p["batch"], p["length"])
    return np.random.default_rng(3).integers(RAGGED[0], RAGGED[1] + 1, p["batch"])


def shape(p: Parameters) -> tuple[int, ...]:
    """(heads, tokens, size) of each sequence, one behind another; (batch, heads, length, size) where all are equal."""
    return (int(lengths(p).sum()) * p["heads"] * p["size"],)


def sequences(p: Parameters, flat: np.ndarray) -> Arrays:
    """A (tokens, heads, size) view of each sequence of a ragged batch, (heads, tokens, size) of another."""
    views, start = [], 0
    for length in lengths(p):
        count = int(length) * p["heads"] * p["size"]
        part = flat[start : start + count]
        views.append(part.reshape(-1, p["heads"], p["size"]) if p["ragged"] else part.reshape(p["heads"], -1, p["size"]))
        start += count
    return views


def exact(p: Parameters, x: Arrays) -> Arrays:
    results = []
    for q, k, v in zip(*(sequences(p, operand) for operand in x[:3])):
        if p["ragged"]:
            q, k, v = (operand.transpose(1, 0, 2) for operand in (q, k, v))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(p["size"])
        if p["causal"]:
            scores = np.where(np.tri(scores.shape[1], dtype=bool), scores, -np.inf)
        e = np.exp(scores - scores.max(2, keepdims=True))
        result = e / e.sum(2, keepdims=True) @ v
        results.append((result.transpose(1, 0, 2) if p["ragged"] else result).reshape(-1))
    return [np.concatenate(results)]


def torch_attention(torch, p, inputs, outputs):
    attend = torch.nn.functional.scaled_dot_product_attention
    if not p["ragged"]:
        q, k, v = (x.reshape(p["batch"], p["heads"], p["length"], p["size"]) for x in inputs[:3])
        return (
            lambda: (attend(q, k, v, is_causal=bool(p["causal"])),),
            "scaled_dot_product_attention, which allocates its result",
        )
    # Padded to the longest, with a mask of the keys: what a user of padded batches has.
    most = int(lengths(p).max())
    mask = (torch.arange(most)[None] < torch.tensor(lengths(p))[:, None])[:, None, None]
    padded = []
    for x in inputs[:3]:
        to = torch.zeros(p["batch"], p["heads"], most, p["size"])
        start = 0
        for i, length in enumerate(lengths(p).tolist()):
            count = length * p["heads"] * p["size"]
            to[i, :, :length] = x[start : start + count].reshape(length, p["heads"], p["size"]).transpose(0, 1)
            start += count
        padded.append(to)
    last = []

    def run():
        last[:] = [attend(*padded, attn_mask=mask)]

    def result():
        parts = [last[0][i, :, :n].transpose(0, 1).reshape(-1) for i, n in enumerate(lengths(p).tolist())]
        return (torch.cat(parts),)

    run.result = result
    return run, "scaled_dot_product_attention of the padded batch, packing not counted"


def onnx_attention(p: Parameters) -> Node | None:
    if p["ragged"]:
        return None
    images = {i: whole(p) for i in range(3)}
    return Node("Attention", (0, 1, 2), {"is_causal": p["causal"]}, shapes=images, result_shapes={0: whole(p)})


OPERATORS = {
    "attention": Operator(  # queries, keys, values, and where each sequence begins
        inputs=lambda p, g: [*(g.standard_normal(shape(p)) for _ in range(3)), np.append(0, np.cumsum(lengths(p)))],
        shapes=lambda p: [shape(p)],
        exact=exact,
        torch=torch_attention,
        units=64,
        onnx=onnx_attention,
    )
}


def backward_exact(p: Parameters, x: Arrays) -> Arrays:
    results = []
    for q, k, v, grad in zip(*(sequences(p, operand) for operand in x[:4])):
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(p["size"])
        e = np.exp(scores - scores.max(2, keepdims=True))
        weights = e / e.sum(2, keepdims=True)
        grad_weights = grad @ v.transpose(0, 2, 1)
        of_scores = weights * (grad_weights - (grad_weights * weights).sum(2, keepdims=True)) / np.sqrt(p["size"])
        results.append([of_scores @ k, of_scores.transpose(0, 2, 1) @ q, weights.transpose(0, 2, 1) @ grad])
    return [np.concatenate([gradient.reshape(-1) for gradient in of]) for of in zip(*results)]


def torch_backward(torch, p, inputs, outputs):
    q, k, v, grad = (x.reshape(p["batch"], p["heads"], p["length"], p["size"]) for x in inputs)
    operands = [x.requires_grad_() for x in (q, k, v)]
    with torch.enable_grad():
        y = torch.nn.functional.scaled_dot_product_attention(*operands)
    return lambda: torch.autograd.grad(y, operands, grad, retain_graph=True), "autograd, which allocates its results"


OPERATORS["attention_backward"] = Operator(  # from queries, keys, values, and the gradient of the result
    inputs=lambda p, g: [g.standard_normal(shape(p)) for _ in range(4)],
    shapes=lambda p: [shape(p)] * 3,
    exact=backward_exact,
    torch=torch_backward,
    units=256,
)


# ---- rotary position embedding: element j of a row is turned with element j + size / 2 ----


def whole(p: Parameters) -> tuple[int, int, int, int]:
    return p["batch"], p["heads"], p["length"], p["size"]


def rotary_inputs(p: Parameters, generator: np.random.Generator) -> Arrays:
    pairs = p["size"] // 2
    angles = np.arange(p["length"])[:, None] * 10000.0 ** (-np.arange(pairs) / pairs)
    return [generator.standard_normal(whole(p)), np.cos(angles), np.sin(angles)]


def rotary(p: Parameters, x: Arrays) -> Arrays:
    a, b = np.split(x[0], 2, axis=3)
    return [np.concatenate([a * x[1] - b * x[2], a * x[2] + b * x[1]], axis=3)]


def torch_rotary(torch, p, inputs, outputs):
    x, cosines, sines = inputs[0], torch.cat(2 * [inputs[1]], 1), torch.cat(2 * [inputs[2]], 1)

    def run():
        a, b = x.chunk(2, 3)
        return (x * cosines + torch.cat((-b, a), 3) * sines,)

    return run, "x * cosines + cat(-b, a) * sines, each of which allocates"


def onnx_rotary(p: Parameters) -> Node:
    positions = np.tile(np.arange(p["length"]), (p["batch"], 1))
    return Node("RotaryEmbedding", (0, 1, 2, positions), held=(1, 2))


OPERATORS["rotary"] = Operator(
    inputs=rotary_inputs,
    shapes=lambda p: [whole(p)],
    exact=rotary,
    torch=torch_rotary,
    units=4,
    onnx=onnx_rotary,
)


# ---- rows ----


def attention(length: int, size: int, causal: bool = False, ragged: bool = False) -> Row:
    p = {"batch": 32, "heads": 12, "length": length, "size": size, "causal": int(causal), "ragged": int(ragged)}
    counts = lengths(p).astype(float)
    words = "ragged" if ragged else f"{length}"
    return row_of(
        "attention",
        "attention",
        f"32x12x{words}x{size}" + (" causal" if causal else ""),
        p,
        flops=float((counts * counts).sum()) * p["heads"] * 4 * size * (0.5 if causal else 1),
        bytes=16.0 * float(counts.sum()) * p["heads"] * size,
        goal=Goal({"torch": 2.0 if ragged else 1.3}),
        limit="fma_f32",
    )


def backward_row(length: int, size: int) -> Row:
    of = attention(length, size)
    flops = 2.5 * of.flops  # scores anew, and four products of their size
    return replace(of, operation="attention_backward", flops=flops, bytes=2 * of.bytes, goal=Goal({"torch": 1.3}))


def rotary_row(batch: int, heads: int, length: int, size: int) -> Row:
    p = {"batch": batch, "heads": heads, "length": length, "size": size}
    elements, name = float(batch * heads * length * size), f"{batch}x{heads}x{length}x{size}"
    is_far = elements > 1e7
    goal = Goal(fraction=0.9) if is_far else Goal({"torch": 1.0})
    limit = "copy" if is_far else None
    return row_of("attention", "rotary", name, p, 3 * elements, 8 * elements, goal, limit=limit)


def rows() -> list[Row]:
    result = [backward_row(128, 64), backward_row(512, 64)]
    result += [rotary_row(1, 12, 128, 64), rotary_row(8, 12, 512, 64), rotary_row(32, 16, 1024, 64)]
    result += [attention(length, size) for size in (32, 64) for length in (16, 64, 128, 512)]
    result += [attention(512, 64, causal=True)]
    return result + [attention(0, size, ragged=True) for size in (32, 64)]


family = family_of("attention", OPERATORS, rows)
