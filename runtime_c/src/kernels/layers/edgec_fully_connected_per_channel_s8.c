#include "edgec_kernels.h"
#include "support/requantize.h"

/// Fully connected layer, int8: rows of `depth` values times weights [outputs][depth], one multiplier
/// and shift per output. input_offset is minus the input's zero point; bias may be NULL.
/// Cost: rows * outputs * depth multiply-accumulates, one requantization per output.
void edgec_fully_connected_per_channel_s8(int32_t rows, int32_t depth, const int8_t *input,
                                          const int8_t *weights, const int32_t *bias,
                                          const int32_t *multipliers, const int32_t *shifts,
                                          int32_t input_offset, int32_t output_offset,
                                          const edgec_clamp_t *clamp, int32_t outputs,
                                          int8_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *weight = weights;
        for (int32_t o = 0; o < outputs; o++) {
            int32_t total = (bias != NULL) ? bias[o] : 0;
            for (int32_t i = 0; i < depth; i++) {
                total += (input[i] + input_offset) * weight[i];
            }
            total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
            *output++ = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
            weight += depth;
        }
        input += depth;
    }
}
