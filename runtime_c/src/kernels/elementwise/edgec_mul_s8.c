#include "edgec_kernels.h"
#include "support/element_s8.h"

/// a * b, int8; support/bodies/mul.h says how.
void edgec_mul_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                  const edgec_dims_t *step_b, const int8_t *b, const edgec_product_t *product,
                  int8_t *output);

#include "support/bodies/mul.h"
