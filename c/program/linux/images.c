#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64

#include "images.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef WITH_PNG
#include <png.h>
#endif

#define MOST_BYTES 0x40000000 /* of a file */
#define DIMENSIONS 8u

__attribute__((format(printf, 3, 4))) static int fail(char *error, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, room, format, arguments);
    va_end(arguments);
    return -1;
}

int read_content(const char *name, content_t *content, char *error, size_t room) {
    struct stat found;
    const int file = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe is not waited for */
    content->name = name;
    content->bytes = NULL;
    content->count = 0;
    if (file < 0 || fstat(file, &found) != 0) {
        const int code = errno;
        if (file >= 0) {
            (void)close(file);
        }
        return fail(error, room, "cannot read it: %s", strerror(code));
    }
    if (!S_ISREG(found.st_mode) || found.st_size > MOST_BYTES) {
        (void)close(file);
        return fail(error, room, S_ISREG(found.st_mode) ? "more than 1 GiB" : "not a regular file");
    }
    const size_t size = (size_t)found.st_size;
    content->bytes = malloc(size + 1u);
    while (content->bytes != NULL && content->count < size) {
        const ssize_t part = read(file, content->bytes + content->count, size - content->count);
        if (part <= 0) {
            break;
        }
        content->count += (size_t)part;
    }
    (void)close(file);
    if (content->bytes == NULL || content->count != size) {
        free(content->bytes);
        content->bytes = NULL;
        return fail(error, room, "cannot read all of it");
    }
    content->bytes[size] = 0;
    return 0;
}

/* ---- real values and integers of the input ----------------------------------------------------------------------- */
static int quantize(double real, int8_t *value) {
    const int limit = 1 << (network->input.bits - 1);
    double scaled = rint(ldexp(real / (double)network->input.scale, network->input.frac)) /* half to even */
                    + network->input.zero;
    if (!isfinite(real)) {
        return -1;
    }
    scaled = scaled < -limit ? -limit : scaled > limit - 1 ? limit - 1 : scaled;
    *value = (int8_t)scaled;
    return 0;
}

static int take_integer(int64_t number, int8_t *value, char *error, size_t room) {
    const int limit = 1 << (network->input.bits - 1);
    if (number < -limit || number >= limit) {
        return fail(error, room,
                    "integers of %d bits are %d ... %d, received %lld; give real values to have them quantized",
                    (int)network->input.bits, -limit, limit - 1, (long long)number);
    }
    *value = (int8_t)number;
    return 0;
}

/* ---- .npy -------------------------------------------------------------------------------------------------------- */
typedef struct {
    char kind; /* f, i, u */
    size_t bytes;
    size_t shape[DIMENSIONS];
    size_t dimensions;
    const uint8_t *data;
    size_t data_bytes;
} array_t;

/* What follows "'key':" in the header, after blanks; NULL if it is not there. */
static const char *field(const char *header, const char *key) {
    const char *place = strstr(header, key);
    if (place == NULL) {
        return NULL;
    }
    place += strlen(key);
    return place + strspn(place, " ");
}

static int parse_npy(const content_t *content, array_t *array, char *error, size_t room) {
    const uint8_t *bytes = content->bytes;
    char header[1024];
    if (content->count < 12 || bytes[6] < 1 || bytes[6] > 3) {
        return fail(error, room, "a damaged .npy file");
    }
    const size_t begin = bytes[6] == 1 ? 10u : 12u;
    const size_t high = bytes[6] == 1 ? 0u : (size_t)bytes[10] | (size_t)bytes[11] << 8;
    const size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (high != 0 || length >= sizeof header || begin + length > content->count) {
        return fail(error, room, "a damaged .npy file");
    }
    memcpy(header, bytes + begin, length);
    header[length] = '\0';
    const char *descr = field(header, "'descr':");
    const char *order = field(header, "'fortran_order':");
    const char *shape = field(header, "'shape':");
    if (descr == NULL || order == NULL || shape == NULL || *descr != '\'' || *shape != '(') {
        return fail(error, room, "a damaged .npy file");
    }
    array->kind = descr[1] == '\0' ? '\0' : descr[2];
    array->bytes = (size_t)strtoul(descr + 3, NULL, 10);
    const int known =
        strchr("fiu", array->kind) != NULL && array->kind != '\0' && descr[1] != '>' &&
        (array->bytes == 8 || array->bytes == 4 || (array->kind != 'f' && (array->bytes == 1 || array->bytes == 2)));
    const int c_order = strncmp(order, "False", 5) == 0;
    if (!known || !c_order) {
        return fail(error, room, "numbers \"%.*s\"%s; expected float32, float64 or integers, little-endian, in C order",
                    (int)strcspn(descr + 1, "'"), descr + 1, c_order ? "" : " in Fortran order");
    }
    array->dimensions = 0;
    shape++;
    while (*shape != ')' && array->dimensions < DIMENSIONS) {
        char *end;
        array->shape[array->dimensions++] = (size_t)strtoul(shape, &end, 10);
        if (end == shape) {
            return fail(error, room, "a damaged .npy file");
        }
        shape = end + strspn(end, ", ");
    }
    array->data = bytes + begin + length;
    array->data_bytes = content->count - begin - length;
    return *shape == ')' ? 0 : fail(error, room, "more than %u dimensions", DIMENSIONS);
}

/* Number of images of an array of the input's shape, with or without a dimension for their number before it. */
static int count_images(const array_t *array, size_t *count, char *error, size_t room) {
    static const size_t wanted[] = {DESIGN_HEIGHT, DESIGN_WIDTH, DESIGN_CHANNELS};
    const size_t own = DESIGN_DIMENSIONS;
    const size_t *last = wanted + (3u - own);
    const size_t more = array->dimensions - own;
    int fits = array->dimensions == own || array->dimensions == own + 1u;
    for (size_t i = 0; fits && i < own; i++) {
        fits = array->shape[more + i] == last[i];
    }
    *count = fits && more == 1u ? array->shape[0] : 1u;
    if (!fits || *count == 0 || *count > array->data_bytes) {
        char text[96] = "";
        for (size_t i = 0; i < array->dimensions; i++) {
            const size_t used = strlen(text);
            (void)snprintf(text + used, sizeof text - used, "%s%zu", i > 0 ? ", " : "", array->shape[i]);
        }
        return own == 3u
                   ? fail(error, room, "an array of shape (%s), expected (%u, %u, %u) or several such", text,
                          DESIGN_HEIGHT, DESIGN_WIDTH, DESIGN_CHANNELS)
                   : fail(error, room, "an array of shape (%s), expected (%u) or several such", text, DESIGN_CHANNELS);
    }
    const size_t image_bytes = IMAGE_VALUES * array->bytes;
    if (array->data_bytes / image_bytes != *count || array->data_bytes % image_bytes != 0) {
        return fail(error, room, "%zu bytes of data, expected %zu images of %zu; is it truncated?", array->data_bytes,
                    *count, image_bytes);
    }
    return 0;
}

static double real_at(const array_t *array, size_t index) {
    const uint8_t *place = array->data + index * array->bytes;
    float single;
    double number;
    if (array->bytes == sizeof single) {
        memcpy(&single, place, sizeof single);
        return (double)single;
    }
    memcpy(&number, place, sizeof number);
    return number;
}

static int64_t integer_at(const array_t *array, size_t index) {
    const uint8_t *place = array->data + index * array->bytes;
    uint64_t word = 0;
    for (size_t i = 0; i < array->bytes; i++) {
        word |= (uint64_t)place[i] << (8u * i);
    }
    const uint64_t sign = (uint64_t)1 << (8u * array->bytes - 1u);
    if (array->kind == 'u') {
        return word > INT64_MAX ? INT64_MAX : (int64_t)word;
    }
    return (word & sign) != 0 ? -(int64_t)(sign - 1u - (word & (sign - 1u))) - 1 : (int64_t)word;
}

static int read_npy(const content_t *content, int8_t **images, size_t *count, char *error, size_t room) {
    array_t array = {0};
    if (parse_npy(content, &array, error, room) != 0 || count_images(&array, count, error, room) != 0) {
        return -1;
    }
    int8_t *values = malloc(*count * IMAGE_VALUES);
    if (values == NULL) {
        return fail(error, room, "no memory");
    }
    for (size_t i = 0; i < *count * IMAGE_VALUES; i++) {
        const int failed = array.kind != 'f' ? take_integer(integer_at(&array, i), &values[i], error, room)
                           : quantize(real_at(&array, i), &values[i]) != 0
                               ? fail(error, room, "a value is NaN or infinite")
                               : 0;
        if (failed != 0) {
            free(values);
            return -1;
        }
    }
    *images = values;
    return 0;
}

/* ---- PNG --------------------------------------------------------------------------------------------------------- */
#ifdef WITH_PNG
static int read_png(const content_t *content, const scale_t *scale, int8_t **images, char *error, size_t room) {
    static const png_uint_32 formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
    const png_uint_32 flags = PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_LINEAR;
    png_image png;
    if (DESIGN_DIMENSIONS != 3 || DESIGN_CHANNELS > 4) {
        return fail(error, room, "a picture, but the network's input is none; expected a .npy file");
    }
    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&png, content->bytes, content->count)) {
        return fail(error, room, "a damaged PNG file: %s", png.message);
    }
    const png_uint_32 wanted = formats[DESIGN_CHANNELS - 1u];
    if (png.width != DESIGN_WIDTH || png.height != DESIGN_HEIGHT || (png.format & flags) != (wanted & flags)) {
        const unsigned width = png.width, height = png.height;
        const png_uint_32 format = png.format;
        png_image_free(&png);
        return fail(error, room, "%u x %u %s%s%s, expected %u x %u %s with 8 bits", width, height,
                    (format & PNG_FORMAT_FLAG_COLOR) != 0 ? "colour" : "gray",
                    (format & PNG_FORMAT_FLAG_ALPHA) != 0 ? " with transparency" : "",
                    (format & PNG_FORMAT_FLAG_LINEAR) != 0 ? " with 16 bits" : "", DESIGN_WIDTH, DESIGN_HEIGHT,
                    DESIGN_CHANNELS >= 3   ? DESIGN_CHANNELS == 4 ? "colour with transparency" : "colour"
                    : DESIGN_CHANNELS == 2 ? "gray with transparency"
                                           : "gray");
    }
    png.format = wanted;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(png));
    int8_t *values = malloc(IMAGE_VALUES);
    int failed = pixels == NULL || values == NULL ? fail(error, room, "no memory") : 0;
    if (failed == 0 && !png_image_finish_read(&png, NULL, pixels, 0, NULL)) {
        failed = fail(error, room, "a damaged PNG file: %s", png.message);
    }
    for (size_t i = 0; failed == 0 && i < IMAGE_VALUES; i++) {
        const size_t channel = i % DESIGN_CHANNELS;
        if (quantize((pixels[i] / 255.0 - scale->mean[channel]) / scale->deviation[channel], &values[i]) != 0) {
            failed = fail(error, room, "mean or deviation is no number");
        }
    }
    png_image_free(&png);
    free(pixels);
    if (failed != 0) {
        free(values);
        return -1;
    }
    *images = values;
    return 0;
}
#else
static int read_png(const content_t *content, const scale_t *scale, int8_t **images, char *error, size_t room) {
    (void)content;
    (void)scale;
    (void)images;
    return fail(error, room,
                "this program was built without libpng; install libpng-dev and build it again, or give .npy");
}
#endif

/* ---- raw --------------------------------------------------------------------------------------------------------- */
static int read_raw(const content_t *content, int8_t **images, size_t *count, char *error, size_t room) {
    if (content->count == 0 || content->count % IMAGE_VALUES != 0) {
        return fail(error, room, "neither PNG nor .npy, and as raw integers %zu bytes, expected %zu for each image",
                    content->count, IMAGE_VALUES);
    }
    int8_t *values = malloc(content->count);
    if (values == NULL) {
        return fail(error, room, "no memory");
    }
    for (size_t i = 0; i < content->count; i++) {
        const int number = content->bytes[i] < 128 ? content->bytes[i] : content->bytes[i] - 256;
        if (take_integer(number, &values[i], error, room) != 0) {
            free(values);
            return -1;
        }
    }
    *images = values;
    *count = content->count / IMAGE_VALUES;
    return 0;
}

int read_images(const content_t *content, const scale_t *scale, int8_t **images, size_t *count, char *error,
                size_t room) {
    *count = 1;
    if (content->count >= 8 && memcmp(content->bytes, "\x89PNG\r\n\x1a\n", 8) == 0) {
        return read_png(content, scale, images, error, room);
    }
    if (content->count >= 6 && memcmp(content->bytes, "\x93NUMPY", 6) == 0) {
        return read_npy(content, images, count, error, room);
    }
    return read_raw(content, images, count, error, room);
}
