#include "edgec_kernels.h"

/// Sums of [outer][count][inner] along count that wrap around; from the end where step is -1, without
/// the element itself where exclusive is 1. Cost: one addition per element.
void edgec_cum_sum_s32(int32_t outer, int32_t count, int32_t inner, int32_t step, int32_t exclusive,
                       const int32_t *input, int32_t *output)
{
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t i = 0; i < inner; i++) {
            uint32_t sum = 0;
            for (int32_t k = 0; k < count; k++) {
                const int32_t at = (o * count + ((step > 0) ? k : count - 1 - k)) * inner + i;
                const uint32_t with = sum + (uint32_t)input[at];
                output[at] = (int32_t)(exclusive ? sum : with);
                sum = with;
            }
        }
    }
}
