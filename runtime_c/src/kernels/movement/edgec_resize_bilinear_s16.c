#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Bilinear resizing, int16; support/bodies/resize_bilinear.h says how.
void edgec_resize_bilinear_s16(const edgec_dims_t *input_dims, const int16_t *input,
                              const int32_t *rows, const int32_t *columns,
                              const edgec_dims_t *output_dims, int16_t *output);

#include "support/bodies/resize_bilinear.h"
