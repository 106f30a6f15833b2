#include "edgec_kernels.h"
#include "support/element_s8.h"

#define EDGEC_HALVES_UP edgec_average_pool2d_up_s8

/// Average pooling of int8 with halves rounded up, as uint8 is averaged;
/// support/bodies/average_pool2d.h says how.
void edgec_average_pool2d_up_s8(const edgec_dims_t *input_dims, const int8_t *input,
                                int32_t kernel_h, int32_t kernel_w, const edgec_window_t *window,
                                const edgec_clamp_t *clamp, const edgec_dims_t *output_dims,
                                int8_t *output);

#include "support/bodies/average_pool2d.h"
