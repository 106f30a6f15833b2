/// The larger or the smaller of two elements, int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_EXTREMUM_H
#define EDGEC_SUPPORT_BODIES_EXTREMUM_H

#include "edgec/edgec.h"

/// max(a, b), or min(a, b) where largest is 0, with broadcasting: dims is the output's extent,
/// step_a and step_b the elements from one to the next along each axis, 0 where it broadcasts.
/// Cost: one comparison per output.
void EDGEC_KERNEL(extremum)(const edgec_dims_t *dims, const edgec_dims_t *step_a,
                            const edgec_element_t *a, const edgec_dims_t *step_b,
                            const edgec_element_t *b, int32_t largest, edgec_element_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const edgec_element_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    const edgec_element_t x = row_a[c * step_a->c];
                    const edgec_element_t y = row_b[c * step_b->c];
                    *output++ = ((x > y) == (largest != 0)) ? x : y;
                }
            }
        }
    }
}

#endif
