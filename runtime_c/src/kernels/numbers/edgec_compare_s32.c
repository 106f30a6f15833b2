#include "edgec_kernels.h"
#include "support/element_s32.h"

/// Whether a relation of a to b holds, int32; support/bodies/compare.h says how.
void edgec_compare_s32(const edgec_dims_t *dims, const edgec_dims_t *step_a, const void *a,
                      const edgec_dims_t *step_b, const void *b, int32_t relation,
                      uint8_t *output);

#include "support/bodies/compare.h"
