#include "edgec_kernels.h"
#include "support/relation.h"
#include "support/requantize.h"

#define LEFT_SHIFT 256 /* both operands come to steps of 1/256 of the real numbers */

/// 1 where the relation (support/relation.h) of a to b holds, else 0: numbers of different scales,
/// their offsets added, then rescaled. Broadcasting as in support/bodies/compare.h.
/// Cost: two requantizations per output.
void edgec_compare_rescaled_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                               const edgec_dims_t *step_b, const int8_t *b, int32_t offset_a,
                               const edgec_scale_t *scale_a, int32_t offset_b,
                               const edgec_scale_t *scale_b, int32_t relation, uint8_t *output)
{
    for (int32_t n = 0; n < dims->n; n++) {
        for (int32_t h = 0; h < dims->h; h++) {
            for (int32_t w = 0; w < dims->w; w++) {
                const int8_t *row_a = a + n * step_a->n + h * step_a->h + w * step_a->w;
                const int8_t *row_b = b + n * step_b->n + h * step_b->h + w * step_b->w;
                for (int32_t c = 0; c < dims->c; c++) {
                    const int32_t x = (row_a[c * step_a->c] + offset_a) * LEFT_SHIFT;
                    const int32_t y = (row_b[c * step_b->c] + offset_b) * LEFT_SHIFT;
                    *output++ = edgec_holds(edgec_requantize(x, scale_a->multiplier, scale_a->shift),
                                            edgec_requantize(y, scale_b->multiplier, scale_b->shift),
                                            relation);
                }
            }
        }
    }
}
