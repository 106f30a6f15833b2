#include "edgec_kernels.h"
#include "support/requantize.h"

/// Fully connected layer as edgec_fully_connected_s8, of weights with a zero point, of which
/// weight_offset is the negative: the sum of each row of inputs is added, times it.
/// Cost: that of edgec_fully_connected_s8, and one addition per input.
void edgec_fully_connected_shifted_s8(int32_t rows, int32_t depth, const int8_t *input,
                                      const int8_t *weights, int32_t weight_offset,
                                      const int32_t *bias, const edgec_scale_t *scale,
                                      int32_t input_offset, int32_t output_offset,
                                      const edgec_clamp_t *clamp, int32_t outputs, int8_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *weight = weights;
        int32_t sum = 0;
        for (int32_t i = 0; i < depth; i++) {
            sum += input[i] + input_offset;
        }
        for (int32_t o = 0; o < outputs; o++) {
            int32_t total = weight_offset * sum + ((bias != NULL) ? bias[o] : 0);
            for (int32_t i = 0; i < depth; i++) {
                total += (input[i] + input_offset) * weight[i];
            }
            total = edgec_requantize(total, scale->multiplier, scale->shift) + output_offset;
            *output++ = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
            weight += depth;
        }
        input += depth;
    }
}
