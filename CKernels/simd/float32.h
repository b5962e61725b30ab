// Element type of the kernel texts included next: float. A text says SCALAR, VECTOR, LANES, and KERNEL(name) for the
// names of its functions, so that one text serves both precisions. A text that serves elements of 16 bits too says
// ELEMENT for what lies in memory.
#undef ELEMENT
#undef SCALAR
#undef VECTOR
#undef INTEGER_VECTOR
#undef BITS
#undef BITS_VECTOR
#undef LANES
#undef KERNEL
#define ELEMENT float
#define SCALAR float
#define VECTOR f32v
#define INTEGER_VECTOR i32v
#define BITS uint32_t
#define BITS_VECTOR u32v
#define LANES f32_lanes
#define KERNEL(name) name##_f32
