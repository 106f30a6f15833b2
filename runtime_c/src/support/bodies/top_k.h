/// The largest or smallest elements of rows, in order.
/// A kernel includes support/element_s8.h or one of its like first.
#ifndef EDGEC_SUPPORT_BODIES_TOP_K_H
#define EDGEC_SUPPORT_BODIES_TOP_K_H

#include "edgec/edgec.h"

/// Whether x at place i comes before y at place j: the larger first (the smaller where smallest is
/// 1), of equals that of the lower place.
static inline int32_t edgec_comes_before(edgec_element_t x, int32_t i, edgec_element_t y, int32_t j,
                                         int32_t smallest)
{
    if (x == y) {
        return i < j;
    }
    return smallest ? (x < y) : (x > y);
}

/// The first `count` of the `extent` elements of each of `rows` rows, in order, and their places.
/// Cost: rows * count * extent comparisons: nothing is stored in between.
void EDGEC_KERNEL(top_k)(int32_t rows, int32_t extent, int32_t count, int32_t smallest,
                         const edgec_element_t *input, edgec_element_t *values, int32_t *places)
{
    for (int32_t row = 0; row < rows; row++) {
        int32_t last = -1;
        for (int32_t k = 0; k < count; k++) {
            int32_t best = -1;
            for (int32_t i = 0; i < extent; i++) {
                const int32_t is_left =
                    last < 0 || edgec_comes_before(input[last], last, input[i], i, smallest);
                if (is_left
                    && (best < 0 || edgec_comes_before(input[i], i, input[best], best, smallest))) {
                    best = i;
                }
            }
            *values++ = input[best];
            *places++ = best;
            last = best;
        }
        input += extent;
    }
}

#endif
