#include "edgec_kernels.h"
#include "support/element_s32.h"

/// a where a condition holds, else b, int32; support/bodies/select.h says how.
void edgec_select_s32(const edgec_dims_t *dims, const edgec_dims_t *step_condition,
                     const uint8_t *condition, const edgec_dims_t *step_a, const void *a,
                     const edgec_dims_t *step_b, const void *b, void *output);

#include "support/bodies/select.h"
