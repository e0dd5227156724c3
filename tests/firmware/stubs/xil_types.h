#ifndef XIL_TYPES_H
#define XIL_TYPES_H
#include <stdint.h>
typedef uintptr_t UINTPTR;
typedef intptr_t INTPTR;
typedef uint32_t u32;
#endif
