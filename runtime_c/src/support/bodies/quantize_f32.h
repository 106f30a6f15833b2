/// Floats to int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_QUANTIZE_F32_H
#define EDGEC_SUPPORT_BODIES_QUANTIZE_F32_H

#include "edgec/edgec.h"

/// One float in units of the scale, rounded half away from zero and saturated to +-EDGEC_LIMIT.
static inline int32_t edgec_round_half_away(float ratio)
{
    const float limit = (float)EDGEC_LIMIT;
    if (!(ratio > -limit)) {
        return (ratio <= -limit) ? -EDGEC_LIMIT : 0; /* NaN becomes the zero point */
    }
    if (ratio >= limit) {
        return EDGEC_LIMIT;
    }
    const int32_t whole = (int32_t)ratio;
    const float rest = ratio - (float)whole; /* exact: both are below 2^17 */
    return whole + ((rest >= 0.5f) ? 1 : 0) - ((rest <= -0.5f) ? 1 : 0);
}

/// Quantizes `count` floats: round(value / scale) + zero_point, saturated. EDGEC_LIMIT
/// is beyond all elements less zero_point, and at most 2^16.
/// Cost: one float division per value.
void EDGEC_KERNEL(quantize_f32)(const float *values, int32_t count, float scale, int32_t zero_point,
                                edgec_element_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t quantized = edgec_round_half_away(values[i] / scale) + zero_point;
        quantized = (quantized < EDGEC_ELEMENT_MIN) ? EDGEC_ELEMENT_MIN : quantized;
        quantized = (quantized > EDGEC_ELEMENT_MAX) ? EDGEC_ELEMENT_MAX : quantized;
        output[i] = (edgec_element_t)quantized;
    }
}

#endif
