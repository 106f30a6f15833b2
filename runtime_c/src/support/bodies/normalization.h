/// Mean 0 and variance 1 over axes, int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_NORMALIZATION_H
#define EDGEC_SUPPORT_BODIES_NORMALIZATION_H

#include "edgec/edgec.h"
#include "support/requantize.h"
#include "support/square_root.h"

#define EDGEC_INVERSE_LIMIT 2147483648.0f

typedef struct {
    int32_t count;
    edgec_element_sum_t total;
    int64_t inverse; /* 2^inverse_bits / sqrt(raised variance) */
} edgec_moments_t;

/// Sum and inverse root of the variance of rows and columns that are a step apart.
static inline edgec_moments_t edgec_moments(const edgec_element_t *input, int32_t rows,
                                            int32_t row_step, int32_t columns, int32_t column_step,
                                            const edgec_scale_t *epsilon, int32_t variance_shift,
                                            int32_t inverse_bits)
{
    edgec_element_sum_t total = 0;
    edgec_element_sum_t squares = 0;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t column = 0; column < columns; column++) {
            const int32_t value = input[row * row_step + column * column_step];
            total += value;
            squares += value * value;
        }
    }
    const int32_t count = rows * columns;
    const int64_t spread = (int64_t)count * squares - (int64_t)total * total;
    const int64_t added = epsilon->multiplier * ((int64_t)1 << epsilon->shift);
    const int64_t variance = spread * ((int64_t)1 << variance_shift) + added;
    const float root = edgec_square_root((int64_t)(float)variance);
    const float raised = (1.0f / root) * (float)(UINT64_C(1) << inverse_bits);
    const edgec_moments_t result = {
        count, total, (int64_t)((raised < EDGEC_INVERSE_LIMIT) ? raised : EDGEC_INVERSE_LIMIT)};
    return result;
}

static inline edgec_element_t edgec_normalize(const edgec_moments_t *m, int32_t x, int32_t gain,
                                              int32_t offset, int32_t offset_shift,
                                              int32_t result_bits)
{
    const int64_t deviation = (edgec_element_sum_t)m->count * x - m->total;
    const int64_t normal = deviation * m->inverse;
    const int64_t raised = offset * ((int64_t)1 << offset_shift);
    const int64_t y = (normal * gain + raised) >> result_bits;
    return (edgec_element_t)((y < EDGEC_ELEMENT_MIN)   ? EDGEC_ELEMENT_MIN
                             : (y > EDGEC_ELEMENT_MAX) ? EDGEC_ELEMENT_MAX
                                                       : y);
}

/// Brings input to mean 0 and variance 1 over runs 1 and 3 of five runs of axes (walk->extent),
/// then to y = (normal * gain + offset * 2^offset_shift) / 2^result_bits, rounded down. walk->stride
/// are the steps of gains and offsets along the runs; epsilon is multiplier * 2^shift, in units of
/// the variance raised by variance_shift. At most 65536 elements are normalized together. The
/// arithmetic is that of edgec/ops/layers/normalization.py.
/// Cost: per element two multiply-accumulates and two 64-bit products; one root per group.
void EDGEC_KERNEL(normalization)(const edgec_axes_t *walk, const edgec_element_t *input,
                                 const edgec_scale_t *epsilon, int32_t variance_shift,
                                 int32_t inverse_bits, const int32_t *gains, const int32_t *offsets,
                                 int32_t offset_shift, int32_t result_bits, edgec_element_t *output)
{
    const int32_t *n = walk->extent;
    const int32_t *p = walk->stride;
    const int32_t steps[4] = {n[1] * n[2] * n[3] * n[4], n[2] * n[3] * n[4], n[3] * n[4], n[4]};
    const int32_t groups = n[0] * n[2] * n[4];
    for (int32_t group = 0; group < groups; group++) {
        const int32_t inner = group % n[4];
        const int32_t middle = (group / n[4]) % n[2];
        const int32_t outer = group / (n[4] * n[2]);
        const int32_t start = outer * steps[0] + middle * steps[2] + inner;
        const int32_t first = outer * p[0] + middle * p[2] + inner * p[4];
        const edgec_moments_t m = edgec_moments(input + start, n[1], steps[1], n[3], steps[3],
                                                epsilon, variance_shift, inverse_bits);
        for (int32_t row = 0; row < n[1]; row++) {
            for (int32_t column = 0; column < n[3]; column++) {
                const int32_t at = start + row * steps[1] + column * steps[3];
                const int32_t of = first + row * p[1] + column * p[3];
                output[at] = edgec_normalize(&m, input[at], gains[of], offsets[of], offset_shift,
                                             result_bits);
            }
        }
    }
}

#endif
