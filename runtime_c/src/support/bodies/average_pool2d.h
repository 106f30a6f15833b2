/// Average pooling of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first. One that rounds halves up defines
/// EDGEC_HALVES_UP, its own name.
#ifndef EDGEC_SUPPORT_BODIES_AVERAGE_POOL2D_H
#define EDGEC_SUPPORT_BODIES_AVERAGE_POOL2D_H

#include "edgec/edgec.h"
#include "support/requantize.h"
#include "support/span.h"

#ifdef EDGEC_HALVES_UP
#define EDGEC_AVERAGE_POOL EDGEC_HALVES_UP
#else
#define EDGEC_AVERAGE_POOL EDGEC_KERNEL(average_pool2d)
#endif

/// Mean of one channel over the inside part of a window, halves rounded away from zero, or up.
static inline int32_t edgec_window_mean(const edgec_dims_t *input_dims,
                                        const edgec_element_t *input, edgec_span_t rows,
                                        edgec_span_t columns)
{
    int32_t total = 0;
    int32_t count = 0;
    for (int32_t y = rows.first; y < rows.end; y += rows.step) {
        for (int32_t x = columns.first; x < columns.end; x += columns.step) {
            total += input[(y * input_dims->w + x) * input_dims->c];
            count++;
        }
    }
#ifdef EDGEC_HALVES_UP
    total -= count * EDGEC_ELEMENT_MIN; /* not negative: division rounds towards zero */
    return (total + count / 2) / count + EDGEC_ELEMENT_MIN;
#else
    return (total > 0) ? (total + count / 2) / count : (total - count / 2) / count;
#endif
}

/// Average pooling over H and W; input and output share one quantization. Padding counts
/// neither in sums nor in divisors. kernel_h and kernel_w are the window's taps; every window must
/// cover at least one element.
/// Cost: one addition per tap, one division per output.
void EDGEC_AVERAGE_POOL(const edgec_dims_t *input_dims, const edgec_element_t *input,
                        int32_t kernel_h, int32_t kernel_w, const edgec_window_t *window,
                        const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                        edgec_element_t *output)
{
    const int32_t input_size = input_dims->h * input_dims->w * input_dims->c;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const edgec_span_t rows = edgec_span(h * window->stride_h - window->pad_h, kernel_h,
                                                 window->dilation_h, input_dims->h);
            for (int32_t w = 0; w < output_dims->w; w++) {
                const edgec_span_t columns =
                    edgec_span(w * window->stride_w - window->pad_w, kernel_w, window->dilation_w,
                               input_dims->w);
                for (int32_t c = 0; c < input_dims->c; c++) {
                    const int32_t value = edgec_window_mean(input_dims, input + c, rows, columns);
                    *output++ = (edgec_element_t)edgec_clamp(value, clamp->min, clamp->max);
                }
            }
        }
        input += input_size;
    }
}

#endif
