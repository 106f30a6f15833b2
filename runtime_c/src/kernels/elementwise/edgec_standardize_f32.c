#include "edgec_kernels.h"

/// Rows of floats, feature by feature: (value - offset) * gain.
/// Cost: a subtraction and a multiplication of floats per value.
void edgec_standardize_f32(const float *values, int32_t rows, int32_t size, const float *offset,
                           const float *gain, float *output)
{
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < size; i++) {
            const float centered = values[i] - offset[i];
            output[i] = centered * gain[i];
        }
        values += size;
        output += size;
    }
}
