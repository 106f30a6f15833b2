#include "edgec_kernels.h"
#include "support/element_s16.h"

static inline void edgec_fill(edgec_element_t *output, int32_t count, int32_t value)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = (int16_t)value;
    }
}

/// Puts a border around a tensor, int16; support/bodies/pad.h says how.
void edgec_pad_s16(const edgec_dims_t *input_dims, const int16_t *input, const edgec_dims_t *before,
                   int32_t fill, const edgec_dims_t *output_dims, int16_t *output);

#include "support/bodies/pad.h"
