#include "edgec_kernels.h"

/// Integers as floats, rounded to the nearest where a float has too few bits.
/// Cost: one conversion per value.
void edgec_int32_to_f32(const int32_t *values, int32_t count, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = (float)values[i];
    }
}
