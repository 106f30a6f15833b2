#include "edgec_kernels.h"

#include <string.h>

/// Puts a border of the value fill around an int16 tensor; before is its width in front of each axis.
/// Cost: every output element is written, the inner ones twice.
void edgec_pad_s16(const edgec_dims_t *input_dims, const int16_t *input, const edgec_dims_t *before,
                   int32_t fill, const edgec_dims_t *output_dims, int16_t *output)
{
    const edgec_dims_t *y = output_dims;
    const int32_t size = y->n * y->h * y->w * y->c;
    for (int32_t i = 0; i < size; i++) {
        output[i] = (int16_t)fill;
    }
    for (int32_t n = 0; n < input_dims->n; n++) {
        for (int32_t h = 0; h < input_dims->h; h++) {
            const int32_t row = (n + before->n) * y->h + h + before->h;
            int16_t *to = output + (row * y->w + before->w) * y->c + before->c;
            for (int32_t w = 0; w < input_dims->w; w++) {
                (void)memcpy(to, input, (size_t)input_dims->c * sizeof *to);
                input += input_dims->c;
                to += y->c;
            }
        }
    }
}
