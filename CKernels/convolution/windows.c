// Windows along an axis, and the patches of a plane that they see.
#include "windows.h"

bool window_axis_of(const farro_window *w, bool ceiling, window_axis *axis) {
  *axis = (window_axis){.length = w->length,
                        .size = w->size,
                        .stride = w->stride,
                        .dilation = w->dilation,
                        .pad = w->pad_before,
                        .step = 1};
  size_t padded, span, reach;
  const bool overflows = __builtin_add_overflow(w->length, w->pad_before, &padded) ||
                         __builtin_add_overflow(padded, w->pad_after, &padded) ||
                         __builtin_mul_overflow(w->size - 1, w->dilation, &span) ||
                         __builtin_add_overflow(span, 1, &span) || __builtin_add_overflow(padded, w->stride, &reach) ||
                         __builtin_add_overflow(reach, span, &reach) || reach > PTRDIFF_MAX;
  if (w->size == 0 || w->stride == 0 || w->dilation == 0 || overflows) return false;
  if (padded < span) return true;
  axis->outputs = (ceiling ? ceil_divide(padded - span, w->stride) : (padded - span) / w->stride) + 1;
  if (ceiling && (axis->outputs - 1) * w->stride >= w->length + w->pad_before) axis->outputs--;
  if (axis->outputs == 1) axis->stride = 1; // a patch has room for a whole stride
  return true;
}

size_t farro_window_outputs(const farro_window *window, bool ceiling) {
  window_axis axis;
  return window_axis_of(window, ceiling, &axis) ? axis.outputs : 0;
}

window_patch window_patch_of(const window_grid *grid, size_t lanes, size_t row, size_t rows, size_t column,
                             size_t columns) {
  const window_axis *r = &grid->rows, *c = &grid->columns;
  window_patch patch = {.grid = *grid, .row = row, .rows = rows, .column = column, .columns = columns};
  patch.height = (rows - 1) * r->stride + (r->size - 1) * r->dilation + 1;
  const size_t phases = c->stride / c->step;
  patch.phase = round_up(columns, lanes) * c->step + (c->size - 1) * c->dilation / phases + 1;
  patch.pitch = capped_product(phases, patch.phase); // SIZE_MAX with padding alone, for which there is no memory
  return patch;
}

void window_offsets(const window_patch *patch, size_t *offsets) {
  const window_axis *r = &patch->grid.rows, *c = &patch->grid.columns;
  for (size_t i = 0; i < r->size; i++)
    for (size_t j = 0; j < c->size; j++) {
      const size_t column = j * c->dilation, phases = c->stride / c->step;
      *offsets++ = i * r->dilation * patch->pitch + column % phases * patch->phase + column / phases;
    }
}

void window_places(const window_grid *grid, size_t *places) {
  const window_axis *r = &grid->rows, *c = &grid->columns;
  for (size_t i = 0; i < r->size; i++)
    for (size_t j = 0; j < c->size; j++) *places++ = i * r->dilation * c->length + j * c->dilation;
}

window_bands window_bands_of(const window_grid *grid, const convolution_kernels *kernels) {
  enum { most_columns = 1024, patch_bytes = 24 * 1024, least_rows = 4 };
  const size_t rows = grid->rows.outputs, columns = grid->columns.outputs;
  window_bands bands = {.across = ceil_divide(columns, most_columns)};
  bands.columns = ceil_divide(columns, bands.across);
  bands.across = ceil_divide(columns, bands.columns);
  const window_patch one = window_patch_of(grid, kernels->lanes, 0, 1, 0, bands.columns);
  const size_t row_bytes = capped_product(capped_product(one.pitch, grid->rows.stride), kernels->element_bytes);
  bands.down = ceil_divide(rows, larger(patch_bytes / row_bytes, least_rows));
  bands.rows = ceil_divide(rows, bands.down);
  bands.down = ceil_divide(rows, bands.rows);
  const window_patch largest = window_patch_of(grid, kernels->lanes, 0, bands.rows, 0, bands.columns);
  bands.patch_bytes = bytes_of_patch(&largest, kernels->element_bytes);
  return bands;
}

window_patch window_band(const window_grid *grid, const convolution_kernels *kernels, const window_bands *bands,
                         size_t band) {
  const size_t row = band / bands->across * bands->rows, column = band % bands->across * bands->columns;
  return window_patch_of(grid, kernels->lanes, row, smaller(bands->rows, grid->rows.outputs - row), column,
                         smaller(bands->columns, grid->columns.outputs - column));
}
