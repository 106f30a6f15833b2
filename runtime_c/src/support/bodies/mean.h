/// Means along axes of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_MEAN_H
#define EDGEC_SUPPORT_BODIES_MEAN_H

#include <string.h>

#include "edgec/edgec.h"
#include "support/four.h"

/// The columns of one row are column_step apart, rows row_step.
typedef struct {
    int32_t rows;
    int32_t row_step;
    int32_t columns;
    int32_t column_step;
} edgec_reduced_t;

/// Sum over both reduced axes for one place of the kept ones.
static inline int32_t edgec_strided_sum(const edgec_element_t *input, const edgec_reduced_t *over)
{
    int32_t total = 0;
    for (int32_t row = 0; row < over->rows; row++) {
        const edgec_element_t *next = input + row * over->row_step;
        for (int32_t column = 0; column < over->columns; column++) {
            total += *next;
            next += over->column_step;
        }
    }
    return total;
}

/// The same for four neighbors at once: one walk through the input serves all of them.
static inline void edgec_strided_sums(const edgec_element_t *input, const edgec_reduced_t *over,
                                      int32_t *sums)
{
    edgec_four_t four = {0};
    for (int32_t row = 0; row < over->rows; row++) {
        const edgec_element_t *next = input + row * over->row_step;
        for (int32_t column = 0; column < over->columns; column++) {
            four = edgec_plus_four(four, next);
            next += over->column_step;
        }
    }
    memcpy(sums, &four, sizeof four);
}

/// Mean of input [outer][rows][middle][columns][inner] over rows and columns, giving
/// [outer][middle][inner]. offset is minus the input's zero point times rows * columns; scale
/// holds the quotient of the scales divided by rows * columns.
/// Cost: one addition per input element, one requantization per output.
void EDGEC_KERNEL(mean)(int32_t outer, int32_t rows, int32_t middle, int32_t columns, int32_t inner,
                        const edgec_element_t *input, int32_t offset, const edgec_scale_t *scale,
                        int32_t output_offset, edgec_element_t *output)
{
    const int32_t middle_step = columns * inner;
    const edgec_reduced_t over = {rows, middle * middle_step, columns, inner};
    const edgec_rounding_t to = {offset, scale, output_offset};
    int32_t sums[4] = {0};
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t m = 0; m < middle; m++) {
            const edgec_element_t *first = input + m * middle_step;
            int32_t count;
            for (int32_t i = 0; i < inner; i += count) {
                count = (inner - i >= 4) ? 4 : 1;
                if (count == 4) {
                    edgec_strided_sums(first + i, &over, sums);
                } else {
                    sums[0] = edgec_strided_sum(first + i, &over);
                }
                edgec_round_four(sums, count, &to, output);
                output += count;
            }
        }
        input += rows * over.row_step;
    }
}

#endif
