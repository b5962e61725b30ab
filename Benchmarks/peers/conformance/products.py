"""Matrix products, in floating point and in 8-bit integers, and what makes those integers."""
import numpy as np

from conformance.library import call, struct
from conformance.node import Node, Skip, axis_of, dense, size, take, unwritten

SIGN = 0x80


def matmul(node: Node) -> list[np.ndarray]:
    return [product(take(node.operand(0)), take(node.operand(1)))]


def product(a: np.ndarray, b: np.ndarray, alpha: float = 1) -> np.ndarray:
    """NumPy's matmul, times alpha. A second operand without a batch serves all of the first's."""
    matrix_a = a.reshape(1, -1) if a.ndim == 1 else a
    matrix_b = b.reshape(-1, 1) if b.ndim == 1 else b
    matrix_a, matrix_b, shape, lengths = batched(matrix_a, matrix_b)
    c = unwritten((*lengths, shape.m, shape.n), a.dtype)
    call("matmul", a.dtype, shape, alpha, matrix_a, matrix_b, 0, c)
    lines = () if a.ndim == 1 else (shape.m,)
    return c.reshape(lengths + lines + (() if b.ndim == 1 else (shape.n,)))


def batched(a: np.ndarray, b: np.ndarray):
    """Operands, farro_matmul_shape and the lengths of the batch."""
    lengths = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = dense(np.broadcast_to(a, lengths + a.shape[-2:]))
    if size(b.shape[:-2]) > 1:
        b = dense(np.broadcast_to(b, lengths + b.shape[-2:]))
    (m, k), n = a.shape[-2:], b.shape[-1]
    shape = struct(
        "matmul_shape", batch=size(lengths), m=m, n=n, k=k, lda=k, ldb=n, ldc=n,
        stride_a=m * k, stride_b=k * n if size(b.shape[:-2]) > 1 else 0, stride_c=m * n,
    )  # fmt: skip
    return a, b, shape, lengths


def gemm(node: Node) -> list[np.ndarray]:
    a, b = take(node.operand(0)), take(node.operand(1))
    by_columns, by_rows = bool(node.get("transA", 0)), bool(node.get("transB", 0))
    k, m = a.shape if by_columns else a.shape[::-1]
    n = b.shape[0] if by_rows else b.shape[1]
    c = np.zeros((m, n), a.dtype)
    if node.operand(2) is not None:
        c[...] = node.operand(2)
    shape = struct(
        "matmul_shape", batch=1, m=m, n=n, k=k, transpose_a=by_columns, transpose_b=by_rows,
        lda=a.shape[1], ldb=b.shape[1], ldc=n, stride_c=m * n,
    )  # fmt: skip
    call("matmul", a.dtype, shape, node.get("alpha", 1.0), a, b, node.get("beta", 1.0), c)
    return [c]


# ---- 8-bit integers: Farro's A is unsigned and B signed; flipping the highest bit makes one of the other, with a zero
# point that moves along ----


def flipped(x: np.ndarray, to: type) -> np.ndarray:
    return dense(x) if x.dtype == to else (dense(x).view(np.uint8) ^ SIGN).view(to)


def quantized(values: np.ndarray, zero: np.ndarray | None, scale: np.ndarray | None, to: type):
    """An operand in the type that Farro takes, and its farro_quantized_operand."""
    zero = np.zeros(1, values.dtype) if zero is None else zero
    if values.ndim > 2 and zero.size > 1:
        raise Skip("zero points of batches of rows")
    fields = {"zero_point": flipped(zero, to).astype(np.int32).reshape(-1), "step": int(zero.size > 1)}
    if scale is not None:
        fields["scale"] = widened(scale)
    return flipped(values, to), struct("quantized_operand", **fields)


def widened(x: np.ndarray) -> np.ndarray:
    """f16 to f32."""
    if x.dtype == np.float32:
        return dense(x).reshape(-1)
    if x.dtype != np.float16:
        raise Skip(f"scales of {x.dtype.name}")
    out = unwritten(x.size, np.float32)
    call("convert_f16_to_f32", None, x.size, dense(x), out)
    return out


def of_bytes(*operands: np.ndarray) -> None:
    if not all(operand.dtype in (np.uint8, np.int8) for operand in operands):
        raise Skip("quantized numbers of other than 8 bits")


def matmul_integer(node: Node) -> list[np.ndarray]:
    of_bytes(node.operand(0), node.operand(1))
    a, by_a = quantized(node.operand(0), node.operand(2), None, np.uint8)
    b, by_b = quantized(node.operand(1), node.operand(3), None, np.int8)
    a, b, shape, lengths = batched(a, b)
    c = unwritten((*lengths, shape.m, shape.n), np.int32)
    call("matmul_u8s8_s32", None, shape, by_a, by_b, a, b, c)
    return [c]


def matmul_quantized(node: Node) -> list[np.ndarray]:
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = node.operands
    of_bytes(a, b, y_zero)
    a, by_a = quantized(a, a_zero, a_scale, np.uint8)
    b, by_b = quantized(b, b_zero, b_scale, np.int8)
    a, b, shape, lengths = batched(a, b)
    c = unwritten((*lengths, shape.m, shape.n), np.float32)
    call("matmul_u8s8_f32", None, shape, by_a, by_b, a, b, c, None)
    return [quantize(c, widened(y_scale), y_zero)]


# ---- quantization ----


def rows_of(node: Node, x: np.ndarray, scale: np.ndarray):
    """x as rows that share a scale each, and how to undo that: per tensor, per axis, or per block of an axis."""
    axis = axis_of(node.get("axis", 1), x.ndim) if x.ndim else 0
    block = node.get("block_size", 0)
    if scale.size == 1:
        return x.reshape(1, -1), lambda rows: rows.reshape(x.shape)
    if not block:
        moved = np.moveaxis(x, axis, 0)
        rows = dense(moved).reshape(scale.size, -1)
        return rows, lambda rows: dense(np.moveaxis(rows.reshape(moved.shape), 0, axis))
    if x.shape[axis] % block:
        raise Skip("blocks that do not fill an axis")
    apart = x.reshape(*x.shape[:axis], x.shape[axis] // block, block, *x.shape[axis + 1 :])
    moved = np.moveaxis(apart, axis + 1, -1)
    rows = dense(moved).reshape(scale.size, block)
    return rows, lambda rows: dense(np.moveaxis(rows.reshape(moved.shape), -1, axis + 1)).reshape(x.shape)


def quantization(scale: np.ndarray, zero: np.ndarray | None):
    """One scale of a tensor, or one of each row."""
    points = None if zero is None else zero.astype(np.int32).reshape(-1)
    return struct("quantization", axis=int(scale.size > 1), scale=scale, zero_point=points)


def quantize(x: np.ndarray, scale: np.ndarray, zero: np.ndarray) -> np.ndarray:
    out = unwritten(x.shape, zero.dtype)
    columns = x.shape[-1]
    shape = struct("quantization_shape", rows=x.size // columns, columns=columns, x_row=columns, out_row=columns)
    to = "u8" if zero.dtype == np.uint8 else "s8"
    call(f"quantize_f32_to_{to}", None, shape, quantization(scale, zero), x, out)
    return out


def quantize_linear(node: Node) -> list[np.ndarray]:
    x, scale, zero = take(node.operand(0), ("float32",)), node.operand(1), node.operand(2)
    if zero is None and node.get("output_dtype", 0):
        raise Skip("quantized numbers of other than 8 bits")
    zero = np.zeros(scale.shape, np.uint8) if zero is None else zero
    of_bytes(zero)
    rows, back = rows_of(node, x, scale)
    return [back(quantize(rows, widened(scale), zero))]


def dequantize_linear(node: Node) -> list[np.ndarray]:
    x, scale, zero = node.operand(0), node.operand(1), node.operand(2)
    of_bytes(x)
    rows, back = rows_of(node, x, scale)
    out = unwritten(rows.shape, np.float32)
    columns = rows.shape[-1]
    shape = struct("quantization_shape", rows=rows.shape[0], columns=columns, x_row=columns, out_row=columns)
    of = "u8" if x.dtype == np.uint8 else "s8"
    call(f"dequantize_{of}_to_f32", None, shape, quantization(widened(scale), zero), dense(rows), out)
    return [back(out)]


def dynamic_quantize(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0), ("float32",))
    scale, zero = unwritten(1, np.float32), unwritten(1, np.int32)
    shape = struct("quantization_shape", rows=1, columns=x.size, x_row=x.size, out_row=x.size)
    call("choose_quantization_u8", None, shape, 0, False, x, scale, zero)
    zero = zero.astype(np.uint8)
    return [quantize(x.reshape(1, -1), scale, zero).reshape(x.shape), scale.reshape(()), zero.reshape(())]


def cast(node: Node) -> list[np.ndarray]:
    """Of the operand's and the result's type, which Cast's attribute, or CastLike's second operand, tells."""
    x, to = node.operand(0), node.get("result_type")
    names = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}
    if {x.dtype.name, to.name} not in ({"float32", "float16"}, {"float32", "bfloat16"}):
        raise Skip("conversions other than between f32 and f16 or bf16")
    out = unwritten(x.shape, to)
    call(f"convert_{names[x.dtype.name]}_to_{names[to.name]}", None, x.size, dense(x), out)
    return [out]


OPERATORS = {
    "MatMul": matmul,
    "Gemm": gemm,
    "MatMulInteger": matmul_integer,
    "QLinearMatMul": matmul_quantized,
    "QuantizeLinear": quantize_linear,
    "DequantizeLinear": dequantize_linear,
    "DynamicQuantizeLinear": dynamic_quantize,
    "Cast": cast,
    "CastLike": cast,
}
