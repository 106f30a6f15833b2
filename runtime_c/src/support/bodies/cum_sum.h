/// Running sums of quantized elements.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_CUM_SUM_H
#define EDGEC_SUPPORT_BODIES_CUM_SUM_H

#include "edgec/edgec.h"
#include "support/requantize.h"

/// Sums of [outer][count][inner] along count, of the elements with `offset` added; from the end where
/// step is -1, without the element itself where exclusive is 1. They are limited to [-most, most], so
/// that scaling does not overflow, then rescaled. Cost: one requantization per element.
void EDGEC_KERNEL(cum_sum)(int32_t outer, int32_t count, int32_t inner, int32_t step,
                           int32_t exclusive, int32_t offset, int32_t most,
                           const edgec_scale_t *scale, int32_t output_offset,
                           const edgec_element_t *input, edgec_element_t *output)
{
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t i = 0; i < inner; i++) {
            int32_t sum = 0;
            for (int32_t k = 0; k < count; k++) {
                const int32_t at = (o * count + ((step > 0) ? k : count - 1 - k)) * inner + i;
                const int32_t with = sum + input[at] + offset;
                const int32_t kept = edgec_clamp(exclusive ? sum : with, -most, most);
                const int32_t y =
                    edgec_requantize(kept, scale->multiplier, scale->shift) + output_offset;
                output[at] = (edgec_element_t)edgec_clamp(y, EDGEC_ELEMENT_MIN, EDGEC_ELEMENT_MAX);
                sum = with;
            }
        }
    }
}

#endif
