/* memcpy and memset for targets without a C library: compilers may call them for plain loops and struct copies. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

/* Volatile access keeps the compiler from turning each loop into a call of the very function it is in. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    volatile unsigned char *place = to;
    const unsigned char *source = from;
    while (bytes-- > 0) {
        *place++ = *source++;
    }
    return to;
}

void *memset(void *to, int value, size_t bytes) {
    volatile unsigned char *place = to;
    while (bytes-- > 0) {
        *place++ = (unsigned char)value;
    }
    return to;
}
