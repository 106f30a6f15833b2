#include "edgec_kernels.h"

/// Truth values a and b joined: 1 where both hold, or, where `both` is 0, where any does; else 0.
/// Broadcasting: dims is the output's extent, step_a and step_b the elements from one to the next
/// along each axis, 0 where it broadcasts. Cost: one operation per output.
void edgec_logic(const edgec_dims_t *dims, const edgec_dims_t *step_a, const uint8_t *a,
                 const edgec_dims_t *step_b, const uint8_t *b, int32_t both, uint8_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const uint8_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const uint8_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    const int32_t x = row_a[c * step_a->c] != 0;
                    const int32_t y = row_b[c * step_b->c] != 0;
                    *output++ = (uint8_t)(both ? (x & y) : (x | y));
                }
            }
        }
    }
}
