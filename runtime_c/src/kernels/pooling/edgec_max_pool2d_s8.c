#include "edgec_kernels.h"
#include "support/requantize.h"
#include "support/span.h"

/// Largest value of one channel over the inside part of a window.
static int32_t largest(const edgec_dims_t *input_dims, const int8_t *input, edgec_span_t rows,
                       edgec_span_t columns)
{
    int32_t best = INT8_MIN;
    for (int32_t y = rows.first; y < rows.end; y += rows.step) {
        for (int32_t x = columns.first; x < columns.end; x += columns.step) {
            const int32_t value = input[(y * input_dims->w + x) * input_dims->c];
            best = (value > best) ? value : best;
        }
    }
    return best;
}

/// Maximum pooling over H and W, int8; input and output share one quantization. Padding never
/// wins. kernel_h and kernel_w are the window's taps.
/// Cost: one comparison per tap.
void edgec_max_pool2d_s8(const edgec_dims_t *input_dims, const int8_t *input, int32_t kernel_h,
                         int32_t kernel_w, const edgec_window_t *window,
                         const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                         int8_t *output)
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
                    const int32_t value = largest(input_dims, input + c, rows, columns);
                    *output++ = (int8_t)edgec_clamp(value, clamp->min, clamp->max);
                }
            }
        }
        input += input_size;
    }
}
