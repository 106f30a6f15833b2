#include "edgec_kernels.h"
#include "support/element_s16.h"

/// The first elements of rows in order, and their places, int16; support/bodies/top_k.h says how.
void edgec_top_k_s16(int32_t rows, int32_t extent, int32_t count, int32_t smallest,
                    const int16_t *input, int16_t *values, int32_t *places);

#include "support/bodies/top_k.h"
