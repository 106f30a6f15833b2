#include "edgec_kernels.h"
#include "support/distances.h"

/// The nearest points to rows of features, the nearest first, of equally near ones those first in the
/// list; and how far they are, as floats made of integers. `city` is 0 for roots of sums of squares, 1 for
/// sums of sizes. `scratch` has 8 bytes per neighbour.
/// Cost: a product of 64 bits per feature and point, a root per neighbour.
void edgec_nearest_s32(const int32_t *features, int32_t rows, int32_t size, const int32_t *points,
                       int32_t count, int32_t neighbors, int32_t fraction, int32_t city,
                       void *scratch, int32_t *places, float *distances)
{
    int64_t *sums = (int64_t *)scratch;
    int32_t *apart = (int32_t *)(void *)distances;
    for (int32_t row = 0; row < rows; row++) {
        int32_t known = 0;
        const int32_t *point = points;
        for (int32_t i = 0; i < count; i++) {
            const int64_t sum = edgec_distance_sum(features, point, size, city);
            point += size;
            if (known == neighbors && sum >= sums[known - 1]) {
                continue;
            }
            int32_t at = (known < neighbors) ? known++ : known - 1;
            for (; at > 0 && sums[at - 1] > sum; at--) {
                sums[at] = sums[at - 1];
                places[at] = places[at - 1];
            }
            sums[at] = sum;
            places[at] = i;
        }
        for (int32_t i = 0; i < neighbors; i++) {
            apart[i] = (city != 0) ? edgec_float_of(sums[i], -fraction)
                                   : edgec_distance_root(sums[i], fraction);
        }
        features += size;
        places += neighbors;
        apart += neighbors;
    }
}
