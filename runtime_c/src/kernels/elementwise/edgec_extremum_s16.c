#include "edgec_kernels.h"
#include "support/element_s16.h"

/// max(a, b) or min(a, b), int16; support/bodies/extremum.h says how.
void edgec_extremum_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                       const edgec_dims_t *step_b, const int16_t *b, int32_t largest, int16_t *output);

#include "support/bodies/extremum.h"
