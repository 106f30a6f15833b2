#include "edgec_kernels.h"
#include "support/element_s8.h"

/// The first elements of rows in order, and their places, int8; support/bodies/top_k.h says how.
void edgec_top_k_s8(int32_t rows, int32_t extent, int32_t count, int32_t smallest,
                    const int8_t *input, int8_t *values, int32_t *places);

#include "support/bodies/top_k.h"
