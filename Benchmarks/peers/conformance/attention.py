"""Attention, rotary embedding, the cache of keys and values."""
import math

import numpy as np

from conformance.elementwise import activate, arithmetic
from conformance.library import call, constant, struct
from conformance.node import Node, Skip, axis_of, dense, size, take, unwritten
from conformance.products import product

SCALED, CAPPED, MASKED, WEIGHTS = range(4)  # what qk_matmul_output may be


def layout(x: np.ndarray):
    """Of (batch, heads, rows, d)."""
    batch, head, row, _ = (stride // x.itemsize for stride in x.strides)
    return struct("attention_layout", batch=batch, head=head, row=row)


def in_heads(x: np.ndarray, heads: int | None) -> np.ndarray:
    """(batch, rows, heads d) seen as (batch, heads, rows, d), without a copy."""
    if x.ndim == 4:
        return x
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(0, 2, 1, 3)


def start(x: np.ndarray) -> int:
    return x.ctypes.data


def attention(node: Node) -> list[np.ndarray | None]:
    if node.get("score_mod") is not None or node.get("prob_mod") is not None:
        raise Skip("attention with a function of the caller's on its scores")
    rank = node.operand(0).ndim
    q = in_heads(take(node.operand(0)), node.get("q_num_heads"))
    k, v = (in_heads(take(node.operand(i)), node.get("kv_num_heads")) for i in (1, 2))
    past = 0
    if node.operand(4) is not None:
        past = node.operand(4).shape[2]
        k, v = appended(take(node.operand(4)), k), appended(take(node.operand(5)), v)
    scale = node.get("scale") or 1 / math.sqrt(q.shape[-1])
    lengths = None if node.operand(6) is None else node.operand(6).astype(np.uintp)
    mask = mask_of(node, (q.shape[0], q.shape[1], q.shape[2], k.shape[2]), q.dtype, past, lengths)
    scores = None
    if node.get("softcap", 0) or node.wants(3):
        scores, weights = in_steps(node, q, k, scale, mask, past, lengths)
    if node.get("softcap", 0):
        out = product(weights, repeated(v, q.shape[1]))
    else:
        out = attended(q, k, v, scale, mask, bool(node.get("is_causal", 0)), past, lengths)
    if rank == 3:
        out = dense(out.transpose(0, 2, 1, 3)).reshape(out.shape[0], out.shape[2], -1)
    return [out, k, v, scores]


def attended(q, k, v, scale, mask, causal: bool, past: int, lengths) -> np.ndarray:
    """By farro_attention. The frontier of the keys that a query sees starts behind the past, or, where the cache is the
    caller's, ends at each item's length."""
    out = unwritten((*q.shape[:3], v.shape[3]), q.dtype)
    fields = dict(zip(("batch", "heads", "queries", "d"), q.shape))
    fields |= {"kv_heads": k.shape[1], "keys": k.shape[2], "dv": v.shape[3]}
    if causal and lengths is None:
        fields |= {"causal": constant("CAUSAL_START"), "causal_offset": past}
    elif causal:
        fields["causal"] = constant("CAUSAL_END")
    if lengths is not None:
        fields["key_lengths"] = lengths
    shape = struct(
        "attention_shape", **fields, q=layout(q), k=layout(k), v=layout(v), out=layout(out), mask=strided(mask)
    )
    call("attention", q.dtype, shape, scale, start(q), start(k), start(v), out, None)
    return out


def strided(mask: np.ndarray | None):
    """Axes along which a mask repeats have a stride of 0."""
    if mask is None:
        return struct("attention_mask")
    strides = [stride // mask.itemsize for stride in mask.strides]
    kind = "seen" if mask.dtype == np.bool_ else "additive"
    return struct("attention_mask", **{kind: mask}, **dict(zip(("batch", "head", "query", "key"), strides)))


def mask_of(node: Node, shape: tuple[int, ...], dtype, past: int, lengths) -> np.ndarray | None:
    """As a view of the whole shape. Keys that a short mask does not name lie beyond all lengths. A window is a mask."""
    mask = node.operand(3)
    if mask is not None:
        if mask.dtype != np.bool_ and mask.dtype != dtype:
            raise Skip("a mask of another type than the scores")
        missing = shape[-1] - mask.shape[-1] if mask.shape[-1] > 1 else 0
        mask = np.pad(mask, [(0, 0)] * (mask.ndim - 1) + [(0, missing)])
        mask = np.broadcast_to(mask, shape)
    left, right = node.get("left_window_size", -1), node.get("right_window_size", -1)
    if left < 0 and right < 0:
        return mask
    allowed = np.broadcast_to(window(shape, left, right, past, lengths), shape)
    if mask is None:
        return allowed
    return mask & allowed if mask.dtype == np.bool_ else np.where(allowed, mask, dtype.type(-np.inf))


def window(shape, left: int, right: int, past: int, lengths) -> np.ndarray:
    """Whether a query may see a key for the distance of their positions: (batch or 1, 1, queries, keys)."""
    queries, keys = shape[2:]
    offsets = np.array([past]) if lengths is None else lengths.astype(np.int64) - queries
    places = offsets.reshape(-1, 1, 1, 1) + np.arange(queries).reshape(-1, 1)
    ahead = np.arange(keys) - places
    return ((left < 0) | (-ahead <= left)) & ((right < 0) | (ahead <= right))


def repeated(x: np.ndarray, heads: int) -> np.ndarray:
    return dense(np.repeat(x, heads // x.shape[1], axis=1))


def in_steps(node: Node, q, k, scale, mask, past: int, lengths) -> tuple[np.ndarray, np.ndarray]:
    """What attention keeps to itself, by the kernels of its parts: the scores that the node asks for, and the weights.
    What causality and lengths leave out is left out by softmax."""
    scores = product(dense(q), dense(repeated(k, q.shape[1]).swapaxes(2, 3)), scale)
    mode, wanted = node.get("qk_matmul_output_mode", SCALED), scores
    if cap := node.get("softcap", 0):
        scores = activate(activate(activate(scores, "LINEAR", 1 / cap), "TANH"), "LINEAR", cap)
    if mode == CAPPED:
        wanted = scores
    hidden = np.zeros((), scores.dtype)
    allowed = seen_by(node, scores.shape, past, lengths)
    if mask is not None and mask.dtype == np.bool_:
        allowed = allowed & mask
    elif mask is not None:
        hidden = mask
    bias = np.where(allowed, hidden, scores.dtype.type(-np.inf))
    if mode == MASKED:
        wanted = arithmetic("add", scores, dense(bias))
    allowed = dense(np.broadcast_to(allowed & (bias != -np.inf), scores.shape))
    weights = softmax(scores, None if mask is None or mask.dtype == np.bool_ else dense(mask), allowed)
    return (weights if mode == WEIGHTS else wanted), weights


def seen_by(node: Node, shape, past: int, lengths) -> np.ndarray:
    causal = window(shape, -1, 0 if node.get("is_causal", 0) else -1, past, lengths)
    if lengths is None:
        return np.broadcast_to(causal, shape)
    return np.broadcast_to(causal & (np.arange(shape[3]) < lengths.reshape(-1, 1, 1, 1)), shape)


def softmax(x: np.ndarray, bias: np.ndarray | None, keep: np.ndarray) -> np.ndarray:
    y, columns = unwritten(x.shape, x.dtype), x.shape[-1]
    options = {"temperature": 1.0, "keep": keep, "keep_stride": columns}
    if bias is not None:
        options |= {"bias": bias, "bias_stride": columns}
    shape = struct("reduction_shape", outer=size(x.shape[:-1]), axis=columns, inner=1)
    call("softmax_axis", x.dtype, shape, struct("softmax_options", **options), x, y)
    return y


def appended(past: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A cache with room for both, that x is appended to."""
    length = past.shape[2]
    cache = unwritten((*past.shape[:2], length + x.shape[2], past.shape[3]), past.dtype)
    cache[:, :, :length] = past
    append(cache, x, length=length)
    return cache


def append(cache: np.ndarray, x: np.ndarray, **lengths) -> None:
    batch, heads, rows, d = x.shape
    shape = struct(
        "cache_shape", batch=batch, heads=heads, rows=rows, d=d, capacity=cache.shape[2], **lengths,
        x=layout(x), cache=layout(cache),
    )  # fmt: skip
    call("cache_append", x.dtype, shape, start(x), cache)


def tensor_scatter(node: Node) -> list[np.ndarray]:
    """An append at each item's length; around the end of a circular cache, row by row."""
    past, update = take(node.operand(0)), take(node.operand(1))
    axis = axis_of(node.get("axis", -2), past.ndim)
    batch, capacity = past.shape[0], past.shape[axis]
    at = np.zeros(batch, np.int64) if node.operand(2) is None else node.operand(2)
    cache = dense(past.copy()).reshape(batch, size(past.shape[1:axis]), capacity, -1)
    update = update.reshape(batch, cache.shape[1], update.shape[axis], -1)
    if node.get("mode", "linear") == "linear":
        append(cache, update, lengths=at.astype(np.uintp))
    else:
        for row in range(update.shape[2]):
            append(cache, update[:, :, row : row + 1], lengths=((at + row) % capacity).astype(np.uintp))
    return [cache.reshape(past.shape)]


def rotary(node: Node) -> list[np.ndarray]:
    x, cosines, sines = (take(node.operand(i)) for i in range(3))
    whole = x
    x = in_heads(x, node.get("num_heads"))
    y = unwritten(whole.shape, whole.dtype)
    turned = in_heads(y, node.get("num_heads"))
    batch, heads, rows, d = x.shape
    pairs, positions = cosines.shape[-1], node.operand(3)
    if positions is None:  # the table has a row for each item and row
        positions = np.arange(batch * rows)
    shape = struct(
        "rotary_shape", batch=batch, heads=heads, rows=rows, d=d, pairs=pairs,
        interleaved=bool(node.get("interleaved", 0)), x=layout(x), y=layout(turned),
        table_rows=cosines.size // pairs, position=dense(positions.astype(np.uintp)),
    )  # fmt: skip
    call("rotary", x.dtype, shape, cosines, sines, start(x), start(turned))
    return [y]


OPERATORS = {
    "Attention": attention,
    "FlexAttention": attention,
    "RotaryEmbedding": rotary,
    "TensorScatter": tensor_scatter,
}
