#include "edgec_kernels.h"
#include "support/layer_s16.h"

/// Sum of one window: input values times the weights of one output channel. Padding is 0.
static int64_t accumulate(const edgec_dims_t *input_dims, const int16_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          const edgec_window_t *window, int32_t row, int32_t column)
{
    int64_t total = 0;
    for (int32_t kh = 0; kh < weight_dims->h; kh++) {
        const int32_t y = row + kh * window->dilation_h;
        for (int32_t kw = 0; kw < weight_dims->w; kw++) {
            const int32_t x = column + kw * window->dilation_w;
            if (y < 0 || y >= input_dims->h || x < 0 || x >= input_dims->w) {
                continue;
            }
            const int16_t *pixel = input + (y * input_dims->w + x) * input_dims->c;
            const int8_t *tap = weights + (kh * weight_dims->w + kw) * weight_dims->c;
            for (int32_t c = 0; c < weight_dims->c; c++) {
                total += pixel[c] * tap[c];
            }
        }
    }
    return total;
}

/// All output channels of one output pixel.
static void convolve_pixel(const edgec_dims_t *input_dims, const int16_t *input,
                           const edgec_dims_t *weight_dims, const int8_t *weights,
                           const edgec_window_t *window, const edgec_layer_s16_t *layer,
                           int32_t row, int32_t column, int16_t *output)
{
    const int32_t weights_per_channel = weight_dims->h * weight_dims->w * weight_dims->c;
    const int32_t channels_per_group = weight_dims->n / (input_dims->c / weight_dims->c);
    for (int32_t o = 0; o < weight_dims->n; o++) {
        const int32_t first_channel = (o / channels_per_group) * weight_dims->c;
        const int64_t total = accumulate(input_dims, input + first_channel, weight_dims,
                                         weights + o * weights_per_channel, window, row, column);
        output[o] = edgec_layer_output_s16(layer, total, o);
    }
}

/// Two-dimensional convolution, int16 with int8 weights OHWI. Groups follow from the channel counts.
/// Cost: one multiply-accumulate (64 bits) per weight and output pixel, one requantization per output.
void edgec_conv2d_s16(const edgec_dims_t *input_dims, const int16_t *input,
                      const edgec_dims_t *weight_dims, const int8_t *weights,
                      const edgec_window_t *window, const edgec_layer_s16_t *layer,
                      const edgec_dims_t *output_dims, int16_t *output)
{
    const int32_t input_size = input_dims->h * input_dims->w * input_dims->c;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const int32_t row = h * window->stride_h - window->pad_h;
            for (int32_t w = 0; w < output_dims->w; w++) {
                const int32_t column = w * window->stride_w - window->pad_w;
                convolve_pixel(input_dims, input + n * input_size, weight_dims, weights, window,
                               layer, row, column, output);
                output += output_dims->c;
            }
        }
    }
}
