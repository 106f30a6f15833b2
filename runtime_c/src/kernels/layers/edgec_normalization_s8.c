#include "edgec_kernels.h"
#include "support/element_s8.h"

/// Mean 0 and variance 1 over axes, int8; support/bodies/normalization.h says how.
void edgec_normalization_s8(const edgec_axes_t *walk, const int8_t *input,
                            const edgec_scale_t *epsilon, int32_t variance_shift,
                            int32_t inverse_bits, const int32_t *gains, const int32_t *offsets,
                            int32_t offset_shift, int32_t result_bits, int8_t *output);

#include "support/bodies/normalization.h"
