#ifndef XIL_PRINTF_H
#define XIL_PRINTF_H
typedef char char8;
void xil_printf(const char8 *format, ...);
#endif
