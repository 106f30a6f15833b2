#include "edgec_kernels.h"
#include "support/requantize.h"

/// Sum of one window: input values (offset added) times the weights of one output channel.
static int32_t accumulate(const edgec_dims_t *input_dims, const int8_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          const edgec_window_t *window, int32_t input_offset, int32_t row,
                          int32_t column, int32_t first_channel)
{
    int32_t total = 0;
    for (int32_t kh = 0; kh < weight_dims->h; kh++) {
        const int32_t y = row + kh * window->dilation_h;
        for (int32_t kw = 0; kw < weight_dims->w; kw++) {
            const int32_t x = column + kw * window->dilation_w;
            if (y < 0 || y >= input_dims->h || x < 0 || x >= input_dims->w) {
                continue; /* padding is the zero point: nothing to add */
            }
            const int8_t *pixel = input + (y * input_dims->w + x) * input_dims->c + first_channel;
            const int8_t *tap = weights + (kh * weight_dims->w + kw) * weight_dims->c;
            for (int32_t c = 0; c < weight_dims->c; c++) {
                total += (pixel[c] + input_offset) * tap[c];
            }
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
    const int32_t weights_per_channel = weight_dims->h * weight_dims->w * weight_dims->c;
    const int32_t channels_per_group = weight_dims->n / (input_dims->c / weight_dims->c);
    for (int32_t o = 0; o < weight_dims->n; o++) {
        const int32_t first_channel = (o / channels_per_group) * weight_dims->c;
        int32_t total = accumulate(input_dims, input, weight_dims, weights + o * weights_per_channel,
                                   window, input_offset, row, column, first_channel);
        total += (bias != NULL) ? bias[o] : 0;
        total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
        output[o] = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
    }
}

/// Two-dimensional convolution, int8, weights OHWI with one multiplier and shift per output channel.
/// input_offset is minus the input's zero point. Groups follow from the channel counts.
/// Cost: one multiply-accumulate per weight and output pixel, one requantization per output.
void edgec_conv2d_s8(const edgec_dims_t *input_dims, const int8_t *input,
                     const edgec_dims_t *weight_dims, const int8_t *weights, const int32_t *bias,
                     const edgec_window_t *window, const int32_t *multipliers,
                     const int32_t *shifts, int32_t input_offset, int32_t output_offset,
                     const edgec_clamp_t *clamp, const edgec_dims_t *output_dims, int8_t *output)
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
