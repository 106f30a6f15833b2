#include "edgec_kernels.h"

/// max(a, b), or min(a, b) where largest is 0, int16 with broadcasting: dims is the output's extent,
/// step_a and step_b the elements from one to the next along each axis, 0 where it broadcasts.
/// Cost: one comparison per output.
void edgec_extremum_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                       const edgec_dims_t *step_b, const int16_t *b, int32_t largest, int16_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const int16_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const int16_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    const int16_t x = row_a[c * step_a->c];
                    const int16_t y = row_b[c * step_b->c];
                    *output++ = ((x > y) == (largest != 0)) ? x : y;
                }
            }
        }
    }
}
