/* Stand-in for the board support package, with its documented prototypes: declarations only, to compile against. */
#ifndef XIL_IO_H
#define XIL_IO_H
#include "xil_types.h"
u32 Xil_In32(UINTPTR address);
void Xil_Out32(UINTPTR address, u32 value);
#endif
