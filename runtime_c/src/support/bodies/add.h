/// Sums of two int8 or int16 tensors.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_ADD_H
#define EDGEC_SUPPORT_BODIES_ADD_H

#include "edgec/edgec.h"
#include "support/requantize.h"

static inline edgec_element_t edgec_add_elements(const edgec_sum_t *sum, int32_t a, int32_t b)
{
    const int32_t scaled_a = edgec_requantize(edgec_left_shift(a + sum->offset_a, EDGEC_LEFT_SHIFT),
                                              sum->scale_a.multiplier, sum->scale_a.shift);
    const int32_t scaled_b = edgec_requantize(edgec_left_shift(b + sum->offset_b, EDGEC_LEFT_SHIFT),
                                              sum->scale_b.multiplier, sum->scale_b.shift);
    const int32_t total = edgec_requantize(scaled_a + sum->sign * scaled_b,
                                           sum->scale_output.multiplier, sum->scale_output.shift);
    return (edgec_element_t)edgec_clamp(total + sum->offset_output, sum->clamp.min, sum->clamp.max);
}

/// a + b, or a - b where sum->sign is -1, with broadcasting: dims is the output's extent,
/// step_a and step_b the elements from one to the next along each axis, 0 where it broadcasts.
/// Both operands are multiplied by 2^EDGEC_LEFT_SHIFT before they come to a common scale.
/// Cost: three requantizations per output.
void EDGEC_KERNEL(add)(const edgec_dims_t *dims, const edgec_dims_t *step_a,
                       const edgec_element_t *a, const edgec_dims_t *step_b,
                       const edgec_element_t *b, const edgec_sum_t *sum, edgec_element_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const edgec_element_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = edgec_add_elements(sum, row_a[c * step_a->c], row_b[c * step_b->c]);
                }
            }
        }
    }
}

#endif
