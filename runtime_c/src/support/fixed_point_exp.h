/// Exponential and reciprocal in 32-bit fixed point, as gemmlowp computes them, bit for bit.
/// Qm.n is an int32 with m integer and n = 31 - m fraction bits. Mirror of
/// edgec/ops/numerics/fixed_point_exp.py.
#ifndef EDGEC_SUPPORT_FIXED_POINT_EXP_H
#define EDGEC_SUPPORT_FIXED_POINT_EXP_H

#include "support/requantize.h"

/// exp(x) of x in [-1/4, 0), both Q0.31: the Taylor series around -1/8.
static inline int32_t edgec_exp_of_fraction(int32_t fraction)
{
    const int32_t exp_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = fraction + (1 << 28);
    const int32_t x2 = edgec_doubling_high_multiply(x, x);
    const int32_t x3 = edgec_doubling_high_multiply(x2, x);
    const int32_t x4 = edgec_doubling_high_multiply(x2, x2);
    const int32_t cubic =
        edgec_doubling_high_multiply(edgec_rounding_right_shift(x4, 2) + x3, third);
    const int32_t tail = edgec_rounding_right_shift(cubic + x2, 1);
    return edgec_doubling_high_multiply(x + tail, exp_minus_eighth) + exp_minus_eighth;
}

/// exp(x) in Q0.31 of x <= 0 in Q5.26.
static inline int32_t edgec_exp_of_negative(int32_t x)
{
    /* exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.31 */
    static const int32_t exp_of_powers[] = {1672461947, 1302514674, 790015084, 290630308,
                                            39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    const int32_t fraction = (x & (quarter - 1)) - quarter;
    const int32_t rest = fraction - x;
    int32_t result = edgec_exp_of_fraction(edgec_left_shift(fraction, 5));
    for (int32_t bit = 0; bit < 7; bit++) {
        if ((rest & (quarter << bit)) != 0) {
            result = edgec_doubling_high_multiply(result, exp_of_powers[bit]);
        }
    }
    return (x == 0) ? INT32_MAX : result;
}

/// 1 / (1 + x) of x in [0, 1), both Q0.31: three steps of Newton's method.
static inline int32_t edgec_one_over_one_plus(int32_t x)
{
    const int32_t first_guess_offset = 1515870810; /* 48/17 in Q2.29 */
    const int32_t first_guess_slope = -1010580540; /* -32/17 in Q2.29 */
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) >> 1);
    int32_t guess =
        edgec_doubling_high_multiply(half_denominator, first_guess_slope) + first_guess_offset;
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - edgec_doubling_high_multiply(half_denominator, guess);
        guess += edgec_left_shift(edgec_doubling_high_multiply(guess, error), 2);
    }
    return (guess > INT32_MAX / 2) ? INT32_MAX : edgec_left_shift(guess, 1);
}

#endif
