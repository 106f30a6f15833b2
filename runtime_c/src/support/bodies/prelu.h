/// Rectification with a factor per element, int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_PRELU_H
#define EDGEC_SUPPORT_BODIES_PRELU_H

#include "edgec/edgec.h"
#include "support/requantize.h"

static inline edgec_element_t
edgec_rectify_element(const edgec_product_t *how, const edgec_scale_t *above, int32_t a, int32_t b)
{
    const int32_t x = a + how->offset_a;
    const int32_t product = x * (b + how->offset_b);
    const int32_t y = (x >= 0) ? edgec_requantize(x, above->multiplier, above->shift)
                               : edgec_requantize(product, how->scale.multiplier, how->scale.shift);
    return (edgec_element_t)edgec_clamp(y + how->offset_output, how->clamp.min, how->clamp.max);
}

/// a where it is not negative, else a * b, with broadcasting: dims is the output's extent,
/// step_a and step_b the elements from one to the next along each axis, 0 where it broadcasts.
/// above scales a, how->scale the product. Cost: one requantization per output.
void EDGEC_KERNEL(prelu)(const edgec_dims_t *dims, const edgec_dims_t *step_a,
                         const edgec_element_t *a, const edgec_dims_t *step_b,
                         const edgec_element_t *b, const edgec_product_t *how,
                         const edgec_scale_t *above, edgec_element_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const edgec_element_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = edgec_rectify_element(how, above, row_a[c * step_a->c],
                                                      row_b[c * step_b->c]);
                }
            }
        }
    }
}

#endif
