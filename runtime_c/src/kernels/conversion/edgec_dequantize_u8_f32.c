#include "edgec_kernels.h"

/// Writes `count` real values: scale * (value - zero_point). Cost: one float multiplication per value.
void edgec_dequantize_u8_f32(const uint8_t *values, int32_t count, float scale, int32_t zero_point,
                             float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = scale * (float)(values[i] - zero_point);
    }
}
