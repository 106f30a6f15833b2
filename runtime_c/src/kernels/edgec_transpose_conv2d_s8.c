#include "edgec_kernels.h"
#include "support/requantize.h"

/// Sum of all input pixels times weights of one output channel that meet one output pixel. Row and
/// column are the pixel's place on the uncropped output.
static int32_t accumulate(const edgec_dims_t *input_dims, const int8_t *input,
                          const edgec_dims_t *weight_dims, const int8_t *weights,
                          const edgec_window_t *window, int32_t input_offset, int32_t row,
                          int32_t column)
{
    const int32_t channels = input_dims->c;
    int32_t total = 0;
    for (int32_t kh = row % window->stride_h; kh < weight_dims->h && kh <= row;
         kh += window->stride_h) {
        const int32_t y = (row - kh) / window->stride_h;
        if (y >= input_dims->h) {
            continue;
        }
        for (int32_t kw = column % window->stride_w; kw < weight_dims->w && kw <= column;
             kw += window->stride_w) {
            const int32_t x = (column - kw) / window->stride_w;
            if (x >= input_dims->w) {
                continue;
            }
            const int8_t *pixel = input + (y * input_dims->w + x) * channels;
            const int8_t *tap = weights + (kh * weight_dims->w + kw) * channels;
            for (int32_t c = 0; c < channels; c++) {
                total += (pixel[c] + input_offset) * tap[c];
            }
        }
    }
    return total;
}

/// Transposed convolution, int8, weights OHWI with one multiplier and shift per output channel.
/// input_offset is minus the input's zero point. Of window the strides count, and pad_h and pad_w:
/// the rows above and columns left of the output that are cropped.
/// Cost: one multiply-accumulate per weight and input pixel, one requantization per output.
void edgec_transpose_conv2d_s8(const edgec_dims_t *input_dims, const int8_t *input,
                               const edgec_dims_t *weight_dims, const int8_t *weights,
                               const int32_t *bias, const edgec_window_t *window,
                               const int32_t *multipliers, const int32_t *shifts,
                               int32_t input_offset, int32_t output_offset,
                               const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                               int8_t *output)
{
    const int32_t per_channel = weight_dims->h * weight_dims->w * weight_dims->c;
    const int32_t pixels = output_dims->h * output_dims->w;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            const int32_t row = pixel / output_dims->w + window->pad_h;
            const int32_t column = pixel % output_dims->w + window->pad_w;
            for (int32_t o = 0; o < output_dims->c; o++) {
                int32_t total = accumulate(input_dims, input, weight_dims, weights + o * per_channel,
                                           window, input_offset, row, column);
                total += (bias != NULL) ? bias[o] : 0;
                total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
                *output++ = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
            }
        }
        input += input_dims->h * input_dims->w * input_dims->c;
    }
}
