#include "edgec_kernels.h"
#include "support/element_s8.h"

/// max(a, b) or min(a, b), int8; support/bodies/extremum.h says how.
void edgec_extremum_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                       const edgec_dims_t *step_b, const int8_t *b, int32_t largest, int8_t *output);

#include "support/bodies/extremum.h"
