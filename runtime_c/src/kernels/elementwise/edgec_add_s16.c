#include "edgec_kernels.h"
#include "support/element_s16.h"

#define EDGEC_LEFT_SHIFT 15

/// a + b or a - b, int16; support/bodies/add.h says how.
void edgec_add_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                  const edgec_dims_t *step_b, const int16_t *b, const edgec_sum_t *sum,
                  int16_t *output);

#include "support/bodies/add.h"
