#include "edgec_kernels.h"
#include "support/dot.h"
#include "support/phases.h"
#include "support/requantize.h"
#include <string.h>

/// Copies the input pixels that the taps of one output pixel meet: `columns` of each of `rows`, from
/// the lowest row upwards. Outside the input there is nothing to add.
static void gather(const edgec_dims_t *dims, const int8_t *image, int32_t row, int32_t rows,
                   int32_t column, int32_t columns, int32_t input_offset, int16_t *first)
{
    const int arranged = dims->c % 4 == 0;
    const int32_t left = (column < 0) ? -column : 0;
    const int32_t right = (dims->w - column < columns) ? dims->w - column : columns;
    const int32_t skipped = (left < columns) ? left : columns;
    const int32_t end = (right > skipped) ? right : skipped;
    int16_t *patch = first;
    for (int32_t y = row; y > row - rows; y--) {
        if (end - skipped < columns || y < 0 || y >= dims->h) {
            memset(patch, 0, (size_t)(columns * dims->c) * sizeof *patch);
        }
        if (end > skipped && y >= 0 && y < dims->h) {
            edgec_widen(image + (y * dims->w + column + skipped) * dims->c, (end - skipped) * dims->c,
                    input_offset, arranged, patch + skipped * dims->c);
        }
        patch += columns * dims->c;
    }
    if (!arranged) {
        edgec_arrange(first, rows * columns * dims->c);
    }
}

/// All channels of `pixels` (1 or 2) outputs from their patches, which lie `depth` apart; `step` is
/// the elements from one output to the other.
static void multiply(const int16_t *patches, int32_t pixels, int32_t depth, const int8_t *weights,
                     const int32_t *bias, const int32_t *multipliers, const int32_t *shifts,
                     int32_t channels, int32_t output_offset, const edgec_clamp_t *clamp,
                     int32_t step, int8_t *output)
{
    const int16_t *other = patches + (pixels - 1) * depth;
    for (int32_t o = 0; o < channels; o += 2) {
        const int32_t wide = (o + 1 < channels) ? 2 : 1;
        const int8_t *row = weights + o * depth;
        int32_t sums[4];
        if (wide == 2) {
            edgec_dot(row, row + depth, patches, other, depth, sums);
        } else {
            edgec_dot_row(row, patches, other, depth, sums);
        }
        for (int32_t j = 0; j < wide; j++) {
            const int32_t channel = o + j;
            const int32_t start = (bias != NULL) ? bias[channel] : 0;
            for (int32_t i = 0; i < pixels; i++) {
                const int32_t value = edgec_requantize(sums[2 * j + i] + start,
                                                       multipliers[channel], shifts[channel]);
                output[i * step + channel] =
                    (int8_t)edgec_clamp(value + output_offset, clamp->min, clamp->max);
            }
        }
    }
}

/// Transposed convolution, int8 with one multiplier and shift per output channel. weights holds, for
/// each phase of rows and columns (h, w modulo the strides), [output channels][rows][columns][channels],
/// the columns backwards.
/// input_offset is minus the input's zero point. Of window the strides count, and pad_h and pad_w:
/// the rows above and columns left of the output that are cropped. patches holds what the taps of two
/// output pixels meet.
/// Cost: one multiply-accumulate per weight and input pixel, one requantization per output.
void edgec_transpose_conv2d_s8(const edgec_dims_t *input_dims, const int8_t *input,
                               const edgec_dims_t *weight_dims, const int8_t *weights,
                               const int32_t *bias, const edgec_window_t *window,
                               const int32_t *multipliers, const int32_t *shifts,
                               int32_t input_offset, int32_t output_offset,
                               const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                               int16_t *patches, int8_t *output)
{
    const int32_t per_tap = weight_dims->n * weight_dims->c;
    for (int32_t line = 0; line < output_dims->n * output_dims->h; line++) {
        const int32_t n = line / output_dims->h;
        const int8_t *image = input + n * input_dims->h * input_dims->w * input_dims->c;
        const int32_t row = line - n * output_dims->h + window->pad_h;
        const edgec_taps_t rows =
            edgec_taps(weight_dims->h, window->stride_h, row % window->stride_h);
        const int32_t lowest = row / window->stride_h;
        for (int32_t phase = 0; phase < window->stride_w; phase++) {
            const edgec_taps_t columns = edgec_taps(
                weight_dims->w, window->stride_w, (phase + window->pad_w) % window->stride_w);
            const int32_t depth = rows.count * columns.count * weight_dims->c;
            const int8_t *taps =
                weights + (rows.before * weight_dims->w + rows.count * columns.before) * per_tap;
            for (int32_t w = phase; w < output_dims->w; w += 2 * window->stride_w) {
                const int32_t pixels = (w + window->stride_w < output_dims->w) ? 2 : 1;
                const int32_t column = (w + window->pad_w) / window->stride_w - columns.count + 1;
                for (int32_t i = 0; i < pixels; i++) {
                    gather(input_dims, image, lowest, rows.count, column + i,
                           columns.count, input_offset, patches + i * depth);
                }
                multiply(patches, pixels, depth, taps, bias, multipliers, shifts, output_dims->c,
                         output_offset, clamp, window->stride_w * output_dims->c,
                         output + w * output_dims->c);
            }
        }
        output += output_dims->w * output_dims->c;
    }
}
