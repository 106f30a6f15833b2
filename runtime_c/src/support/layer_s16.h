/// The end of an int16 layer with weights: from the sum of products to the output.
/// Mirror of edgec/ops/layers/layer_output.py.
#ifndef EDGEC_SUPPORT_LAYER_S16_H
#define EDGEC_SUPPORT_LAYER_S16_H

#include "edgec/edgec.h"
#include "support/requantize.h"
#include "support/requantize_wide.h"

/// Output channel `channel` of a sum of products.
static inline int16_t edgec_layer_output_s16(const edgec_layer_s16_t *layer, int64_t sum,
                                             int32_t channel)
{
    const int32_t scale = channel * layer->per_channel;
    const int32_t multiplier = layer->multipliers[scale];
    const int32_t shift = layer->shifts[scale];
    const int64_t total = sum + ((layer->bias != NULL) ? layer->bias[channel] : 0);
    const int32_t value = (layer->is_wide != 0)
                              ? edgec_requantize_wide(total, multiplier, shift)
                              : edgec_requantize((int32_t)total, multiplier, shift);
    return (int16_t)edgec_clamp(value, layer->clamp.min, layer->clamp.max);
}

#endif
