/// Logistic and tanh in 16-bit fixed point, as gemmlowp computes them, bit for bit.
/// Qm.n is an int16 with m integer and n = 15 - m fraction bits, held in an int32 here. Mirror of
/// edgec/ops/numerics/fixed_point_int16.py.
#ifndef EDGEC_SUPPORT_FIXED_POINT_INT16_H
#define EDGEC_SUPPORT_FIXED_POINT_INT16_H

#include "support/requantize.h"

/// High 16 bits of 2 * x * y, halves rounded up, for int16 x and y that are not both the minimum.
static inline int32_t edgec_multiply_q15(int32_t x, int32_t y)
{
    return (x * y + (1 << 14)) >> 15;
}

/// x / 2^exponent, halves rounded away from zero, in 32 bits: |x| <= 2^30, exponent in [1, 30].
static inline int32_t edgec_rounding_shift_q15(int32_t x, int32_t exponent)
{
    return (x + (1 << (exponent - 1)) - ((x < 0) ? 1 : 0)) >> exponent;
}

/// exp(x) of x in [-1/4, 0), both Q0.15: the Taylor series around -1/8.
static inline int32_t edgec_exp_of_fraction_q15(int32_t fraction)
{
    const int32_t exp_minus_eighth = 28918;
    const int32_t third = 10923;
    const int32_t x = fraction + (1 << 12);
    const int32_t x2 = edgec_multiply_q15(x, x);
    const int32_t x3 = edgec_multiply_q15(x2, x);
    const int32_t x4 = edgec_multiply_q15(x2, x2);
    const int32_t cubic = edgec_multiply_q15(edgec_rounding_shift_q15(x4, 2) + x3, third);
    const int32_t tail = edgec_rounding_shift_q15(cubic + x2, 1);
    const int32_t y = edgec_multiply_q15(x + tail, exp_minus_eighth) + exp_minus_eighth;
    return (y > INT16_MAX) ? INT16_MAX : y;
}

/// exp(x) in Q0.15 of x <= 0 in Q`integer_bits`, 1 to 7.
static inline int32_t edgec_exp_of_negative_q15(int32_t x, int32_t integer_bits)
{
    /* exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.15 */
    static const int16_t exp_of_powers[] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t quarter = 1 << (13 - integer_bits);
    const int32_t fraction = (x & (quarter - 1)) - quarter;
    const int32_t rest = fraction - x;
    int32_t result = edgec_exp_of_fraction_q15(edgec_left_shift(fraction, integer_bits));
    for (int32_t bit = 0; bit < 7 && bit < integer_bits + 2; bit++) {
        if ((rest & (quarter << bit)) != 0) {
            result = edgec_multiply_q15(result, exp_of_powers[bit]);
        }
    }
    if (x == 0) {
        return INT16_MAX;
    }
    return (x < -(1 << (20 - integer_bits))) ? 0 : result;
}

/// 2 / (1 + x) in Q2.13 of x in [0, 1), Q0.15: three steps of Newton's method.
static inline int32_t edgec_inverse_of_half_sum(int32_t x)
{
    const int32_t first_guess_offset = 23130; /* 48/17 in Q2.13 */
    const int32_t first_guess_slope = -15420; /* -32/17 in Q2.13 */
    const int32_t half_sum = (x + INT16_MAX + 1) >> 1;
    int32_t guess = edgec_multiply_q15(half_sum, first_guess_slope) + first_guess_offset;
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 13) - edgec_multiply_q15(half_sum, guess);
        const int32_t change = edgec_left_shift(edgec_multiply_q15(guess, error), 2);
        guess += edgec_clamp(change, INT16_MIN, INT16_MAX);
    }
    return guess;
}

/// 1 / (1 + exp(-x)) in Q0.15 of x in Q3.12.
static inline int32_t edgec_logistic_q3(int32_t x)
{
    const int32_t power = edgec_exp_of_negative_q15((x > 0) ? -x : x, 3);
    const int32_t twice = edgec_left_shift(edgec_inverse_of_half_sum(power), 1);
    const int32_t upper = edgec_clamp(twice, INT16_MIN, INT16_MAX);
    if (x == 0) {
        return 1 << 14;
    }
    return (x > 0) ? upper : INT16_MAX - upper;
}

/// tanh(x) in Q0.15 of x in Q`integer_bits`, 0 to 6.
static inline int32_t edgec_tanh_q15(int32_t x, int32_t integer_bits)
{
    /* The same integers stand for 2 x where there is one integer bit more. */
    const int32_t power = edgec_exp_of_negative_q15((x > 0) ? -x : x, integer_bits + 1);
    const int32_t above_one = edgec_inverse_of_half_sum(power) - (1 << 13);
    const int32_t upper = edgec_clamp(edgec_left_shift(above_one, 2), INT16_MIN, INT16_MAX);
    if (x == 0) {
        return 0;
    }
    return (x > 0) ? upper : -upper;
}

#endif
