#ifndef XIL_CACHE_H
#define XIL_CACHE_H
#include "xil_types.h"
#ifdef __aarch64__
void Xil_DCacheFlushRange(INTPTR address, INTPTR bytes);
void Xil_DCacheInvalidateRange(INTPTR address, INTPTR bytes);
#else
void Xil_DCacheFlushRange(INTPTR address, u32 bytes);
void Xil_DCacheInvalidateRange(INTPTR address, u32 bytes);
#endif
#endif
