// What the drivers of convolution and pooling share: checked shapes, and patches of planes.
#ifndef FARRO_CONVOLUTION_WINDOWS_H
#define FARRO_CONVOLUTION_WINDOWS_H

#include "convolution.h"
#include "runtime/sizes.h"

// The product of two sizes, or SIZE_MAX where it overflows; SIZE_MAX stays, unless the other is 0.
static inline size_t capped_product(size_t a, size_t b) {
  size_t product;
  return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

// Whether so many elements fit the address space.
static inline bool is_count(size_t elements, size_t element_bytes) { return elements <= PTRDIFF_MAX / element_bytes; }

// False for a size, stride or dilation of 0, and where positions overflow.
bool window_axis_of(const farro_window *window, bool ceiling, window_axis *axis);

// Whether the results and an operand share bytes.
static inline bool shares_bytes(const void *result, size_t result_bytes, const void *x, size_t bytes) {
  const uintptr_t a = (uintptr_t)result, b = (uintptr_t)x;
  return a < b + bytes && b < a + result_bytes;
}

static inline size_t window_taps(const window_grid *grid) { return grid->rows.size * grid->columns.size; }
static inline size_t window_outputs(const window_grid *grid) { return grid->rows.outputs * grid->columns.outputs; }
static inline size_t plane_elements(const window_grid *grid) { return grid->rows.length * grid->columns.length; }

// Where element t of window o lies on the axis; false for padding.
static inline bool place_on_axis(const farro_window *w, size_t o, size_t t, size_t *place) {
  const size_t from_padding = o * w->stride + t * w->dilation;
  *place = from_padding - w->pad_before;
  return from_padding >= w->pad_before && *place < w->length;
}

// The patch of some outputs, and its bytes.
window_patch window_patch_of(const window_grid *grid, size_t lanes, size_t row, size_t rows, size_t column,
                             size_t columns);
static inline size_t bytes_of_patch(const window_patch *patch, size_t element_bytes) {
  const size_t bytes = capped_product(capped_product(patch->height, patch->pitch), element_bytes);
  return smaller(bytes, PTRDIFF_MAX / 2); // more than any memory has, and room to add to
}

// Where each tap of a window lies in a patch.
void window_offsets(const window_patch *patch, size_t *offsets);

// Where each tap lies on the plane, from the first one's place.
void window_places(const window_grid *grid, size_t *places);

// How the outputs of a plane are cut into patches that stay in L1.
typedef struct window_bands {
  size_t rows, columns; // of the outputs of a patch, at most
  size_t down, across;  // patches
  size_t patch_bytes;   // of the largest patch
} window_bands;

window_bands window_bands_of(const window_grid *grid, const convolution_kernels *kernels);

// Patch `band` of the plane, band < down across.
window_patch window_band(const window_grid *grid, const convolution_kernels *kernels, const window_bands *bands,
                         size_t band);

#endif
