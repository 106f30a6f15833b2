#include "edgec_kernels.h"

#include <math.h>

/// 1 / (1 + exp(-value)) of `count` floats. Cost: an expf and a division per value.
void edgec_logistic_f32(const float *values, int32_t count, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = 1.0F / (1.0F + expf(-values[i]));
    }
}
