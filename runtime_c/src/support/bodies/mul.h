/// Products of two int8 or int16 tensors.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_MUL_H
#define EDGEC_SUPPORT_BODIES_MUL_H

#include "edgec/edgec.h"
#include "support/requantize.h"

static inline edgec_element_t edgec_multiply_elements(const edgec_product_t *product, int32_t a,
                                                      int32_t b)
{
    const int32_t total = edgec_requantize((a + product->offset_a) * (b + product->offset_b),
                                           product->scale.multiplier, product->scale.shift);
    return (edgec_element_t)edgec_clamp(total + product->offset_output, product->clamp.min,
                                        product->clamp.max);
}

/// a * b, with broadcasting: dims is the output's extent, step_a and step_b the elements from
/// one to the next along each axis, 0 where it broadcasts.
/// Cost: one requantization per output.
void EDGEC_KERNEL(mul)(const edgec_dims_t *dims, const edgec_dims_t *step_a,
                       const edgec_element_t *a, const edgec_dims_t *step_b,
                       const edgec_element_t *b, const edgec_product_t *product,
                       edgec_element_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const edgec_element_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = edgec_multiply_elements(product, row_a[c * step_a->c],
                                                        row_b[c * step_b->c]);
                }
            }
        }
    }
}

#endif
