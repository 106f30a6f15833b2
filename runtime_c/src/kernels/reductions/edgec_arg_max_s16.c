#include "edgec_kernels.h"
#include "support/element_s16.h"

/// Indices of the largest or smallest elements, int16; support/bodies/arg_max.h says how.
void edgec_arg_max_s16(int32_t outer, int32_t count, int32_t inner, const int16_t *input,
                      int32_t sign, int32_t last, int32_t wide, void *output);

#include "support/bodies/arg_max.h"
