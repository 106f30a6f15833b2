#include "edgec_kernels.h"
#include "support/element_s8.h"
#include "support/svdf_layer.h"

/// SVDF, int8 with int8 state: `filters` products with the input of `depth` values, each weighted
/// over the last `memory` runs (oldest first); `rank` of them make one output. input_offset and
/// state_offset are minus the zero points of input and state; bias may be NULL. The next state may
/// not overlap the state.
/// Cost: batches * filters * (depth + memory) multiply-accumulates.
void edgec_svdf_state_s8(int32_t batches, int32_t depth, int32_t filters, int32_t memory,
                         int32_t rank, const int8_t *input, const int8_t *features,
                         const int8_t *time, const int32_t *bias, const int8_t *state,
                         const edgec_scale_t *state_scale, const edgec_scale_t *scale,
                         int32_t input_offset, int32_t state_offset, int32_t output_offset,
                         int8_t *next_state, int8_t *output)
{
    const edgec_svdf_layer_t layer = {
        .depth = depth,
        .filters = filters,
        .memory = memory,
        .rank = rank,
        .features = features,
        .time = time,
        .bias = bias,
        .state_scale = *state_scale,
        .scale = *scale,
        .input_offset = input_offset,
        .state_offset = state_offset,
        .output_offset = output_offset,
    };
    for (int32_t batch = 0; batch < batches; batch++) {
        edgec_svdf_run(&layer, input, state, next_state, output);
        input += depth;
        state += filters * memory;
        next_state += filters * memory;
        output += filters / rank;
    }
}
