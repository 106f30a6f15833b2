/// Integers of one type and quantization as integers of another.
/// A kernel defines EDGEC_SOURCE, EDGEC_TARGET, EDGEC_TARGET_MIN, EDGEC_TARGET_MAX and
/// EDGEC_REQUANTIZE, its own name, first.
#ifndef EDGEC_SUPPORT_REQUANTIZE_TO_H
#define EDGEC_SUPPORT_REQUANTIZE_TO_H

#include "support/requantize.h"

/// Sums of 32 bits wrap around, as registers do: int32 elements may be anything.
static inline int32_t edgec_wrapped_sum(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/// Rescales `size` elements; scale is input scale / output scale. The output may lie over the input
/// where its elements are no wider. Cost: one requantization per element.
void EDGEC_REQUANTIZE(const EDGEC_SOURCE *input, int32_t size, int32_t input_offset,
                      const edgec_scale_t *scale, int32_t output_offset, EDGEC_TARGET *output)
{
    const edgec_scale_t factor = *scale;
    for (int32_t i = 0; i < size; i++) {
        const int32_t centered = edgec_wrapped_sum(input[i], input_offset);
        const int32_t value = edgec_requantize(centered, factor.multiplier, factor.shift);
        output[i] = (EDGEC_TARGET)edgec_clamp(edgec_wrapped_sum(value, output_offset),
                                              EDGEC_TARGET_MIN, EDGEC_TARGET_MAX);
    }
}

#endif
