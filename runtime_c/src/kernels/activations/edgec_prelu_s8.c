#include "edgec_kernels.h"
#include "support/element_s8.h"

/// a where it is not negative, else a * b, int8; support/bodies/prelu.h says how.
void edgec_prelu_s8(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int8_t *a,
                    const edgec_dims_t *step_b, const int8_t *b, const edgec_product_t *how,
                    const edgec_scale_t *above, int8_t *output);

#include "support/bodies/prelu.h"
