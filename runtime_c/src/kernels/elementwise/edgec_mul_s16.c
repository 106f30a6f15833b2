#include "edgec_kernels.h"
#include "support/element_s16.h"

/// a * b, int16; support/bodies/mul.h says how.
void edgec_mul_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                  const edgec_dims_t *step_b, const int16_t *b, const edgec_product_t *product,
                  int16_t *output);

#include "support/bodies/mul.h"
