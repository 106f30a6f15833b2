#include "edgec_kernels.h"
#include "support/requantize.h"

/// int8 of one quantization as int8 of another; scale is input scale / output scale.
/// Cost: one requantization per element.
void edgec_requantize_s8(const int8_t *input, int32_t size, int32_t input_offset,
                         const edgec_scale_t *scale, int32_t output_offset, int8_t *output)
{
    for (int32_t i = 0; i < size; i++) {
        const int32_t value =
            edgec_requantize(input[i] + input_offset, scale->multiplier, scale->shift);
        output[i] = (int8_t)edgec_clamp(value + output_offset, INT8_MIN, INT8_MAX);
    }
}
