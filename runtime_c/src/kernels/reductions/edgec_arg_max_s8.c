#include "edgec_kernels.h"

/// Index of the best of `count` elements that lie `step` apart: the largest where sign is 1, the
/// smallest where it is -1; of equals the first, or the last where last is 1.
static int32_t best_index(const int8_t *input, int32_t count, int32_t step, int32_t sign,
                          int32_t last)
{
    int32_t best = 0;
    int32_t best_value = input[0] * sign;
    for (int32_t i = 1; i < count; i++) {
        const int32_t value = input[i * step] * sign;
        if (value + last > best_value) {
            best = i;
            best_value = value;
        }
    }
    return best;
}

/// Indices of the best int8 elements of input [outer][count][inner], giving [outer][inner]. The
/// output has int32 elements, or int64 where wide is 1. sign is 1 for the largest, -1 for the
/// smallest; last is 1 to pick the last of equal elements, 0 for the first.
/// Cost: one comparison per input element.
void edgec_arg_max_s8(int32_t outer, int32_t count, int32_t inner, const int8_t *input,
                      int32_t sign, int32_t last, int32_t wide, void *output)
{
    int32_t *narrow_output = (int32_t *)output;
    int64_t *wide_output = (int64_t *)output;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t i = 0; i < inner; i++) {
            const int32_t index = best_index(input + i, count, inner, sign, last);
            if (wide != 0) {
                *wide_output++ = index;
            } else {
                *narrow_output++ = index;
            }
        }
        input += count * inner;
    }
}
