#include "edgec_kernels.h"
#include "support/float_bits.h"

/// Labels of rows of scores: that of the largest, of equal ones the first; NaN is left out. Where
/// `column` is not negative, that score decides: labels[1] where it is above `threshold`, the place of a
/// float in the order of floats, else labels[0]. Cost: a comparison of integers per score.
void edgec_class_label_f32(const float *scores, int32_t rows, int32_t count, const int32_t *labels,
                           int32_t column, int32_t threshold, int32_t *output)
{
    const int32_t *x = (const int32_t *)(const void *)scores;
    for (int32_t row = 0; row < rows; row++) {
        int32_t best = 0;
        if (column >= 0) {
            const int32_t bits = x[column];
            best = (!edgec_float_is_nan(bits) && edgec_float_order(bits) > threshold) ? 1 : 0;
        } else {
            int32_t largest = INT32_MIN;
            for (int32_t i = 0; i < count; i++) {
                const int32_t order = edgec_float_is_nan(x[i]) ? INT32_MIN : edgec_float_order(x[i]);
                best = (order > largest) ? i : best;
                largest = (order > largest) ? order : largest;
            }
        }
        output[row] = labels[best];
        x += count;
    }
}
