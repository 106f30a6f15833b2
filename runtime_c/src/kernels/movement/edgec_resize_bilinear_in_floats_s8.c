#include "edgec_kernels.h"

/// One of four pixels, times its weights. The sum of four must not be fused with these products,
/// which compilers do unless told not to: each is rounded to float32 by itself.
static float part(int32_t pixel, float above, float beside)
{
    const volatile float product = (float)(pixel + 128) * above * beside;
    return product;
}

/// Bilinear resizing of images [batch][height][width][channels] of int8 that was uint8, 128 more, in
/// the model's file: in float32, halves up. rows and columns hold the input's lower and upper one for
/// each row or column of the output, row_weights and column_weights the weight of the upper one.
/// Cost: four multiply-accumulates of floats per output.
void edgec_resize_bilinear_in_floats_s8(const edgec_dims_t *input_dims, const int8_t *input,
                                        const int32_t *rows, const float *row_weights,
                                        const int32_t *columns, const float *column_weights,
                                        const edgec_dims_t *output_dims, int8_t *output)
{
    const int32_t channels = input_dims->c;
    const int32_t width = input_dims->w * channels;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const int8_t *top = input + rows[2 * h] * width;
            const int8_t *bottom = input + rows[2 * h + 1] * width;
            const float down = row_weights[h];
            for (int32_t w = 0; w < output_dims->w; w++) {
                const int32_t left = columns[2 * w] * channels;
                const int32_t right = columns[2 * w + 1] * channels;
                const float across = column_weights[w];
                for (int32_t c = 0; c < channels; c++) {
                    float sum = part(top[left + c], 1.0F - down, 1.0F - across);
                    sum += part(bottom[left + c], down, 1.0F - across);
                    sum += part(top[right + c], 1.0F - down, across);
                    sum += part(bottom[right + c], down, across);
                    *output++ = (int8_t)((int32_t)(sum + 0.5F) - 128);
                }
            }
        }
        input += input_dims->h * width;
    }
}
