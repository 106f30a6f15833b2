/// A border around an int8 or int16 tensor.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_PAD_H
#define EDGEC_SUPPORT_BODIES_PAD_H

#include "edgec/edgec.h"

#include <string.h>

/// Puts a border of the value fill around a tensor; before is its width in front of each axis.
/// The kernel defines edgec_fill. Cost: every output element is written, the inner ones twice.
void EDGEC_KERNEL(pad)(const edgec_dims_t *input_dims, const edgec_element_t *input,
                       const edgec_dims_t *before, int32_t fill, const edgec_dims_t *output_dims,
                       edgec_element_t *output)
{
    const edgec_dims_t *y = output_dims;
    edgec_fill(output, y->n * y->h * y->w * y->c, fill);
    for (int32_t n = 0; n < input_dims->n; n++) {
        for (int32_t h = 0; h < input_dims->h; h++) {
            const int32_t row = (n + before->n) * y->h + h + before->h;
            edgec_element_t *to = output + (row * y->w + before->w) * y->c + before->c;
            for (int32_t w = 0; w < input_dims->w; w++) {
                (void)memcpy(to, input, (size_t)input_dims->c * sizeof *to);
                input += input_dims->c;
                to += y->c;
            }
        }
    }
}

#endif
