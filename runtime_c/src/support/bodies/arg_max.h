/// Indices of the largest or smallest elements, int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_ARG_MAX_H
#define EDGEC_SUPPORT_BODIES_ARG_MAX_H

#include "edgec/edgec.h"

/// Index of the best of `count` elements that lie `step` apart: the largest where sign is 1, the
/// smallest where it is -1; of equals the first, or the last where last is 1.
static inline int32_t edgec_best_index(const edgec_element_t *input, int32_t count, int32_t step,
                                       int32_t sign, int32_t last)
{
    int32_t best = 0;
    int32_t best_value = input[0] * sign;
    for (int32_t i = 1; i < count; i++) {
        const int32_t value = input[i * step] * sign;
        if (value + last > best_value) {
            best = i;
            best_value = value;
        }
    }
    return best;
}

/// Indices of the best elements of input [outer][count][inner], giving [outer][inner]. The
/// output has int32 elements, or int64 where wide is 1. sign is 1 for the largest, -1 for the
/// smallest; last is 1 to pick the last of equal elements, 0 for the first.
/// Cost: one comparison per input element.
void EDGEC_KERNEL(arg_max)(int32_t outer, int32_t count, int32_t inner,
                           const edgec_element_t *input, int32_t sign, int32_t last, int32_t wide,
                           void *output)
{
    int32_t *narrow_output = (int32_t *)output;
    int64_t *wide_output = (int64_t *)output;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t i = 0; i < inner; i++) {
            const int32_t index = edgec_best_index(input + i, count, inner, sign, last);
            if (wide != 0) {
                *wide_output++ = index;
            } else {
                *narrow_output++ = index;
            }
        }
        input += count * inner;
    }
}

#endif
