/// Floats to integers of 8 bits, halves to even.
/// A kernel includes support/element_s8.h or element_u8.h first.
#ifndef EDGEC_SUPPORT_QUANTIZE_EVEN_F32_H
#define EDGEC_SUPPORT_QUANTIZE_EVEN_F32_H

#include <stdint.h>

/// One float in units of the scale, rounded half to even and saturated to +-512.
static inline int32_t edgec_round_half_even(float ratio)
{
    const float limit = 512.0f;
    if (!(ratio > -limit)) {
        return (ratio <= -limit) ? -512 : 0; /* NaN becomes the zero point */
    }
    if (ratio >= limit) {
        return 512;
    }
    const int32_t whole = (int32_t)ratio;
    const float rest = ratio - (float)whole; /* exact: both are below 2^10 */
    const float half = ((whole & 1) != 0) ? 0.5f : 0.50000006f; /* an even number keeps its half */
    return whole + ((rest >= half) ? 1 : 0) - ((rest <= -half) ? 1 : 0);
}

/// Quantizes `count` floats as ONNX does: round(value / scale) + zero_point, halves to even,
/// saturated. Cost: one float division per value.
void EDGEC_KERNEL(quantize_even_f32)(const float *values, int32_t count, float scale,
                                     int32_t zero_point, edgec_element_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t quantized = edgec_round_half_even(values[i] / scale) + zero_point;
        quantized = (quantized < EDGEC_ELEMENT_MIN) ? EDGEC_ELEMENT_MIN : quantized;
        quantized = (quantized > EDGEC_ELEMENT_MAX) ? EDGEC_ELEMENT_MAX : quantized;
        output[i] = (edgec_element_t)quantized;
    }
}

#endif
