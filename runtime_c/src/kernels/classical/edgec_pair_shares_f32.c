#include "edgec_kernels.h"
#include "support/float_bits.h"

/// Scores of classes from rows of decisions between every two: votes + s / (3 (|s| + 1)), where s is the
/// sum of a class's decisions. Floats are computed on as integers. Cost: a sum of floats per class and
/// pair, a quotient per class.
void edgec_pair_shares_f32(const float *decisions, int32_t rows, int32_t classes, float *output)
{
    const int32_t one = 0x3f800000;
    const int32_t three = 0x40400000;
    const int32_t *x = (const int32_t *)(const void *)decisions;
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t each = 0; each < classes; each++) {
            const int32_t *pair = x;
            int32_t votes = 0;
            int32_t sum = 0;
            for (int32_t i = 0; i < classes; i++) {
                for (int32_t j = i + 1; j < classes; j++) {
                    const int32_t bits = *pair++;
                    const int32_t turned = (int32_t)((uint32_t)bits ^ 0x80000000u);
                    votes += ((edgec_float_order(bits) < 0) ? j : i) == each;
                    sum = (i == each) ? edgec_float_add(sum, bits) : sum;
                    sum = (j == each) ? edgec_float_add(sum, turned) : sum;
                }
            }
            const int32_t more = edgec_float_add(sum & INT32_MAX, one);
            const int32_t share = edgec_float_ratio(sum, edgec_float_times(three, more));
            y[each] = edgec_float_add(edgec_float_of(votes, 0), share);
        }
        x += classes * (classes - 1) / 2;
        y += classes;
    }
}
