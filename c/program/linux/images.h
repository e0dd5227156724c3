/**
 * @file images.h
 * @brief Files with images, as integers of the network's input.
 */
#ifndef IMAGES_H
#define IMAGES_H

#include "design.h"
#include "dsoc.h"

#include <stddef.h>
#include <stdint.h>

/** The network of model.h, which one file alone includes. */
extern const dsoc_model_t *const network;

/** Values of one image. */
#define IMAGE_VALUES ((size_t)DESIGN_HEIGHT * DESIGN_WIDTH * DESIGN_CHANNELS)

/** How pixels of a PNG file, 0 … 255, become real values: (pixel / 255 - mean) / deviation, for each channel. */
typedef struct {
    double mean[4];
    double deviation[4];
} scale_t;

/** Contents of a file, and its name. */
typedef struct {
    const char *name;
    uint8_t *bytes;
    size_t count;
} content_t;

/**
 * Reads a regular file.
 * @param[in] name     path
 * @param[out] content filled; `bytes` is freed by the caller
 * @param[out] error   why not
 * @param[in] room     bytes of `error`
 * @return 0 or -1
 */
int read_content(const char *name, content_t *content, char *error, size_t room);

/**
 * Images of a file: PNG (of the network's size; 8 bits), .npy (real values, or integers of the input), or raw integers,
 * one byte each, as input.bin of an export. Real values are quantized as in training: round half to even, saturate.
 * @param[in] content  the file
 * @param[in] scale    of pixels
 * @param[out] images  integers in NHWC order, to be freed by the caller
 * @param[out] count   of images
 * @param[out] error   what is wrong with the file, and what was expected
 * @param[in] room     bytes of `error`
 * @return 0 or -1
 */
int read_images(const content_t *content, const scale_t *scale, int8_t **images, size_t *count, char *error,
                size_t room);

#endif /* IMAGES_H */
