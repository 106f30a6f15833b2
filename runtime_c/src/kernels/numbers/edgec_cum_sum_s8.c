#include "edgec_kernels.h"
#include "support/element_s8.h"

/// Running sums, int8; support/bodies/cum_sum.h says how.
void edgec_cum_sum_s8(int32_t outer, int32_t count, int32_t inner, int32_t step, int32_t exclusive,
                      int32_t offset, int32_t most, const edgec_scale_t *scale,
                      int32_t output_offset, const int8_t *input, int8_t *output);

#include "support/bodies/cum_sum.h"
