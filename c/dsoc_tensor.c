#include "dsoc_tensor.h"

#include <stddef.h>

/* One byte line: `count` image rows that start at row `h`, in the low bits first. */
typedef struct {
    uint32_t index, h, count;
} line_t;

/* Moves to the line after `line` within one batch element; count 0 when there is none. Start with index -1, h 0. */
static line_t next_line(line_t line, uint32_t height, uint32_t rows, uint32_t rows_per_byte) {
    line.index++;
    line.h += line.count;
    const uint32_t in_tile = rows - line.h % rows;
    const uint32_t in_image = height - line.h;
    line.count = rows_per_byte < in_tile ? rows_per_byte : in_tile;
    line.count = line.count < in_image ? line.count : in_image;
    return line;
}

uint32_t dsoc_tensor_count(const dsoc_tensor_t *tensor) {
    return tensor->n * tensor->h * tensor->w * tensor->c;
}

dsoc_status_t dsoc_tensor_pack(const dsoc_tensor_t *tensor, uint32_t rows, uint8_t *base, const int8_t *values) {
    const uint32_t bits = tensor->bits;
    const uint32_t mask = (1u << bits) - 1u;
    const int32_t limit = (int32_t)(1u << (bits - 1u));
    const size_t row_values = (size_t)tensor->w * tensor->c;
    for (uint32_t n = 0; n < tensor->n; n++) {
        const int8_t *image = values + n * tensor->h * row_values;
        line_t line = {UINT32_MAX, 0, 0};
        for (line = next_line(line, tensor->h, rows, 8u / bits); line.count > 0;
             line = next_line(line, tensor->h, rows, 8u / bits)) {
            uint8_t *bytes = base + (size_t)n * tensor->n_pitch + (size_t)line.index * tensor->pitch;
            for (size_t i = 0; i < row_values; i++) {
                uint32_t byte = 0;
                for (uint32_t r = 0; r < line.count; r++) {
                    const int32_t value = image[(line.h + r) * row_values + i];
                    if (value < -limit || value >= limit) {
                        return DSOC_ERR_VALUE;
                    }
                    byte |= ((uint32_t)value & mask) << (r * bits);
                }
                bytes[i] = (uint8_t)byte;
            }
        }
    }
    return DSOC_OK;
}

static void unpack_lines(const dsoc_tensor_t *tensor, uint32_t rows, const uint8_t *base, int32_t *values) {
    const uint32_t bits = tensor->bits;
    const uint32_t mask = (1u << bits) - 1u;
    const uint32_t sign = 1u << (bits - 1u);
    const size_t row_values = (size_t)tensor->w * tensor->c;
    for (uint32_t n = 0; n < tensor->n; n++) {
        int32_t *image = values + n * tensor->h * row_values;
        line_t line = {UINT32_MAX, 0, 0};
        for (line = next_line(line, tensor->h, rows, 8u / bits); line.count > 0;
             line = next_line(line, tensor->h, rows, 8u / bits)) {
            const uint8_t *bytes = base + (size_t)n * tensor->n_pitch + (size_t)line.index * tensor->pitch;
            for (size_t i = 0; i < row_values; i++) {
                for (uint32_t r = 0; r < line.count; r++) {
                    const uint32_t field = ((uint32_t)bytes[i] >> (r * bits)) & mask;
                    image[(line.h + r) * row_values + i] = (int32_t)(field ^ sign) - (int32_t)sign;
                }
            }
        }
    }
}

/* A little-endian two's complement word. */
static int32_t read_word(const uint8_t *bytes) {
    const uint32_t word =
        (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return word <= INT32_MAX ? (int32_t)word : -(int32_t)(UINT32_MAX - word) - 1;
}

/*
 * Words of one row, one a slot. A CPU that stores them as memory does reads them as they are: for a classifier this is
 * most of what an inference costs it, so four are moved at a time.
 */
static void unpack_row(const uint8_t *slot, uint32_t slot_bytes, int32_t *values, uint32_t count) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    typedef int32_t __attribute__((__may_alias__)) word_t;
    if (((uintptr_t)slot & 3u) == 0 && (slot_bytes & 3u) == 0) {
        const uint32_t step = slot_bytes;
        for (; count >= 4u; count -= 4u) {
            const uint8_t *second = slot + step, *third = second + step, *fourth = third + step;
            values[0] = *(const word_t *)(const void *)slot;
            values[1] = *(const word_t *)(const void *)second;
            values[2] = *(const word_t *)(const void *)third;
            values[3] = *(const word_t *)(const void *)fourth;
            slot = fourth + step;
            values += 4;
        }
    }
#endif
    for (; count > 0; count--) {
        *values++ = read_word(slot);
        slot += slot_bytes;
    }
}

static void unpack_slots(const dsoc_tensor_t *tensor, uint32_t rows, const uint8_t *slot, int32_t *values) {
    const size_t row_values = (size_t)tensor->w * tensor->c;
    if (tensor->n == 1 && tensor->h == 1 && tensor->w == 1) { /* the channels follow each other */
        unpack_row(slot, tensor->slot_bytes, values, tensor->c);
        return;
    }
    for (uint32_t c0 = 0; c0 < tensor->c; c0 += tensor->ch_per_t) {
        const uint32_t left = tensor->c - c0;
        const uint32_t channels = left < tensor->ch_per_t ? left : tensor->ch_per_t;
        for (uint32_t n = 0; n < tensor->n; n++) {
            for (uint32_t h0 = 0; h0 < tensor->h; h0 += rows) {
                const uint32_t height = tensor->h - h0 < rows ? tensor->h - h0 : rows;
                int32_t *tile = values + ((size_t)n * tensor->h + h0) * row_values + c0;
                for (uint32_t w = 0; w < tensor->w; w++) {
                    for (uint32_t k = 0; k < channels; k++) {
                        for (uint32_t r = 0; r < height; r++) {
                            tile[r * row_values + (size_t)w * tensor->c + k] = read_word(slot + 4u * (size_t)r);
                        }
                        slot += tensor->slot_bytes;
                    }
                }
            }
        }
    }
}

void dsoc_tensor_unpack(const dsoc_tensor_t *tensor, uint32_t rows, const uint8_t *base, int32_t *values) {
    if (tensor->form == 0) {
        unpack_lines(tensor, rows, base, values);
    } else {
        unpack_slots(tensor, rows, base, values);
    }
}
