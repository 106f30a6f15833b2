/// Means along axes of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_MEAN_H
#define EDGEC_SUPPORT_BODIES_MEAN_H

#include "edgec/edgec.h"
#include "support/requantize.h"

/// Sum over both reduced axes for one place of the kept ones. rows are row_step apart, columns
/// column_step.
static inline int32_t edgec_strided_sum(const edgec_element_t *input, int32_t rows,
                                        int32_t row_step, int32_t columns, int32_t column_step)
{
    int32_t total = 0;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t column = 0; column < columns; column++) {
            total += input[row * row_step + column * column_step];
        }
    }
    return total;
}

/// Mean of input [outer][rows][middle][columns][inner] over rows and columns, giving
/// [outer][middle][inner]. offset is minus the input's zero point times rows * columns; scale
/// holds the quotient of the scales divided by rows * columns.
/// Cost: one addition per input element, one requantization per output.
void EDGEC_KERNEL(mean)(int32_t outer, int32_t rows, int32_t middle, int32_t columns, int32_t inner,
                        const edgec_element_t *input, int32_t offset, const edgec_scale_t *scale,
                        int32_t output_offset, edgec_element_t *output)
{
    const int32_t column_step = inner;
    const int32_t middle_step = columns * column_step;
    const int32_t row_step = middle * middle_step;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t m = 0; m < middle; m++) {
            for (int32_t i = 0; i < inner; i++) {
                const edgec_element_t *first = input + m * middle_step + i;
                int32_t total =
                    edgec_strided_sum(first, rows, row_step, columns, column_step) + offset;
                total = edgec_requantize(total, scale->multiplier, scale->shift) + output_offset;
                *output++ =
                    (edgec_element_t)edgec_clamp(total, EDGEC_ELEMENT_MIN, EDGEC_ELEMENT_MAX);
            }
        }
        input += rows * row_step;
    }
}

#endif
