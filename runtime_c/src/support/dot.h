/// Scalar products of int8 rows with int16 columns, two by two: each value loaded serves two products.
/// Cores with SIMD instructions for 16 bits multiply two values at a time.
#ifndef EDGEC_SUPPORT_DOT_H
#define EDGEC_SUPPORT_DOT_H

#include <stdint.h>

/// Armv6-M has registers for two sums at a time, and only outside of other loops.
#ifdef __ARM_ARCH_6M__
#define EDGEC_APART static __attribute__((noinline, unused))
#else
#define EDGEC_APART static inline
#endif

#ifdef __ARM_FEATURE_SIMD32
#include <arm_acle.h>
#include <string.h>

static inline int32_t edgec_word(const void *from)
{
    int32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}
#endif

/// Brings `depth` values into the order in which edgec_dot reads columns: of every four, the middle
/// two change places where the core unpacks int8 that way. Twice is once too often.
static inline void edgec_arrange(int16_t *column, int32_t depth)
{
#ifdef __ARM_FEATURE_SIMD32
    for (int32_t k = 0; k + 4 <= depth; k += 4) {
        const int16_t second = column[k + 1];
        column[k + 1] = column[k + 2];
        column[k + 2] = second;
    }
#else
    (void)column;
    (void)depth;
#endif
}

/// Copies `count` values, adding `offset`. Where `arranged` is 1, groups of four get the order of
/// edgec_arrange: of pieces whose lengths are multiples of four, the whole then has it.
static inline void edgec_widen(const int8_t *from, int32_t count, int32_t offset, int arranged,
                               int16_t *to)
{
#ifdef __ARM_FEATURE_SIMD32
    const int16x2_t offsets = (int16x2_t)((uint32_t)(uint16_t)offset * 0x10001U);
    for (; arranged != 0 && count >= 4; count -= 4) {
        const int8x4_t four = edgec_word(from);
        const int16x2_t even = __sadd16(__sxtb16(four), offsets);
        const int16x2_t odd = __sadd16(__sxtb16(four >> 8), offsets);
        memcpy(to, &even, sizeof even);
        memcpy(to + 2, &odd, sizeof odd);
        from += 4;
        to += 4;
    }
#else
    (void)arranged;
#endif
    for (; count > 0; count--) {
        *to++ = (int16_t)(*from++ + offset);
    }
}

/// sums = {a * x, a * y}, each over `depth` values; columns x and y are arranged.
EDGEC_APART void edgec_dot_row(const int8_t *a, const int16_t *x, const int16_t *y, int32_t depth,
                               int32_t *sums)
{
    int32_t ax = 0;
    int32_t ay = 0;
#ifdef __ARM_FEATURE_SIMD32
    for (; depth >= 4; depth -= 4) {
        const int8x4_t a4 = edgec_word(a);
        const int16x2_t a_low = __sxtb16(a4);
        const int16x2_t a_high = __sxtb16(a4 >> 8);
        ax = __smlad(a_low, edgec_word(x), __smlad(a_high, edgec_word(x + 2), ax));
        ay = __smlad(a_low, edgec_word(y), __smlad(a_high, edgec_word(y + 2), ay));
        a += 4;
        x += 4;
        y += 4;
    }
#endif
    for (; depth > 0; depth--) {
        ax += *a * *x++;
        ay += *a++ * *y++;
    }
    sums[0] = ax;
    sums[1] = ay;
}

/// sums = {a * x, a * y, b * x, b * y}: the same of two rows.
static inline void edgec_dot(const int8_t *a, const int8_t *b, const int16_t *x, const int16_t *y,
                             int32_t depth, int32_t *sums)
{
#ifdef __ARM_ARCH_6M__
    edgec_dot_row(a, x, y, depth, sums);
    edgec_dot_row(b, x, y, depth, sums + 2);
#else
    int32_t ax = 0;
    int32_t bx = 0;
    int32_t ay = 0;
    int32_t by = 0;
#ifdef __ARM_FEATURE_SIMD32
    for (; depth >= 4; depth -= 4) {
        const int8x4_t a4 = edgec_word(a);
        const int8x4_t b4 = edgec_word(b);
        const int16x2_t x_low = edgec_word(x);
        const int16x2_t y_low = edgec_word(y);
        const int16x2_t x_high = edgec_word(x + 2);
        const int16x2_t y_high = edgec_word(y + 2);
        const int16x2_t a_low = __sxtb16(a4);
        const int16x2_t b_low = __sxtb16(b4);
        const int16x2_t a_high = __sxtb16(a4 >> 8);
        const int16x2_t b_high = __sxtb16(b4 >> 8);
        ax = __smlad(a_low, x_low, __smlad(a_high, x_high, ax));
        bx = __smlad(b_low, x_low, __smlad(b_high, x_high, bx));
        ay = __smlad(a_low, y_low, __smlad(a_high, y_high, ay));
        by = __smlad(b_low, y_low, __smlad(b_high, y_high, by));
        a += 4;
        b += 4;
        x += 4;
        y += 4;
    }
#endif
    for (; depth > 0; depth--) {
        ax += *a * *x;
        bx += *b * *x;
        ay += *a++ * *y;
        by += *b++ * *y;
        x++;
        y++;
    }
    sums[0] = ax;
    sums[1] = ay;
    sums[2] = bx;
    sums[3] = by;
#endif
}

/// The same as edgec_dot in 64 bits. Of int16 with int8 the sums of 256 products fit 32 bits.
static inline void edgec_dot_wide(const int8_t *a, const int8_t *b, const int16_t *x,
                                  const int16_t *y, int32_t depth, int64_t *sums)
{
    for (int32_t i = 0; i < 4; i++) {
        sums[i] = 0;
    }
    for (int32_t k = 0; k < depth; k += 256) {
        int32_t part[4];
        edgec_dot(a + k, b + k, x + k, y + k, (depth - k < 256) ? depth - k : 256, part);
        for (int32_t i = 0; i < 4; i++) {
            sums[i] += part[i];
        }
    }
}

#endif
