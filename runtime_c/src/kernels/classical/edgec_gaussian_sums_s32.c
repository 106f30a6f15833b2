#include "edgec_kernels.h"
#include "support/shifted.h"

/// Likelihoods of classes from rows of features in fixed point: offset - sum of weight * (x - center)^2,
/// floats made of integers. Squares are in units of 2^unit, weights of 2^weight_unit, offsets and sums of
/// 2^sum_unit. Cost: two products of 64 bits per feature and class.
void edgec_gaussian_sums_s32(const int32_t *features, int32_t rows, int32_t size,
                             const int32_t *centers, const int32_t *weights, const int64_t *offsets,
                             int32_t classes, int32_t unit, int32_t weight_unit, int32_t sum_unit,
                             float *output)
{
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        const int32_t *center = centers;
        const int32_t *weight = weights;
        for (int32_t each = 0; each < classes; each++) {
            int64_t total = offsets[each];
            for (int32_t i = 0; i < size; i++) {
                const int64_t apart = (int64_t)features[i] - center[i];
                const edgec_scaled_t square = edgec_scaled(apart * apart, unit);
                const int32_t wanted = sum_unit - (square.exponent + weight_unit);
                const int32_t distance = (wanted < 0) ? 0 : ((wanted > 62) ? 62 : wanted);
                total -= ((int64_t)square.mantissa * weight[i]) >> distance;
            }
            y[each] = edgec_float_of(total, sum_unit);
            center += size;
            weight += size;
        }
        features += size;
        y += classes;
    }
}
