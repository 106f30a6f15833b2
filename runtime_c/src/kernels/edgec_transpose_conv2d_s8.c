#include "edgec_kernels.h"
#include "support/requantize.h"

/// Along one axis: which taps of the kernel meet one output pixel, and the input pixel of each. Taps
/// are `stride` apart; their input pixels go down by one.
typedef struct {
    int32_t tap;
    int32_t pixel;
    int32_t count;
    int32_t stride;
} meeting_t;

/// Taps that meet place (on the uncropped output) inside an input of `extent`.
static meeting_t meet(int32_t place, int32_t stride, int32_t taps, int32_t extent)
{
    const int32_t first = place % stride;
    const int32_t pixel = place / stride;
    const int32_t outside = (pixel < extent) ? 0 : pixel - extent + 1;
    const int32_t last_tap = (taps - 1 - first + stride) / stride; /* one past */
    const int32_t end = (last_tap < pixel + 1) ? last_tap : pixel + 1;
    const meeting_t result = {first + outside * stride, pixel - outside, end - outside, stride};
    return result;
}

/// Sum of the input pixels times the weights of one output channel that meet one output pixel.
static int32_t accumulate(const edgec_dims_t *input_dims, const int8_t *input, int32_t kernel_width,
                          const int8_t *weights, const meeting_t *rows, const meeting_t *columns,
                          int32_t input_offset)
{
    const int32_t channels = input_dims->c;
    int32_t total = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        const int32_t row = (rows->pixel - i) * input_dims->w + columns->pixel;
        const int32_t taps = (rows->tap + i * rows->stride) * kernel_width + columns->tap;
        for (int32_t j = 0; j < columns->count; j++) {
            const int8_t *pixel = input + (row - j) * channels;
            const int8_t *tap = weights + (taps + j * columns->stride) * channels;
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
    const int32_t lines = output_dims->n * output_dims->h;
    for (int32_t line = 0; line < lines; line++) {
        const int32_t n = line / output_dims->h;
        const int8_t *image = input + n * input_dims->h * input_dims->w * input_dims->c;
        const int32_t row = line - n * output_dims->h + window->pad_h;
        const meeting_t rows = meet(row, window->stride_h, weight_dims->h, input_dims->h);
        for (int32_t w = 0; w < output_dims->w; w++) {
            const meeting_t columns =
                meet(w + window->pad_w, window->stride_w, weight_dims->w, input_dims->w);
            for (int32_t o = 0; o < output_dims->c; o++) {
                int32_t total = accumulate(input_dims, image, weight_dims->w,
                                           weights + o * per_channel, &rows, &columns,
                                           input_offset);
                total += (bias != NULL) ? bias[o] : 0;
                total = edgec_requantize(total, multipliers[o], shifts[o]) + output_offset;
                *output++ = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
            }
        }
    }
}
