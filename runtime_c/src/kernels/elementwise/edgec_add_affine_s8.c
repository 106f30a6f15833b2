#include "edgec_kernels.h"
#include "support/requantize.h"

#ifdef __ARM_FEATURE_SAT
#include <arm_acle.h>
#endif

/// x limited to int8: one instruction where the core has it, which gcc does not find by itself.
static inline int8_t saturated(int32_t x)
{
#ifdef __ARM_FEATURE_SAT
    return (int8_t)__ssat(x, 8);
#else
    return (int8_t)edgec_clamp(x, INT8_MIN, INT8_MAX);
#endif
}

/// One block. An element is written right after it was read, in ascending order: the output may be
/// an operand, and gcc does not gather bytes for a word, which takes longer.
static void add_block(const int8_t *a, const int8_t *b, int32_t size, int32_t ka, int32_t kb,
                      int32_t c, int32_t shift, int8_t *output)
{
    int32_t i = 0;
    for (; i < size - 3; i += 4) {
        output[i] = saturated((c + a[i] * ka + b[i] * kb) >> shift);
        output[i + 1] = saturated((c + a[i + 1] * ka + b[i + 1] * kb) >> shift);
        output[i + 2] = saturated((c + a[i + 2] * ka + b[i + 2] * kb) >> shift);
        output[i + 3] = saturated((c + a[i + 3] * ka + b[i + 3] * kb) >> shift);
    }
    for (; i < size; i++) {
        output[i] = saturated((c + a[i] * ka + b[i] * kb) >> shift);
    }
}

/// What a fused activation limits beyond int8.
static void limit_block(int8_t *row, int32_t size, int32_t min, int32_t max)
{
    for (int32_t i = 0; i < size; i++) {
        row[i] = (int8_t)edgec_clamp(row[i], min, max);
    }
}

/// a + b as (ka * a + kb * b + c) >> shift, limited: numbers for which the compiler has shown that
/// all 65,536 results are TFLite's, and that sums fit 32 bits. The output is `blocks` blocks of
/// `size` elements; from one to the next, a and b are step_a and step_b elements apart, 0 where the
/// operand repeats. Cost: two multiplications per output.
void edgec_add_affine_s8(const int8_t *a, int32_t step_a, const int8_t *b, int32_t step_b,
                         int32_t blocks, int32_t size, int32_t ka, int32_t kb, int32_t c,
                         int32_t shift, int32_t min, int32_t max, int8_t *output)
{
    for (int32_t block = 0; block < blocks; block++) {
        add_block(a, b, size, ka, kb, c, shift, output);
        if (min > INT8_MIN || max < INT8_MAX) {
            limit_block(output, size, min, max);
        }
        a += step_a;
        b += step_b;
        output += size;
    }
}
