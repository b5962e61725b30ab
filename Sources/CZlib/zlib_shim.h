// zlib as the system has it: Debian's zlib1g-dev, or Apple's SDK.
#include <zlib.h>
