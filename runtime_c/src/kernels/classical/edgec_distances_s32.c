#include "edgec_kernels.h"
#include "support/distances.h"

/// Distances of rows of features to points, in units of 2^-fraction, as floats made of integers. `kind` is
/// 0 for roots of sums of squares, 1 for sums of sizes, 2 for sums of squares.
/// Cost: a product of 64 bits per feature and point, a root per point.
void edgec_distances_s32(const int32_t *features, int32_t rows, int32_t size, const int32_t *points,
                         int32_t count, int32_t fraction, int32_t kind, float *output)
{
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        const int32_t *point = points;
        for (int32_t i = 0; i < count; i++) {
            const int64_t sum = edgec_distance_sum(features, point, size, kind == 1);
            const int32_t unit = (kind == 1) ? -fraction : -2 * fraction;
            y[i] = (kind == 0) ? edgec_distance_root(sum, fraction) : edgec_float_of(sum, unit);
            point += size;
        }
        features += size;
        y += count;
    }
}
