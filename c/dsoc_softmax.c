#include "dsoc_tensor.h"

#include <stddef.h>

/* 2^exponent for -126 <= exponent <= 127. */
static float power_of_two(int32_t exponent) {
    union {
        uint32_t word;
        float value;
    } bits;
    bits.word = (uint32_t)(exponent + 127) << 23;
    return bits.value;
}

/* e^x for x <= 0: x = k ln 2 + r with |r| <= ln 2 / 2, Taylor polynomial of e^r; relative error below 3e-7. */
static float exp_negative(float x) {
    if (x < -87.0f) {
        return 0.0f;
    }
    const int32_t k = (int32_t)(x * 1.44269504f - 0.5f);
    const float r = (x - (float)k * 0.693359375f) + (float)k * 2.12194440e-4f;
    float sum = 1.0f / 5040.0f;
    sum = sum * r + 1.0f / 720.0f;
    sum = sum * r + 1.0f / 120.0f;
    sum = sum * r + 1.0f / 24.0f;
    sum = sum * r + 1.0f / 6.0f;
    sum = sum * r + 0.5f;
    sum = sum * r + 1.0f;
    sum = sum * r + 1.0f;
    return sum * power_of_two(k);
}

static void softmax_row(const int32_t *values, float *probabilities, uint32_t count, float unit) {
    int32_t largest = values[0];
    for (uint32_t i = 1; i < count; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    float total = 0.0f;
    float lost = 0.0f; /* compensated summation */
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t below = (uint32_t)largest - (uint32_t)values[i];
        probabilities[i] = exp_negative(-(float)below * unit);
        const float term = probabilities[i] - lost;
        const float sum = total + term;
        lost = (sum - total) - term;
        total = sum;
    }
    for (uint32_t i = 0; i < count; i++) {
        probabilities[i] /= total;
    }
}

dsoc_status_t dsoc_softmax(const dsoc_model_t *model, const int32_t *values, float *probabilities) {
    if (model == NULL || values == NULL || probabilities == NULL) {
        return DSOC_ERR_ARGUMENT;
    }
    const dsoc_tensor_t *output = &model->output;
    /* 2^100 already makes every difference of two integers far more than 87: the limit changes no probability. */
    const float unit = output->scale * power_of_two(output->frac < -100 ? 100 : -output->frac);
    const uint32_t count = dsoc_tensor_count(output);
    const uint32_t group = model->softmax == 2 ? count / output->n : output->c;
    for (uint32_t i = 0; i < count; i += group) {
        softmax_row(values + i, probabilities + i, group, unit);
    }
    return DSOC_OK;
}
