#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Running sums, int16; support/bodies/cum_sum.h says how.
void edgec_cum_sum_s16(int32_t outer, int32_t count, int32_t inner, int32_t step, int32_t exclusive,
                      int32_t offset, int32_t most, const edgec_scale_t *scale,
                      int32_t output_offset, const int16_t *input, int16_t *output);

#include "support/bodies/cum_sum.h"
