#include "edgec_kernels.h"

/// One float in units of the scale, rounded half to even and saturated to +-512.
static int32_t round_half_even(float ratio)
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
/// saturated to int8. Cost: one float division per value.
void edgec_quantize_even_f32_s8(const float *values, int32_t count, float scale,
                                int32_t zero_point, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t quantized = round_half_even(values[i] / scale) + zero_point;
        quantized = (quantized < INT8_MIN) ? INT8_MIN : quantized;
        quantized = (quantized > INT8_MAX) ? INT8_MAX : quantized;
        output[i] = (int8_t)quantized;
    }
}
