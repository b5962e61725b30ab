// What becomes of a tile after its last k, while it is in registers or has just left them for the L1 cache.
//
// The tile has been put on the stack, times alpha: 28 stores and as many loads for one that took 14 cycles per step of
// k.

INLINE VECTOR KERNEL(matmul_activate)(const farro_activation activation, VECTOR x) {
  switch (activation) {
  case FARRO_ACTIVATION_RELU:
    return vector_relu(x);
  case FARRO_ACTIVATION_GELU:
    return vector_gelu(x);
  case FARRO_ACTIVATION_GELU_TANH:
    return vector_gelu_tanh(x);
  case FARRO_ACTIVATION_SIGMOID:
    return vector_sigmoid(x);
  case FARRO_ACTIVATION_TANH:
    return vector_tanh(x);
  case FARRO_ACTIVATION_SILU:
    return vector_silu(x);
  default:
    return x;
  }
}

// D = activation(scale (product + beta C) + bias) + residual for a row of a tile, to `out`.
INLINE void KERNEL(matmul_epilogue_row)(const farro_activation activation, const matmul_tile *t, size_t columns,
                                        const SCALAR *products, const SCALAR *c, size_t first, const SCALAR *residual,
                                        SCALAR *out) {
  const farro_epilogue *e = t->epilogue;
  const SCALAR beta = *(const SCALAR *)t->beta;
  const SCALAR *scale = e->scale, *bias = e->bias;
  for (size_t j = 0; j < columns; j += LANES) {
    const size_t count = columns - j < LANES ? columns - j : LANES;
    VECTOR v = load_up_to(products + j, count);
    if (beta != 0) v = multiply_add(broadcast(beta), load_up_to(c + j, count), v);
    if (scale) v *= load_up_to(scale + first + j, count);
    if (bias) v += load_up_to(bias + first + j, count);
    v = KERNEL(matmul_activate)(activation, v);
    if (residual) v += load_up_to(residual + j, count);
    store_up_to(out + j, v, count);
  }
}

INLINE void KERNEL(matmul_epilogue_rows)(const farro_activation activation, const matmul_tile *t, size_t rows,
                                         size_t columns, SCALAR *products, size_t ld, SCALAR *c, size_t first,
                                         const SCALAR *residual) {
  const farro_epilogue *e = t->epilogue;
  for (size_t i = 0; i < rows; i++) {
    SCALAR *row = products + i * ld, *to = e->visit ? row : c + i * t->ldc;
    const SCALAR *more = residual ? residual + i * e->ld_residual : NULL;
    KERNEL(matmul_epilogue_row)(activation, t, columns, row, c + i * t->ldc, first, more, to);
  }
}

// Rows x columns of products, `ld` apart; the tile's columns from `part` on, of its product
// `item`. `c` is where they go.
static void KERNEL(matmul_epilogue)(const matmul_tile *t, size_t rows, size_t columns, SCALAR *products, size_t ld,
                                    SCALAR *c, size_t part, size_t item) {
  const farro_epilogue *e = t->epilogue;
  const size_t first = t->column + part, product = t->item + item;
  const SCALAR *residual = e->residual;
  if (residual) residual += product * e->stride_residual + t->row * e->ld_residual + first;
  const bool only_visits = e->visit && !e->scale && !e->bias && !residual && *(const SCALAR *)t->beta == 0;
#define MATMUL_EPILOGUE(name)                                                                                          \
  case name:                                                                                                           \
    KERNEL(matmul_epilogue_rows)(name, t, rows, columns, products, ld, c, first, residual);                            \
    break;
  if (e->activation != FARRO_ACTIVATION_NONE || !only_visits) switch (e->activation) {
      MATMUL_EPILOGUE(FARRO_ACTIVATION_NONE)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_RELU)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_GELU)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_GELU_TANH)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_SIGMOID)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_TANH)
      MATMUL_EPILOGUE(FARRO_ACTIVATION_SILU)
    default:
      break;
    }
#undef MATMUL_EPILOGUE
  if (e->visit) e->visit(e->visit_context, product, t->row, first, rows, columns, products, ld);
}
