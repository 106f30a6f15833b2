/// The part of a sliding window that lies inside the input, along one axis.
#ifndef EDGEC_SUPPORT_SPAN_H
#define EDGEC_SUPPORT_SPAN_H

#include <stdint.h>

/// Taps [first, end) of a window are inside; they are `step` apart.
typedef struct {
    int32_t first;
    int32_t end;
    int32_t step;
} edgec_span_t;

/// Inside part of a window of `taps` taps at `start` (negative in the padding), `dilation` apart,
/// over `extent` elements.
static inline edgec_span_t edgec_span(int32_t start, int32_t taps, int32_t dilation, int32_t extent)
{
    const int32_t skipped = (start < 0) ? (-start + dilation - 1) / dilation : 0;
    const int32_t reach = start + taps * dilation;
    const edgec_span_t span = {start + skipped * dilation, (reach < extent) ? reach : extent,
                               dilation};
    return span;
}

#endif
