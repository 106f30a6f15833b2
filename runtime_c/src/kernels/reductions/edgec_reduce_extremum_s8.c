#include "edgec_kernels.h"
#include "support/element_s8.h"

/// Largest or smallest elements along axes, int8; support/bodies/reduce_extremum.h says how.
void edgec_reduce_extremum_s8(int32_t outer, int32_t rows, int32_t middle, int32_t columns,
                              int32_t inner, int32_t largest, const int8_t *input, int8_t *output);

#include "support/bodies/reduce_extremum.h"
