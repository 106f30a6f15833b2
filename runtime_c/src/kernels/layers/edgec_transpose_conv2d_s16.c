#include "edgec_kernels.h"
#include "support/dot.h"
#include "support/layer_s16.h"
#include "support/phases.h"
#include <string.h>

/// Copies the input pixels that the taps of one output pixel meet: `columns` of each of `rows`, from
/// the lowest row upwards. Outside the input there is nothing to add.
static void gather(const edgec_dims_t *dims, const int16_t *image, int32_t row, int32_t rows,
                   int32_t column, int32_t columns, int16_t *first)
{
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
            memcpy(patch + skipped * dims->c, image + (y * dims->w + column + skipped) * dims->c,
               (size_t)((end - skipped) * dims->c) * sizeof *patch);
        }
        patch += columns * dims->c;
    }
    edgec_arrange(first, rows * columns * dims->c);
}

/// All channels of `pixels` (1 or 2) outputs from their patches, which lie `depth` apart; `step` is
/// the elements from one output to the other.
static void multiply(const int16_t *patches, int32_t pixels, int32_t depth, const int8_t *weights,
                     const edgec_layer_s16_t *layer, int32_t channels, int32_t step,
                     int16_t *output)
{
    for (int32_t o = 0; o < channels; o += 2) {
        const int32_t wide = (o + 1 < channels) ? 2 : 1;
        const int8_t *row = weights + o * depth;
        int64_t sums[4];
        edgec_dot_wide(row, row + (wide - 1) * depth, patches, patches + (pixels - 1) * depth,
                       depth, sums);
        for (int32_t j = 0; j < wide; j++) {
            for (int32_t i = 0; i < pixels; i++) {
                output[i * step + o + j] = edgec_layer_output_s16(layer, sums[2 * j + i], o + j);
            }
        }
    }
}

/// Transposed convolution, int16 with int8 weights, which lie as those of edgec_transpose_conv2d_s8:
/// for each phase of rows and columns [output channels][rows][columns][channels]. Of window the strides count,
/// and pad_h and pad_w, the rows above and columns left of the output that are cropped. patches holds
/// what the taps of two output pixels meet.
/// Cost: one multiply-accumulate per weight and input pixel, one requantization per output.
void edgec_transpose_conv2d_s16(const edgec_dims_t *input_dims, const int16_t *input,
                                const edgec_dims_t *weight_dims, const int8_t *weights,
                                const edgec_window_t *window, const edgec_layer_s16_t *layer,
                                const edgec_dims_t *output_dims, int16_t *patches, int16_t *output)
{
    const int32_t per_tap = weight_dims->n * weight_dims->c;
    for (int32_t line = 0; line < output_dims->n * output_dims->h; line++) {
        const int32_t n = line / output_dims->h;
        const int16_t *image = input + n * input_dims->h * input_dims->w * input_dims->c;
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
                           columns.count, patches + i * depth);
                }
                multiply(patches, pixels, depth, taps, layer, output_dims->c,
                         window->stride_w * output_dims->c, output + w * output_dims->c);
            }
        }
        output += output_dims->w * output_dims->c;
    }
}
