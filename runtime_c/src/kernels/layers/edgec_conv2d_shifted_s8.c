#include <string.h>

#include "edgec_kernels.h"
#include "support/dot.h"
#include "support/requantize.h"

/// Copies the inputs of one window and group (offset added, 0 for padding) in the order of
/// edgec_dot; returns their sum.
static int32_t load_window(const edgec_dims_t *input_dims, const int8_t *input,
                           const edgec_dims_t *weight_dims, const edgec_window_t *window,
                           int32_t input_offset, int32_t row, int32_t column, int16_t *values)
{
    int16_t *to = values;
    for (int32_t kh = 0; kh < weight_dims->h; kh++) {
        const int32_t y = row + kh * window->dilation_h;
        for (int32_t kw = 0; kw < weight_dims->w; kw++) {
            const int32_t x = column + kw * window->dilation_w;
            if (y < 0 || y >= input_dims->h || x < 0 || x >= input_dims->w) {
                memset(to, 0, (size_t)weight_dims->c * sizeof *to);
            } else {
                const int8_t *pixel = input + (y * input_dims->w + x) * input_dims->c;
                edgec_widen(pixel, weight_dims->c, input_offset, 0, to);
            }
            to += weight_dims->c;
        }
    }
    int32_t sum = 0;
    for (const int16_t *each = values; each < to; each++) {
        sum += *each;
    }
    edgec_arrange(values, (int32_t)(to - values));
    return sum;
}

/// `outputs` channels of `count` (1 or 2) windows; start is what each window adds to all its sums.
static void multiply(const int16_t *windows, int32_t count, const int32_t *start,
                     const int8_t *weights, int32_t depth, const int32_t *bias,
                     const int32_t *multipliers, const int32_t *shifts, int32_t output_offset,
                     const edgec_clamp_t *clamp, int32_t outputs, int32_t channels, int8_t *output)
{
    const int16_t *other = windows + (count - 1) * depth;
    for (int32_t o = 0; o < outputs; o += 2) {
        const int32_t pair = (o + 1 < outputs) ? 2 : 1;
        int32_t sums[4];
        if (pair == 2) {
            edgec_dot(weights, weights + depth, windows, other, depth, sums);
        } else {
            edgec_dot_row(weights, windows, other, depth, sums);
        }
        for (int32_t i = o; i < o + pair; i++) {
            for (int32_t k = 0; k < count; k++) {
                int32_t total = sums[2 * (i - o) + k] + start[k] + ((bias != NULL) ? bias[i] : 0);
                total = edgec_requantize(total, multipliers[i], shifts[i]) + output_offset;
                output[k * channels + i] = (int8_t)edgec_clamp(total, clamp->min, clamp->max);
            }
        }
        weights += 2 * depth;
    }
}

/// Two-dimensional convolution as edgec_conv2d_s8, of weights with a zero point, of which
/// weight_offset is the negative: the sum of each window's inputs is added, times it.
/// Two output pixels are made at a time; scratch has 2 * H * W * C (of the weights) values.
/// Cost: one multiply-accumulate per weight and output pixel, one requantization per output.
void edgec_conv2d_shifted_s8(const edgec_dims_t *input_dims, const int8_t *input,
                             const edgec_dims_t *weight_dims, const int8_t *weights,
                             int32_t weight_offset, const int32_t *bias,
                             const edgec_window_t *window, const int32_t *multipliers,
                             const int32_t *shifts, int32_t input_offset, int32_t output_offset,
                             const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                             int16_t *scratch, int8_t *output)
{
    const int32_t depth = weight_dims->h * weight_dims->w * weight_dims->c;
    const int32_t image = input_dims->h * input_dims->w * input_dims->c;
    const int32_t pixels = output_dims->h * output_dims->w;
    const int32_t groups = input_dims->c / weight_dims->c;
    const int32_t outputs = weight_dims->n / groups;
    for (int32_t first = 0; first < output_dims->n * pixels; first += 2) {
        const int32_t count = (first + 1 < output_dims->n * pixels) ? 2 : 1;
        for (int32_t group = 0; group < groups; group++) {
            int32_t start[2];
            for (int32_t k = 0; k < count; k++) {
                const int32_t place = (first + k) % pixels;
                const int32_t row = place / output_dims->w * window->stride_h - window->pad_h;
                const int32_t column = place % output_dims->w * window->stride_w - window->pad_w;
                const int8_t *from = input + (first + k) / pixels * image + group * weight_dims->c;
                start[k] = weight_offset * load_window(input_dims, from, weight_dims, window,
                                                       input_offset, row, column,
                                                       scratch + k * depth);
            }
            const int32_t o = group * outputs;
            multiply(scratch, count, start, weights + o * depth, depth,
                     (bias != NULL) ? bias + o : NULL, multipliers + o, shifts + o, output_offset,
                     clamp, outputs, weight_dims->n, output + o);
        }
        output += 2 * weight_dims->n;
    }
}
