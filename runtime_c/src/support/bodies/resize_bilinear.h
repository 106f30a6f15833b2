/// Bilinear resizing of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_RESIZE_BILINEAR_H
#define EDGEC_SUPPORT_BODIES_RESIZE_BILINEAR_H

#include "edgec/edgec.h"

/// Bilinear resizing of images [batch][height][width][channels]. rows and columns hold three
/// numbers for each row or column of the output: the input's lower and upper one, and the weight of
/// the upper one in 1/1024.
/// Cost: four multiply-accumulates per output.
void EDGEC_KERNEL(resize_bilinear)(const edgec_dims_t *input_dims, const edgec_element_t *input,
                                   const int32_t *rows, const int32_t *columns,
                                   const edgec_dims_t *output_dims, edgec_element_t *output)
{
    const int32_t channels = input_dims->c;
    const int32_t width = input_dims->w * channels;
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t h = 0; h < output_dims->h; h++) {
            const edgec_element_t *top = input + rows[3 * h] * width;
            const edgec_element_t *bottom = input + rows[3 * h + 1] * width;
            const int32_t down = rows[3 * h + 2];
            for (int32_t w = 0; w < output_dims->w; w++) {
                const int32_t left = columns[3 * w] * channels;
                const int32_t right = columns[3 * w + 1] * channels;
                const int32_t across = columns[3 * w + 2];
                for (int32_t c = 0; c < channels; c++) {
                    const int32_t upper = top[left + c] * (1024 - across) + top[right + c] * across;
                    const int32_t lower =
                        bottom[left + c] * (1024 - across) + bottom[right + c] * across;
                    const edgec_element_sum_t sum = (edgec_element_sum_t)upper * (1024 - down) +
                                                    (edgec_element_sum_t)lower * down;
                    *output++ =
                        (edgec_element_t)((sum + ((sum > 0) ? (1 << 19) : -(1 << 19))) / (1 << 20));
                }
            }
        }
        input += input_dims->h * width;
    }
}

#endif
