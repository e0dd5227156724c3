#ifndef XIL_CACHE_H
#define XIL_CACHE_H
#include "xil_io.h"
void Xil_DCacheFlushRange(INTPTR address, INTPTR bytes);
void Xil_DCacheInvalidateRange(INTPTR address, INTPTR bytes);
#endif
