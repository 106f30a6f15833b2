#include "edgec_kernels.h"

/// One float in units of the scale, rounded half away from zero and saturated to +-65536.
static int32_t round_half_away(float ratio)
{
    const float limit = 65536.0f;
    if (!(ratio > -limit)) {
        return (ratio <= -limit) ? -65536 : 0; /* NaN becomes 0 */
    }
    if (ratio >= limit) {
        return 65536;
    }
    const int32_t whole = (int32_t)ratio;
    const float rest = ratio - (float)whole; /* exact: both are below 2^17 */
    return whole + ((rest >= 0.5f) ? 1 : 0) - ((rest <= -0.5f) ? 1 : 0);
}

/// Quantizes `count` floats: round(value / scale) + zero_point, saturated to int16.
/// Cost: one float division per value.
void edgec_quantize_f32_s16(const float *values, int32_t count, float scale, int32_t zero_point,
                            int16_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t quantized = round_half_away(values[i] / scale) + zero_point;
        quantized = (quantized < INT16_MIN) ? INT16_MIN : quantized;
        quantized = (quantized > INT16_MAX) ? INT16_MAX : quantized;
        output[i] = (int16_t)quantized;
    }
}
