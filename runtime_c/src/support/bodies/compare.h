/// Comparison of two elements as they are.
/// A kernel includes support/element_s8.h or one of its like first.
#ifndef EDGEC_SUPPORT_BODIES_COMPARE_H
#define EDGEC_SUPPORT_BODIES_COMPARE_H

#include "edgec/edgec.h"
#include "support/relation.h"

/// 1 where the relation (support/relation.h) of a to b holds, else 0, with broadcasting: dims is the
/// output's extent, step_a and step_b the elements from one to the next along each axis, 0 where it
/// broadcasts. Cost: one comparison per output.
void EDGEC_KERNEL(compare)(const edgec_dims_t *dims, const edgec_dims_t *step_a,
                           const void *a, const edgec_dims_t *step_b,
                           const void *b, int32_t relation, uint8_t *output)
{
    const edgec_element_t *from_a = (const edgec_element_t *)a;
    const edgec_element_t *from_b = (const edgec_element_t *)b;
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const edgec_element_t *row_a =
                    from_a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b =
                    from_b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = edgec_holds(row_a[c * step_a->c], row_b[c * step_b->c], relation);
                }
            }
        }
    }
}

#endif
