/// Distances in integers, and as floats. Mirror of edgec/ops/classical/nearest.py.
#ifndef EDGEC_SUPPORT_DISTANCES_H
#define EDGEC_SUPPORT_DISTANCES_H

#include "support/float_bits.h"
#include "support/square_root.h"

/// The sum of squared differences; where `city` is not 0, of their sizes.
static inline int64_t edgec_distance_sum(const int32_t *x, const int32_t *point, int32_t size,
                                         int32_t city)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        const int64_t apart = (int64_t)x[i] - point[i];
        sum += (city == 0) ? apart * apart : ((apart < 0) ? -apart : apart);
    }
    return sum;
}

/// The root of sum * 2^(-2 fraction), as bits of a float.
static inline int32_t edgec_distance_root(int64_t sum, int32_t fraction)
{
    const int32_t raised = (62 - edgec_bit_length((uint64_t)sum)) & ~1;
    const uint32_t root = edgec_integer_root((uint64_t)sum << raised);
    return edgec_float_of(root, -fraction - raised / 2);
}

#endif
