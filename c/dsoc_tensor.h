/**
 * @file dsoc_tensor.h
 * @brief Memory layouts of tensors, docs/architecture.md section 2.
 */
#ifndef DSOC_TENSOR_H
#define DSOC_TENSOR_H

#include "dsoc.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Number of values of a tensor.
 * @param[in] tensor  shape
 * @return n * h * w * c
 */
uint32_t dsoc_tensor_count(const dsoc_tensor_t *tensor);

/**
 * Packs integers into byte lines; rows that do not exist become zero bits.
 * @param[in] tensor  layout, form 0
 * @param[in] rows    rows of processing elements
 * @param[out] base   first byte of the tensor
 * @param[in] values  NHWC order
 * @return DSOC_OK or DSOC_ERR_VALUE (a value outside tensor->bits; the tensor is then incomplete)
 */
dsoc_status_t dsoc_tensor_pack(const dsoc_tensor_t *tensor, uint32_t rows, uint8_t *base, const int8_t *values);

/**
 * Reads integers from byte lines (form 0) or from slots of 32-bit words (form 1).
 * @param[in] tensor   layout
 * @param[in] rows     rows of processing elements
 * @param[in] base     first byte of the tensor
 * @param[out] values  NHWC order
 */
void dsoc_tensor_unpack(const dsoc_tensor_t *tensor, uint32_t rows, const uint8_t *base, int32_t *values);

#ifdef __cplusplus
}
#endif

#endif /* DSOC_TENSOR_H */
