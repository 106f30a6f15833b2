#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Means along axes, int16; support/bodies/mean.h says how.
void edgec_mean_s16(int32_t outer, int32_t rows, int32_t middle, int32_t columns, int32_t inner,
                   const int16_t *input, int32_t offset, const edgec_scale_t *scale,
                   int32_t output_offset, int16_t *output);

#include "support/bodies/mean.h"
