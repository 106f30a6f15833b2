#include "edgec_kernels.h"
#include "support/layer_s16.h"

/// Sum of one window of one channel; input and weights point to the channel. Padding is 0.
static int64_t accumulate(const edgec_dims_t *input_dims, const int16_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          const edgec_window_t *window, int32_t row, int32_t column)
{
    int64_t total = 0;
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
            const int32_t value = input[(y * input_dims->w + x) * input_dims->c];
            total += value * weights[(kh * weight_dims->w + kw) * weight_dims->c];
        }
    }
    return total;
}

/// Depthwise convolution, int16 with int8 weights 1 x H x W x (channels * multiplier). The channel
/// multiplier follows from the channel counts.
/// Cost: one multiply-accumulate (64 bits) per tap and output, one requantization per output.
void edgec_depthwise_conv2d_s16(const edgec_dims_t *input_dims, const int16_t *input,
                                const edgec_dims_t *weight_dims, const int8_t *weights,
                                const edgec_window_t *window, const edgec_layer_s16_t *layer,
                                const edgec_dims_t *output_dims, int16_t *output)
{
    const int32_t multiplier = weight_dims->c / input_dims->c;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const int32_t row = h * window->stride_h - window->pad_h;
            for (int32_t w = 0; w < output_dims->w; w++) {
                const int32_t column = w * window->stride_w - window->pad_w;
                for (int32_t o = 0; o < weight_dims->c; o++) {
                    const int64_t total = accumulate(input_dims, input + o / multiplier,
                                                     weight_dims, weights + o, window, row, column);
                    *output++ = edgec_layer_output_s16(layer, total, o);
                }
            }
        }
        input += input_dims->h * input_dims->w * input_dims->c;
    }
}
