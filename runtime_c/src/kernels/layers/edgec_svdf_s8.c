#include "edgec_kernels.h"
#include "support/requantize.h"

/// The newest state of one filter: the input times its weights.
static int16_t feature(const int8_t *input, const int8_t *weights, int32_t depth,
                       const edgec_scale_t *scale, int32_t input_offset)
{
    int32_t total = 0;
    for (int32_t i = 0; i < depth; i++) {
        total += (input[i] + input_offset) * weights[i];
    }
    total = edgec_requantize(total, scale->multiplier, scale->shift);
    return (int16_t)edgec_clamp(total, INT16_MIN, INT16_MAX);
}

/// SVDF, int8 with int16 state: `filters` products with the input of `depth` values, each weighted
/// over the last `memory` runs (oldest first); `rank` of them make one output. input_offset is minus
/// the input's zero point; bias may be NULL. The next state may not overlap the state.
/// Cost: batches * filters * (depth + memory) multiply-accumulates.
void edgec_svdf_s8(int32_t batches, int32_t depth, int32_t filters, int32_t memory, int32_t rank,
                   const int8_t *input, const int8_t *features, const int16_t *time,
                   const int32_t *bias, const int16_t *state, const edgec_scale_t *state_scale,
                   const edgec_scale_t *scale, int32_t input_offset, int32_t output_offset,
                   int16_t *next_state, int8_t *output)
{
    for (int32_t batch = 0; batch < batches; batch++) {
        const int16_t *weight = time;
        int32_t total = 0;
        for (int32_t f = 0; f < filters; f++) {
            if (f % rank == 0) {
                total = (bias != NULL) ? bias[f / rank] : 0;
            }
            for (int32_t t = 0; t + 1 < memory; t++) {
                next_state[t] = state[t + 1];
                total += next_state[t] * weight[t];
            }
            next_state[memory - 1] =
                feature(input, features + f * depth, depth, state_scale, input_offset);
            total += next_state[memory - 1] * weight[memory - 1];
            if ((f + 1) % rank == 0) {
                const int32_t y = edgec_requantize(total, scale->multiplier, scale->shift);
                *output++ = (int8_t)edgec_clamp(y + output_offset, INT8_MIN, INT8_MAX);
            }
            state += memory;
            next_state += memory;
            weight += memory;
        }
        input += depth;
    }
}
