// Element type of the kernel texts included next: int8 in memory, computed in float.
#undef ELEMENT
#undef SCALAR
#undef VECTOR
#undef INTEGER_VECTOR
#undef BITS
#undef BITS_VECTOR
#undef LANES
#undef KERNEL
#define ELEMENT s8
#define SCALAR float
#define VECTOR f32v
#define INTEGER_VECTOR i32v
#define BITS uint32_t
#define BITS_VECTOR u32v
#define LANES f32_lanes
#define KERNEL(name) name##_i8
