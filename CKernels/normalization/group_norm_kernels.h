// Normalization of groups of channels, each a run of memory. Needs row_gradient_kernels.h.

INLINE const SCALAR *KERNEL(parameters_of)(const void *parameters, size_t group, size_t count) {
  return parameters ? (const SCALAR *)parameters + group * count : NULL;
}

static void KERNEL(group_norm)(const group_work *w, size_t first, size_t last) {
  enum { most_bytes = 128 * 1024 }; // of an item that is fetched while the one before it is worked on
  const size_t n = w->channels * w->spatial;
  for (size_t item = first; item < last; item++) {
    const KERNEL(source) source = {(const ELEMENT *)w->x + item * n, NULL};
    const bool fetches = item + 1 < last && n * sizeof(ELEMENT) <= most_bytes;
    const KERNEL(source) next = {fetches ? source.x + n : NULL, NULL};
    const KERNEL(statistics) s =
        KERNEL(is_long)(n)
            ? KERNEL(long_statistics)(source, n, w->epsilon, false)
            : KERNEL(short_statistics)(source, n, KERNEL(sum_row)(source, n, false), w->epsilon, false, next);
    if (w->mean) w->mean[item] = (double)s.center + s.rest;
    if (w->inverse) w->inverse[item] = s.inverse;
    ELEMENT *y = (ELEMENT *)w->y + item * n;
    const size_t group = item % w->groups, count = w->spread ? n : w->channels;
    const SCALAR *scale = KERNEL(parameters_of)(w->scale, group, count);
    const SCALAR *offset = KERNEL(parameters_of)(w->offset, group, count);
    KERNEL(affine) a = {source, scale, offset, s.center, s.factor, s.shift, NULL, false};
    if (w->spread || (!scale && !offset)) {
      KERNEL(write_row)(KERNEL(affine_value), &a, next.x, y, n, w->streams);
      continue;
    }
    a.scale = a.offset = NULL;
    for (size_t c = 0; c < w->channels; c++, a.source.x += w->spatial, y += w->spatial) {
      const double by = scale ? (double)scale[c] : 1;
      a.factor = (SCALAR)(s.inverse * by);
      a.shift = (SCALAR)(-s.rest * s.inverse * by + (offset ? (double)offset[c] : 0));
      KERNEL(write_row)(KERNEL(affine_value), &a, fetches ? a.source.x + n : NULL, y, w->spatial, w->streams);
    }
  }
  if (w->streams) fence_nontemporal();
}

// grad_y factor + (x - center) slope + base
typedef struct {
  const ELEMENT *grad_y, *x;
  SCALAR center, factor, slope, base;
} KERNEL(channel_gradient);

INLINE VECTOR KERNEL(channel_gradient_value)(const void *context, size_t i, size_t n, const bool partial) {
  const KERNEL(channel_gradient) *c = context;
  const VECTOR d = KERNEL(load_elements)(c->x + i, n, partial) - broadcast(c->center);
  const VECTOR rest = multiply_add(d, broadcast(c->slope), broadcast(c->base));
  return multiply_add(KERNEL(load_elements)(c->grad_y + i, n, partial), broadcast(c->factor), rest);
}

static void KERNEL(group_gradient)(const group_gradient_work *w, size_t first, size_t last) {
  const size_t n = w->channels * w->spatial;
  const row_gradient_work as_rows = {
      .columns = n, .x = w->x, .x_row = n, .mean = w->mean, .inverse = w->inverse, .epsilon = w->epsilon};
  for (size_t item = first; item < last; item++) {
    const KERNEL(statistics) s = KERNEL(known_statistics)(&as_rows, item, norm_layer);
    const SCALAR *scale = KERNEL(parameters_of)(w->scale, item % w->groups, w->channels);
    const ELEMENT *grad_y = (const ELEMENT *)w->grad_y + item * n, *x = (const ELEMENT *)w->x + item * n;
    double of_g = 0, of_gz = 0;
    for (size_t c = 0; c < w->channels; c++) {
      const KERNEL(gradient_row) r = {.grad_y = grad_y + c * w->spatial, .x = x + c * w->spatial, .statistics = s};
      double sum, product;
      KERNEL(sum_gradient_row)(&r, NULL, w->spatial, norm_layer, &sum, &product);
      product = (product - s.rest * sum) * s.inverse;
      if (w->sums) w->sums[item * w->channels + c] = sum;
      if (w->products) w->products[item * w->channels + c] = product;
      of_g += (scale ? (double)scale[c] : 1) * sum;
      of_gz += (scale ? (double)scale[c] : 1) * product;
    }
    const double base = of_g / (double)n * s.inverse, slope = of_gz / (double)n * s.inverse;
    KERNEL(channel_gradient)
    g = {
        .center = s.center, .slope = (SCALAR)(-slope * s.inverse), .base = (SCALAR)(s.rest * s.inverse * slope - base)};
    ELEMENT *grad_x = (ELEMENT *)w->grad_x + item * n;
    for (size_t c = 0; c < w->channels; c++) {
      g.grad_y = grad_y + c * w->spatial;
      g.x = x + c * w->spatial;
      g.factor = (SCALAR)(s.inverse * (scale ? (double)scale[c] : 1));
      KERNEL(write_row)(KERNEL(channel_gradient_value), &g, NULL, grad_x + c * w->spatial, w->spatial, w->streams);
    }
  }
  if (w->streams) fence_nontemporal();
}

static const group_norm_kernels KERNEL(group_norms) = {
    .element_bytes = sizeof(ELEMENT),
    .forward = KERNEL(group_norm),
    .backward = KERNEL(group_gradient),
};
