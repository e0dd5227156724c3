/**
 * @file data.h
 * @brief What data.c holds, as little-endian words: weights.bin, input.bin, and the integers that come out.
 */
#ifndef DATA_H
#define DATA_H

#include <stdint.h>

extern const uint32_t design_weights[];
extern const uint32_t design_input[];
extern const uint32_t design_expected[];

#endif /* DATA_H */
