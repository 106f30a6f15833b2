#include "edgec_kernels.h"

#define AXES 6

/// Permutes axes of elements or runs of block bytes. axes holds the output's extents, and for each
/// of these axes the stride in bytes that it has in the input.
/// Cost: one pass over the bytes, some 10 instructions per block on top.
void edgec_transpose(const edgec_axes_t *axes, int32_t block, const void *input, void *output)
{
    int32_t index[AXES] = {0};
    const unsigned char *from = (const unsigned char *)input;
    unsigned char *to = (unsigned char *)output;
    int32_t axis = 0;
    while (axis >= 0) {
        for (int32_t i = 0; i < block; i++) {
            *to++ = from[i];
        }
        axis = AXES - 1;
        while (axis >= 0) {
            from += axes->stride[axis];
            index[axis]++;
            if (index[axis] < axes->extent[axis]) {
                break;
            }
            from -= axes->stride[axis] * axes->extent[axis];
            index[axis] = 0;
            axis--;
        }
    }
}
