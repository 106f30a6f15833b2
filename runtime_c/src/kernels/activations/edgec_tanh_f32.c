#include "edgec_kernels.h"

#include <math.h>

/// tanh of `count` floats. Cost: a tanhf per value.
void edgec_tanh_f32(const float *values, int32_t count, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = tanhf(values[i]);
    }
}
