#include "edgec_kernels.h"
#include "support/float_bits.h"

/// Means of what the nearest points are worth, of `targets` values each, computed on floats as integers.
/// Where `classes` is not NULL a point is worth 1 of its class and 0 of the others. Points count alike, or
/// where `least` (bits) is not 0 by 1 / max(distance, least).
/// Cost: a product and a sum of floats per neighbour and target.
void edgec_neighbor_mean_f32(const int32_t *places, const float *distances, int32_t rows,
                             int32_t neighbors, const int32_t *classes, const float *values,
                             int32_t targets, int32_t least, float *output)
{
    const int32_t one = 0x3f800000;
    const int32_t *apart = (const int32_t *)(const void *)distances;
    const int32_t *table = (const int32_t *)(const void *)values;
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        int32_t total = 0;
        for (int32_t i = 0; i < targets; i++) {
            y[i] = 0;
        }
        for (int32_t rank = 0; rank < neighbors; rank++) {
            const int32_t place = places[rank];
            const int32_t far = (apart[rank] > least) ? apart[rank] : least;
            const int32_t weight = (least != 0) ? edgec_float_ratio(one, far) : one;
            total = edgec_float_add(total, weight);
            for (int32_t i = 0; i < targets; i++) {
                if (classes == NULL) {
                    const int32_t worth = edgec_float_times(weight, table[place * targets + i]);
                    y[i] = edgec_float_add(y[i], worth);
                } else if (classes[place] == i) {
                    y[i] = edgec_float_add(y[i], weight);
                }
            }
        }
        for (int32_t i = 0; i < targets; i++) {
            y[i] = edgec_float_ratio(y[i], total);
        }
        places += neighbors;
        apart += neighbors;
        y += targets;
    }
}
