/* Stand-in for the board support package: declarations only, to compile against. */
#ifndef XIL_IO_H
#define XIL_IO_H
#include <stdint.h>
typedef uintptr_t UINTPTR;
typedef intptr_t INTPTR;
typedef uint32_t u32;
u32 Xil_In32(UINTPTR address);
void Xil_Out32(UINTPTR address, u32 value);
#endif
