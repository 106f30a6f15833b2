/// SVDF of int8 inputs, with states and time weights of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h, for these, first.
#ifndef EDGEC_SUPPORT_SVDF_LAYER_H
#define EDGEC_SUPPORT_SVDF_LAYER_H

#include "edgec/edgec.h"
#include "support/requantize.h"

/// What a layer is made of. `filters` products with the input of `depth` values are each weighted
/// over the last `memory` runs; `rank` of them make one output. Offsets are minus zero points, but
/// for the output's; bias may be NULL.
typedef struct {
    int32_t depth;
    int32_t filters;
    int32_t memory;
    int32_t rank;
    const int8_t *features;
    const edgec_element_t *time;
    const int32_t *bias;
    edgec_scale_t state_scale;
    edgec_scale_t scale;
    int32_t input_offset;
    int32_t state_offset;
    int32_t output_offset;
} edgec_svdf_layer_t;

/// The newest state of filter `f`: the input times its weights.
static inline edgec_element_t edgec_svdf_feature(const edgec_svdf_layer_t *layer, int32_t f,
                                                 const int8_t *input)
{
    const int8_t *weights = layer->features + f * layer->depth;
    int32_t total = 0;
    for (int32_t i = 0; i < layer->depth; i++) {
        total += (input[i] + layer->input_offset) * weights[i];
    }
    total = edgec_requantize(total, layer->state_scale.multiplier, layer->state_scale.shift);
    return (edgec_element_t)edgec_clamp(total - layer->state_offset, EDGEC_ELEMENT_MIN,
                                        EDGEC_ELEMENT_MAX);
}

/// One batch. A state is the oldest first; the next one may not overlap it.
static inline void edgec_svdf_run(const edgec_svdf_layer_t *layer, const int8_t *input,
                                  const edgec_element_t *state, edgec_element_t *next_state,
                                  int8_t *output)
{
    const int32_t memory = layer->memory;
    const edgec_element_t *weight = layer->time;
    int32_t total = 0;
    for (int32_t f = 0; f < layer->filters; f++) {
        if (f % layer->rank == 0) {
            total = (layer->bias != NULL) ? layer->bias[f / layer->rank] : 0;
        }
        for (int32_t t = 0; t + 1 < memory; t++) {
            next_state[t] = state[t + 1];
            total += (next_state[t] + layer->state_offset) * weight[t];
        }
        next_state[memory - 1] = edgec_svdf_feature(layer, f, input);
        total += (next_state[memory - 1] + layer->state_offset) * weight[memory - 1];
        if ((f + 1) % layer->rank == 0) {
            const int32_t y = edgec_requantize(total, layer->scale.multiplier, layer->scale.shift);
            *output++ = (int8_t)edgec_clamp(y + layer->output_offset, INT8_MIN, INT8_MAX);
        }
        state += memory;
        next_state += memory;
        weight += memory;
    }
}

#endif
