#include "edgec_kernels.h"
#include "support/element_s8.h"

#define EDGEC_LEFT_SHIFT 20

/// a + b or a - b, int8; support/bodies/add.h says how.
void edgec_add_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                  const edgec_dims_t *step_b, const int8_t *b, const edgec_sum_t *sum,
                  int8_t *output);

#include "support/bodies/add.h"
