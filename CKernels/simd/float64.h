// Element type of the kernel texts included next: double. A text says SCALAR, VECTOR, LANES, and KERNEL(name) for the
// names of its functions, so that one text serves both precisions.
#undef ELEMENT
#undef SCALAR
#undef VECTOR
#undef INTEGER_VECTOR
#undef BITS
#undef BITS_VECTOR
#undef LANES
#undef KERNEL
#define ELEMENT double
#define SCALAR double
#define VECTOR f64v
#define INTEGER_VECTOR i64v
#define BITS uint64_t
#define BITS_VECTOR u64v
#define LANES f64_lanes
#define KERNEL(name) name##_f64
