#include "edgec_kernels.h"
#include "support/layer_s16.h"

/// Fully connected layer, int16: rows of `depth` values times int8 weights [outputs][depth].
/// Cost: rows * outputs * depth multiply-accumulates (64 bits), one requantization per output.
void edgec_fully_connected_s16(int32_t rows, int32_t depth, const int16_t *input,
                               const int8_t *weights, const edgec_layer_s16_t *layer,
                               int32_t outputs, int16_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *weight = weights;
        for (int32_t o = 0; o < outputs; o++) {
            int64_t total = 0;
            for (int32_t i = 0; i < depth; i++) {
                total += input[i] * weight[i];
            }
            *output++ = edgec_layer_output_s16(layer, total, o);
            weight += depth;
        }
        input += depth;
    }
}
