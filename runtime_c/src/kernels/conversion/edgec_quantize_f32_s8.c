#include "edgec_kernels.h"

/// One float in units of the scale, rounded half away from zero and saturated to +-512.
static int32_t round_half_away(float ratio)
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
    return whole + ((rest >= 0.5f) ? 1 : 0) - ((rest <= -0.5f) ? 1 : 0);
}

/// Quantizes `count` floats: round(value / scale) + zero_point, saturated to int8.
/// Cost: one float division per value.
void edgec_quantize_f32_s8(const float *values, int32_t count, float scale, int32_t zero_point,
                           int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t quantized = round_half_away(values[i] / scale) + zero_point;
        quantized = (quantized < INT8_MIN) ? INT8_MIN : quantized;
        quantized = (quantized > INT8_MAX) ? INT8_MAX : quantized;
        output[i] = (int8_t)quantized;
    }
}
