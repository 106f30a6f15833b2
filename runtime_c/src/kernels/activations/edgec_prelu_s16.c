#include "edgec_kernels.h"
#include "support/element_s16.h"

/// a where it is not negative, else a * b, int16; support/bodies/prelu.h says how.
void edgec_prelu_s16(const edgec_dims_t *dims, const edgec_dims_t *step_a, const int16_t *a,
                    const edgec_dims_t *step_b, const int16_t *b, const edgec_product_t *how,
                    const edgec_scale_t *above, int16_t *output);

#include "support/bodies/prelu.h"
