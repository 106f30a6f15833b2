#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Average pooling over H and W, int16; support/bodies/average_pool2d.h says how.
void edgec_average_pool2d_s16(const edgec_dims_t *input_dims, const int16_t *input, int32_t kernel_h,
                             int32_t kernel_w, const edgec_window_t *window,
                             const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                             int16_t *output);

#include "support/bodies/average_pool2d.h"
