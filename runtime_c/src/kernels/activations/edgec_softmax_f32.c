#include "edgec_kernels.h"

#include <math.h>

/// Rows of floats: exp(beta * value) / sum of exp(beta * value), with the row's maximum taken off
/// first. Cost: an expf and a division per value.
void edgec_softmax_f32(const float *values, int32_t rows, int32_t size, float beta, float *output)
{
    for (int32_t row = 0; row < rows; row++) {
        float largest = values[0];
        for (int32_t i = 1; i < size; i++) {
            largest = (values[i] > largest) ? values[i] : largest;
        }
        float sum = 0.0F;
        for (int32_t i = 0; i < size; i++) {
            output[i] = expf((values[i] - largest) * beta);
            sum += output[i];
        }
        for (int32_t i = 0; i < size; i++) {
            output[i] = output[i] / sum;
        }
        values += size;
        output += size;
    }
}
