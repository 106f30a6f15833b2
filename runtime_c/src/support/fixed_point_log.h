/// Natural logarithm in 32-bit fixed point, as TFLite's LOG_SOFTMAX computes it, bit for bit.
/// Qm.n is an int32 with m integer and n = 31 - m fraction bits. Mirror of
/// edgec/ops/numerics/fixed_point_log.py.
#ifndef EDGEC_SUPPORT_FIXED_POINT_LOG_H
#define EDGEC_SUPPORT_FIXED_POINT_LOG_H

#include "support/fixed_point_exp.h"

#define EDGEC_LOG_WORK_BITS 6 /* integer bits of sums, one more than of results */

/// How many of the 32 bits of a positive number are 0 before the first 1.
static inline int32_t edgec_leading_zeros(uint32_t x)
{
    int32_t count = 0;
    while ((x & UINT32_C(0x80000000)) == 0) {
        x <<= 1;
        count++;
    }
    return count;
}

/// log(r) + log(2) / 4 in Q6.25 of r in Q0.31, from 2^-3/4 to 2^-1/4: a quotient of polynomials.
static inline int32_t edgec_log_of_fraction(int32_t r)
{
    const int32_t fourth_root_half = 1805811301; /* sqrt(sqrt(1/2)) in Q0.31 */
    const int32_t p = (int32_t)(((int64_t)r + fourth_root_half + 1) >> 1);
    const int32_t q = (r - fourth_root_half) * 2;
    const int32_t q2 = edgec_doubling_high_multiply(q, q);
    const int32_t q3 = edgec_doubling_high_multiply(q, q2);
    const int32_t numerator =
        edgec_doubling_high_multiply(q, r) + edgec_doubling_high_multiply(q3, 117049297);
    const int32_t inner = 1057819769 + q + edgec_doubling_high_multiply(q2, 127690142);
    const int32_t denominator =
        edgec_doubling_high_multiply(p, inner) + edgec_doubling_high_multiply(q, 638450708);
    return edgec_doubling_high_multiply(
        edgec_rounding_right_shift(numerator, EDGEC_LOG_WORK_BITS),
        edgec_one_over_one_plus(denominator));
}

/// log(x) in Q5.26 of x >= 1 in Q<integer_bits>. x is r * 2^n; of two ways to choose n, one has an r
/// around sqrt(sqrt(1/2)).
static inline int32_t edgec_log_from_one(int32_t x, int32_t integer_bits)
{
    const int32_t log_2 = 1488522236;     /* Q0.31 */
    const int32_t root_half = 1518500250; /* sqrt(1/2) in Q0.31 */
    const int32_t quarter = 1 << 23;      /* Q6.25 */
    const int32_t unit = 1 << (31 - EDGEC_LOG_WORK_BITS);
    const int32_t zeros = edgec_leading_zeros((uint32_t)x);
    const int32_t raised = edgec_left_shift(x, zeros - 1);
    const int64_t r_a = 2 * (int64_t)edgec_doubling_high_multiply(raised, root_half);
    const int32_t n_a = (integer_bits - zeros) * unit + quarter;
    const int32_t half = edgec_doubling_high_multiply(x, root_half);
    const int32_t headroom = edgec_leading_zeros((uint32_t)half) - 1;
    const int64_t r_b = (int64_t)x << headroom;
    const int32_t n_b = (integer_bits - headroom) * unit - quarter;
    const int64_t least = (r_b < r_a) ? r_b : r_a;
    const int32_t r = (least > INT32_MAX) ? INT32_MAX : (int32_t)least;
    const int32_t n = (n_a > n_b) ? n_a : n_b;
    const int64_t total = 2 * ((int64_t)edgec_doubling_high_multiply(n, log_2) +
                               edgec_log_of_fraction(r));
    return (total > INT32_MAX) ? INT32_MAX : (int32_t)total;
}

#endif
