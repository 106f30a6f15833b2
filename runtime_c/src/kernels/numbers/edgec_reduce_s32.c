#include "edgec_kernels.h"

#define REDUCE_SUM 0
#define REDUCE_MAXIMUM 1 /* 2: minimum */

static int32_t joined(int32_t a, int32_t b, int32_t total)
{
    if (total == REDUCE_SUM) {
        return (int32_t)((uint32_t)a + (uint32_t)b);
    }
    return ((total == REDUCE_MAXIMUM) == (a > b)) ? a : b;
}

/// Sums (which wrap around), largest or smallest numbers of input
/// [outer][rows][middle][columns][inner] over rows and columns, giving [outer][middle][inner].
/// Cost: one operation per input element.
void edgec_reduce_s32(int32_t outer, int32_t rows, int32_t middle, int32_t columns, int32_t inner,
                      int32_t total, const int32_t *input, int32_t *output)
{
    const int32_t middle_step = columns * inner;
    const int32_t row_step = middle * middle_step;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t m = 0; m < middle; m++) {
            for (int32_t i = 0; i < inner; i++) {
                const int32_t *first = input + m * middle_step + i;
                int32_t result = (total == REDUCE_SUM) ? 0 : *first;
                for (int32_t row = 0; row < rows; row++) {
                    for (int32_t column = 0; column < columns; column++) {
                        result = joined(result, first[row * row_step + column * inner], total);
                    }
                }
                *output++ = result;
            }
        }
        input += rows * row_step;
    }
}
