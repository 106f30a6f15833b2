#include "edgec_kernels.h"

#include <string.h>

/// Puts a border of the value fill around an int8 tensor; before is its width in front of each axis.
/// Cost: every output byte is written, the inner ones twice.
void edgec_pad_s8(const edgec_dims_t *input_dims, const int8_t *input, const edgec_dims_t *before,
                  int32_t fill, const edgec_dims_t *output_dims, int8_t *output)
{
    const edgec_dims_t *y = output_dims;
    (void)memset(output, (int)fill, (size_t)(y->n * y->h * y->w * y->c));
    for (int32_t n = 0; n < input_dims->n; n++) {
        for (int32_t h = 0; h < input_dims->h; h++) {
            const int32_t row = (n + before->n) * y->h + h + before->h;
            int8_t *to = output + (row * y->w + before->w) * y->c + before->c;
            for (int32_t w = 0; w < input_dims->w; w++) {
                (void)memcpy(to, input, (size_t)input_dims->c);
                input += input_dims->c;
                to += y->c;
            }
        }
    }
}
