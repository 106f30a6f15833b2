#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Mean 0 and variance 1 over axes, int16; support/bodies/normalization.h says how.
void edgec_normalization_s16(const edgec_axes_t *walk, const int16_t *input,
                            const edgec_scale_t *epsilon, int32_t variance_shift,
                            int32_t inverse_bits, const int32_t *gains, const int32_t *offsets,
                            int32_t offset_shift, int32_t result_bits, int16_t *output);

#include "support/bodies/normalization.h"
