/// Sums of four neighbors, int8 or int16: one vector where the core has MVE.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_FOUR_H
#define EDGEC_SUPPORT_FOUR_H

#include "edgec/edgec.h"
#include "support/requantize.h"

/// From sums to outputs: offset is added, scale applied, output_offset added.
typedef struct {
    int32_t offset;
    const edgec_scale_t *scale;
    int32_t output_offset;
} edgec_rounding_t;

#ifdef __ARM_FEATURE_MVE
#include <arm_mve.h>

typedef int32x4_t edgec_four_t;

static inline edgec_four_t edgec_plus_four(edgec_four_t sums, const edgec_element_t *next)
{
    return vaddq_s32(sums, EDGEC_LOAD_FOUR(next));
}

/// Writes the first `count` of four sums as elements.
static inline void edgec_round_four(const int32_t *sums, int32_t count, const edgec_rounding_t *to,
                                    edgec_element_t *output)
{
    const int32_t shift = to->scale->shift;
    const int32_t right = (shift > 0) ? 0 : -shift;
    int32x4_t y = vshlq_r_s32(vaddq_n_s32(vld1q_s32(sums), to->offset), (shift > 0) ? shift : 0);
    y = vqrdmulhq_n_s32(y, to->scale->multiplier);
    // Shifts round halves up: one less is right for negative values, where there is a shift.
    y = vqaddq_s32(y, vshrq_n_s32(vandq_s32(y, vdupq_n_s32(-right)), 31));
    y = vaddq_n_s32(vrshlq_n_s32(y, -right), to->output_offset);
    y = vmaxq_s32(vminq_s32(y, vdupq_n_s32(EDGEC_ELEMENT_MAX)), vdupq_n_s32(EDGEC_ELEMENT_MIN));
    EDGEC_STORE_FOUR(output, y, vctp32q((uint32_t)count));
}
#else
typedef struct {
    int32_t a;
    int32_t b;
    int32_t c;
    int32_t d;
} edgec_four_t;

static inline edgec_four_t edgec_plus_four(edgec_four_t sums, const edgec_element_t *next)
{
    sums.a += next[0];
    sums.b += next[1];
    sums.c += next[2];
    sums.d += next[3];
    return sums;
}

/// Writes the first `count` of four sums as elements.
static inline void edgec_round_four(const int32_t *sums, int32_t count, const edgec_rounding_t *to,
                                    edgec_element_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t y =
            edgec_requantize(sums[i] + to->offset, to->scale->multiplier, to->scale->shift) +
            to->output_offset;
        output[i] = (edgec_element_t)edgec_clamp(y, EDGEC_ELEMENT_MIN, EDGEC_ELEMENT_MAX);
    }
}
#endif

#endif
