#include "edgec_kernels.h"
#include "support/requantize.h"

/// Fully connected layer, int8, and the larger of its sums and those of the run before.
/// input_offset is minus the input's zero point. `last` and `sums` may not overlap.
/// Cost: batches * outputs * depth multiply-accumulates, one requantization per output.
void edgec_pair_peak_s8(int32_t batches, int32_t depth, int32_t outputs, const int8_t *input,
                        const int8_t *weights, const int32_t *bias, const int8_t *last,
                        const edgec_scale_t *scale, int32_t input_offset, int32_t output_offset,
                        int8_t *sums, int8_t *peaks)
{
    for (int32_t batch = 0; batch < batches; batch++) {
        const int8_t *weight = weights;
        for (int32_t o = 0; o < outputs; o++) {
            int32_t total = bias[o];
            for (int32_t i = 0; i < depth; i++) {
                total += (input[i] + input_offset) * *weight++;
            }
            total = edgec_requantize(total, scale->multiplier, scale->shift) + output_offset;
            *sums = (int8_t)edgec_clamp(total, INT8_MIN, INT8_MAX);
            *peaks++ = (*sums > *last) ? *sums : *last;
            sums++;
            last++;
        }
        input += depth;
    }
}
