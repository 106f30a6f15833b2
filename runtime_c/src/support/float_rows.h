/// Products of a row of floats with integers, all of the row in units of its largest number with 6 bits
/// more. Mirror of edgec/ops/classical/fixed_matrix.py.
#ifndef EDGEC_SUPPORT_FLOAT_ROWS_H
#define EDGEC_SUPPORT_FLOAT_ROWS_H

#include "support/float_bits.h"

enum { EDGEC_ROW_GUARD = 6 };

/// The largest exponent of a row.
static inline int32_t edgec_row_exponent(const int32_t *x, int32_t size)
{
    int32_t largest = -149;
    for (int32_t i = 0; i < size; i++) {
        const int32_t exponent = edgec_float_exponent(x[i]);
        largest = (exponent > largest) ? exponent : largest;
    }
    return largest;
}

/// The sum of weights times numbers of a row.
static inline int64_t edgec_row_sum(const int32_t *x, int32_t size, const int32_t *weights,
                                    int32_t largest)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        const int32_t distance = largest - edgec_float_exponent(x[i]);
        const int32_t wide = edgec_float_mantissa(x[i]) * (1 << EDGEC_ROW_GUARD);
        sum += (int64_t)(wide >> ((distance > 31) ? 31 : distance)) * weights[i];
    }
    return sum;
}

#endif
