#include "edgec_kernels.h"
#include "support/element_s8.h"
#include "support/softmax_rows.h"

/// Softmax of rows of int8; the output has scale 1/256 and zero point -128. scale brings
/// differences to Q5.26; those below smallest count as exp(-infinity). size is at most 4096.
/// Cost: two exponentials (some 20 multiplications each) per element, one reciprocal per row.
void edgec_softmax_s8(const int8_t *input, int32_t rows, int32_t size, const edgec_scale_t *scale,
                      int32_t smallest, int8_t *output)
{
    edgec_softmax_rows(input, rows, size, scale, smallest, output);
}
