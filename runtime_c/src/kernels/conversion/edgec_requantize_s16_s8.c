#include "edgec_kernels.h"
#include "support/requantize.h"

/// int16 with zero point 0 as int8 of another quantization; scale is input scale / output scale.
/// Cost: one requantization per element.
void edgec_requantize_s16_s8(const int16_t *input, int32_t size, const edgec_scale_t *scale,
                             int32_t output_offset, int8_t *output)
{
    const edgec_scale_t factor = *scale;
    for (int32_t i = 0; i < size; i++) {
        const int32_t value = edgec_requantize(input[i], factor.multiplier, factor.shift);
        output[i] = (int8_t)edgec_clamp(value + output_offset, INT8_MIN, INT8_MAX);
    }
}
