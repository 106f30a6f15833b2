#include "edgec_kernels.h"
#include "support/requantize.h"

/// Sum of one window of one channel: input values (offset added) times weights.
/// input and weights point to the channel; padding is the zero point and adds nothing.
static int32_t accumulate(const edgec_dims_t *input_dims, const int8_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          const edgec_window_t *window, int32_t input_offset, int32_t row,
                          int32_t column)
{
    int32_t total = 0;
    for (int32_t kh = 0; kh < weight_dims->h; kh++) {
        const int32_t y = row + kh * window->dilation_h;
        if (y < 0 || y >= input_dims->h) {
            continue;
        }
        for (int32_t kw = 0; kw < weight_dims->w; kw++) {
            const int32_t x = column + kw * window->dilation_w;
            if (x < 0 || x >= input_dims->w) {
                continue;
            }
            const int32_t value = input[(y * input_dims->w + x) * input_dims->c] + input_offset;
            total += value * weights[(kh * weight_dims->w + kw) * weight_dims->c];
        }
    }
    return total;
}

/// All output channels of one output pixel.
static void convolve_pixel(const edgec_dims_t *input_dims, const int8_t *input,
                           const edgec_dims_t *weight_dims, const int8_t *weights,
                           const int32_t *bias, const edgec_window_t *window,
                           const int32_t *multipliers, const int32_t *shifts,
                           int32_t input_offset, int32_t output_offset, const edgec_clamp_t *clamp,
                           int32_t row, int32_t column, int8_t *output)
{
    const int32_t multiplier = weight_dims->c / input_dims->c;
    for (int32_t o = 0; o < weight_dims->c; o++) {
        int32_t total = accumulate(input_dims, input + o / multiplier, weight_dims, weights + o,
                                   window, input_offset, row, column);
        total += (bias != NULL) ? bias[o] : 0;
        total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
        output[o] = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
    }
}

/// Depthwise convolution, int8, weights 1 x H x W x (channels * multiplier), one multiplier and
/// shift per output channel. input_offset is minus the input's zero point. The channel multiplier
/// follows from the channel counts.
/// Cost: one multiply-accumulate per tap and output element, one requantization per output.
void edgec_depthwise_conv2d_s8(const edgec_dims_t *input_dims, const int8_t *input,
                               const edgec_dims_t *weight_dims, const int8_t *weights,
                               const int32_t *bias, const edgec_window_t *window,
                               const int32_t *multipliers, const int32_t *shifts,
                               int32_t input_offset, int32_t output_offset,
                               const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                               int8_t *output)
{
    const int32_t input_size = input_dims->h * input_dims->w * input_dims->c;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const int32_t row = h * window->stride_h - window->pad_h;
            for (int32_t w = 0; w < output_dims->w; w++) {
                const int32_t column = w * window->stride_w - window->pad_w;
                convolve_pixel(input_dims, input + n * input_size, weight_dims, weights, bias,
                               window, multipliers, shifts, input_offset, output_offset, clamp,
                               row, column, output);
                output += output_dims->c;
            }
        }
    }
}
