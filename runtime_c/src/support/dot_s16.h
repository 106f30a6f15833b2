/// Scalar products of int16 in 64 bits: one row with two columns.
#ifndef EDGEC_SUPPORT_DOT_S16_H
#define EDGEC_SUPPORT_DOT_S16_H

#include <stdint.h>

#ifdef __ARM_FEATURE_SIMD32
#include <arm_acle.h>
#include <string.h>
#endif

/// sums = {a * x, a * y}, each over `depth` values.
static inline void edgec_dot_s16(const int16_t *a, const int16_t *x, const int16_t *y,
                                 int32_t depth, int64_t *sums)
{
    int64_t ax = 0;
    int64_t ay = 0;
#ifdef __ARM_FEATURE_SIMD32
    for (; depth >= 2; depth -= 2) {
        int16x2_t a2;
        int16x2_t x2;
        int16x2_t y2;
        memcpy(&a2, a, sizeof a2);
        memcpy(&x2, x, sizeof x2);
        memcpy(&y2, y, sizeof y2);
        ax = __smlald(a2, x2, ax);
        ay = __smlald(a2, y2, ay);
        a += 2;
        x += 2;
        y += 2;
    }
#endif
    for (; depth > 0; depth--) {
        ax += *a * *x++;
        ay += *a++ * *y++;
    }
    sums[0] = ax;
    sums[1] = ay;
}

#endif
