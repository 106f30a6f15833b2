#include "edgec_kernels.h"
#include "support/calculation.h"

/// A calculation (support/calculation.h) of a and b, with broadcasting: dims is the output's extent,
/// step_a and step_b the elements from one to the next along each axis, 0 where it broadcasts.
/// Cost: one calculation per output.
void edgec_arithmetic_s32(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int32_t *a,
                          const edgec_dims_t *step_b, const int32_t *b, int32_t calculation,
                          int32_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const int32_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const int32_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = edgec_calculate(row_a[c * step_a->c], row_b[c * step_b->c], calculation);
                }
            }
        }
    }
}
