#include "edgec_kernels.h"
#include "support/requantize.h"

#define LEFT_SHIFT 15 /* both operands are raised by this before they come to a common scale */

static int16_t square_of_difference(const edgec_sum_t *sum, const edgec_scale_t *square, int32_t a,
                                    int32_t b)
{
    const int32_t scaled_a = edgec_requantize(edgec_left_shift(a + sum->offset_a, LEFT_SHIFT),
                                              sum->scale_a.multiplier, sum->scale_a.shift);
    const int32_t scaled_b = edgec_requantize(edgec_left_shift(b + sum->offset_b, LEFT_SHIFT),
                                              sum->scale_b.multiplier, sum->scale_b.shift);
    const int32_t total = edgec_requantize(scaled_a - scaled_b,
                                           sum->scale_output.multiplier, sum->scale_output.shift);
    const int32_t d = edgec_clamp(total, INT16_MIN, INT16_MAX);
    const int32_t y = edgec_requantize(d * d, square->multiplier, square->shift);
    return (int16_t)edgec_clamp(y, sum->clamp.min, sum->clamp.max);
}

/// (a - b) ** 2, int16 with broadcasting: dims is the output's extent, step_a and step_b the elements
/// from one to the next along each axis, 0 where it broadcasts. sum makes the difference, whose
/// square is scaled. Cost: four requantizations per output.
void edgec_squared_difference_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                  const edgec_dims_t *step_b, const int16_t *b, const edgec_sum_t *sum,
                  const edgec_scale_t *square, int16_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const int16_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const int16_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    *output++ = square_of_difference(sum, square, row_a[c * step_a->c],
                                                     row_b[c * step_b->c]);
                }
            }
        }
    }
}
