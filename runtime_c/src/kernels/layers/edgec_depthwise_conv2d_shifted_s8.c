#include "edgec_kernels.h"
#include "support/requantize.h"
#include "support/span.h"

/// Sum of one window of one channel: input values times weights, offsets added to both.
/// input and weights point to the channel, weights to the first tap that is inside.
static int32_t accumulate(const edgec_dims_t *input_dims, const int8_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          int32_t weight_offset, int32_t input_offset, edgec_span_t rows,
                          edgec_span_t columns)
{
    int32_t total = 0;
    for (int32_t y = rows.first; y < rows.end; y += rows.step) {
        const int8_t *tap = weights;
        for (int32_t x = columns.first; x < columns.end; x += columns.step) {
            const int32_t value = input[(y * input_dims->w + x) * input_dims->c] + input_offset;
            total += value * (*tap + weight_offset);
            tap += weight_dims->c;
        }
        weights += weight_dims->w * weight_dims->c;
    }
    return total;
}

/// Depthwise convolution as edgec_depthwise_conv2d_s8, of weights with a zero point, of which
/// weight_offset is the negative.
/// Cost: one multiply-accumulate per tap and output element, one requantization per output.
void edgec_depthwise_conv2d_shifted_s8(const edgec_dims_t *input_dims, const int8_t *input,
                                       const edgec_dims_t *weight_dims, const int8_t *weights,
                                       int32_t weight_offset, const int32_t *bias,
                                       const edgec_window_t *window, const int32_t *multipliers,
                                       const int32_t *shifts, int32_t input_offset,
                                       int32_t output_offset, const edgec_clamp_t *clamp,
                                       const edgec_dims_t *output_dims, int8_t *output)
{
    const int32_t multiplier = weight_dims->c / input_dims->c;
    const int32_t pixels = output_dims->h * output_dims->w;
    for (int32_t i = 0; i < output_dims->n * pixels; i++) {
        const int32_t row = i % pixels / output_dims->w * window->stride_h - window->pad_h;
        const int32_t column = i % output_dims->w * window->stride_w - window->pad_w;
        const edgec_span_t rows = edgec_span(row, weight_dims->h, window->dilation_h, input_dims->h);
        const edgec_span_t columns =
            edgec_span(column, weight_dims->w, window->dilation_w, input_dims->w);
        const int32_t first_tap = (rows.first - row) / window->dilation_h * weight_dims->w +
                                  (columns.first - column) / window->dilation_w;
        const int8_t *image = input + i / pixels * input_dims->h * input_dims->w * input_dims->c;
        for (int32_t o = 0; o < weight_dims->c; o++) {
            int32_t total = accumulate(input_dims, image + o / multiplier, weight_dims,
                                       weights + first_tap * weight_dims->c + o, weight_offset,
                                       input_offset, rows, columns);
            total += (bias != NULL) ? bias[o] : 0;
            total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
            *output++ = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
        }
    }
}
