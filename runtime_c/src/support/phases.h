/// How a transposed convolution's output falls into phases: places that the same taps meet.
#ifndef EDGEC_SUPPORT_PHASES_H
#define EDGEC_SUPPORT_PHASES_H

#include <stdint.h>

/// Along one axis: how many taps a phase has, and how many the phases before it have in all. Tap i
/// of a phase meets the input i places before the one below the output.
typedef struct {
    int32_t count;
    int32_t before;
} edgec_taps_t;

/// Taps number `phase`, `phase` + stride, ... of `extent`.
static inline edgec_taps_t edgec_taps(int32_t extent, int32_t stride, int32_t phase)
{
    const int32_t whole = extent / stride;
    const int32_t rest = extent % stride;
    const edgec_taps_t taps = {whole + ((phase < rest) ? 1 : 0),
                               whole * phase + ((phase < rest) ? phase : rest)};
    return taps;
}

#endif
