#include "edgec_kernels.h"
#include "support/element_s8.h"

/// Bilinear resizing, int8; support/bodies/resize_bilinear.h says how.
void edgec_resize_bilinear_s8(const edgec_dims_t *input_dims, const int8_t *input,
                              const int32_t *rows, const int32_t *columns,
                              const edgec_dims_t *output_dims, int8_t *output);

#include "support/bodies/resize_bilinear.h"
