/// One of two elements, as a truth value says.
/// A kernel includes support/element_s8.h or one of its like first.
#ifndef EDGEC_SUPPORT_BODIES_SELECT_H
#define EDGEC_SUPPORT_BODIES_SELECT_H

#include "edgec/edgec.h"

/// a where the condition is not 0, else b, with broadcasting: dims is the output's extent, the steps
/// are the elements from one to the next along each axis, 0 where an operand broadcasts.
/// Cost: one test and one copy per output.
void EDGEC_KERNEL(select)(const edgec_dims_t *dims, const edgec_dims_t *step_condition,
                          const uint8_t *condition, const edgec_dims_t *step_a,
                          const void *a, const edgec_dims_t *step_b,
                          const void *b, void *output)
{
    const edgec_element_t *from_a = (const edgec_element_t *)a;
    const edgec_element_t *from_b = (const edgec_element_t *)b;
    edgec_element_t *to = (edgec_element_t *)output;
    const edgec_dims_t *step = step_condition;
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const uint8_t *row = condition + n * step->n + h * step->h + w * step->w;
                const edgec_element_t *row_a =
                    from_a + n * step_a->n + h * step_a->h + w * step_a->w;
                const edgec_element_t *row_b =
                    from_b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    const int32_t first = row[c * step->c] != 0;
                    *to++ = first ? row_a[c * step_a->c] : row_b[c * step_b->c];
                }
            }
        }
    }
}

#endif
