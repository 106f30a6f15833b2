#include "edgec_kernels.h"
#include "support/element_s8.h"

#include <string.h>

static inline void edgec_fill(edgec_element_t *output, int32_t count, int32_t value)
{
    (void)memset(output, (int)value, (size_t)count);
}

/// Puts a border around a tensor, int8; support/bodies/pad.h says how.
void edgec_pad_s8(const edgec_dims_t *input_dims, const int8_t *input, const edgec_dims_t *before,
                  int32_t fill, const edgec_dims_t *output_dims, int8_t *output);

#include "support/bodies/pad.h"
