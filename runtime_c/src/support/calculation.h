/// Arithmetic of int32 that wraps around. Mirror of edgec/ops/numbers/arithmetic.py.
#ifndef EDGEC_SUPPORT_CALCULATION_H
#define EDGEC_SUPPORT_CALCULATION_H

#include <stdint.h>

#define EDGEC_CALCULATE_ADD 0
#define EDGEC_CALCULATE_SUB 1
#define EDGEC_CALCULATE_MUL 2
#define EDGEC_CALCULATE_DIV 3
#define EDGEC_CALCULATE_FLOOR_DIV 4
#define EDGEC_CALCULATE_FLOOR_MOD 5
#define EDGEC_CALCULATE_MINIMUM 6
#define EDGEC_CALCULATE_MAXIMUM 7
#define EDGEC_CALCULATE_XOR 8
#define EDGEC_CALCULATE_SHIFT_RIGHT 9
#define EDGEC_CALCULATE_AND 10
#define EDGEC_CALCULATE_OR 11 /* 12: remainder */

/// A quotient or what is left of it; 0 where b is 0. INT32_MIN / -1 wraps around.
static inline int32_t edgec_divide(int32_t a, int32_t b, int32_t calculation)
{
    if (b == 0) {
        return 0;
    }
    const int32_t quotient = (b == -1) ? (int32_t)(0U - (uint32_t)a) : a / b;
    const int32_t rest = (b == -1) ? 0 : a % b;
    const int32_t below = rest != 0 && ((rest < 0) != (b < 0));
    switch (calculation) {
    case EDGEC_CALCULATE_DIV:
        return quotient;
    case EDGEC_CALCULATE_FLOOR_DIV:
        return quotient - below;
    case EDGEC_CALCULATE_FLOOR_MOD:
        return below ? rest + b : rest;
    default:
        return rest;
    }
}

/// One calculation of two numbers.
static inline int32_t edgec_calculate(int32_t a, int32_t b, int32_t calculation)
{
    const uint32_t x = (uint32_t)a;
    const uint32_t y = (uint32_t)b;
    switch (calculation) {
    case EDGEC_CALCULATE_ADD:
        return (int32_t)(x + y);
    case EDGEC_CALCULATE_SUB:
        return (int32_t)(x - y);
    case EDGEC_CALCULATE_MUL:
        return (int32_t)(x * y);
    case EDGEC_CALCULATE_MINIMUM:
        return (a < b) ? a : b;
    case EDGEC_CALCULATE_MAXIMUM:
        return (a > b) ? a : b;
    case EDGEC_CALCULATE_XOR:
        return (int32_t)(x ^ y);
    case EDGEC_CALCULATE_AND:
        return (int32_t)(x & y);
    case EDGEC_CALCULATE_OR:
        return (int32_t)(x | y);
    case EDGEC_CALCULATE_SHIFT_RIGHT:
        return a >> ((b < 0) ? 0 : (b > 31) ? 31 : b);
    default:
        return edgec_divide(a, b, calculation);
    }
}

#endif
