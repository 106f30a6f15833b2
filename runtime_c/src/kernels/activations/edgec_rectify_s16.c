#include "edgec_kernels.h"
#include "support/requantize.h"

/// Rescales int16 values and limits them: negative ones by one factor, the others by another.
/// Cost: one requantization per element.
void edgec_rectify_s16(const int16_t *input, int32_t size, const edgec_scale_t *negative,
                       const edgec_scale_t *positive, const edgec_clamp_t *clamp, int16_t *output)
{
    for (int32_t i = 0; i < size; i++) {
        const edgec_scale_t *scale = (input[i] < 0) ? negative : positive;
        const int32_t value = edgec_requantize(input[i], scale->multiplier, scale->shift);
        output[i] = (int16_t)edgec_clamp(value, clamp->min, clamp->max);
    }
}
