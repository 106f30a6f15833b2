#include "edgec_kernels.h"
#include "support/shifted.h"

/// Rows of floats (read as integers) in fixed point: value * factor * 2^shift + offset, a factor, shift
/// and offset per feature, within +-limit. Cost: a product of 64 bits per value.
void edgec_fixed_features_f32(const float *values, int32_t rows, int32_t size,
                              const int32_t *factors, const int32_t *shifts,
                              const int64_t *offsets, int32_t limit, int32_t *output)
{
    const int32_t *x = (const int32_t *)(const void *)values;
    const int64_t room = ((int64_t)1 << 61) - 1;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < size; i++) {
            const int64_t product = (int64_t)edgec_float_mantissa(x[i]) * factors[i];
            const int32_t shift = edgec_float_exponent(x[i]) + shifts[i];
            const int64_t moved = edgec_shifted(product, shift, room) + offsets[i];
            output[i] = (moved > limit) ? limit : ((moved < -limit) ? -limit : (int32_t)moved);
        }
        x += size;
        output += size;
    }
}
