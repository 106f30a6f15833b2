#include "edgec_kernels.h"

#include <math.h>

/// Rows of floats: value - log(sum of exp(value)), with the row's maximum taken off first.
/// Cost: an expf per value, a logf per row.
void edgec_log_softmax_f32(const float *values, int32_t rows, int32_t size, float *output)
{
    for (int32_t row = 0; row < rows; row++) {
        float largest = values[0];
        for (int32_t i = 1; i < size; i++) {
            largest = (values[i] > largest) ? values[i] : largest;
        }
        float sum = 0.0F;
        for (int32_t i = 0; i < size; i++) {
            sum += expf(values[i] - largest);
        }
        const float log_sum = logf(sum);
        for (int32_t i = 0; i < size; i++) {
            output[i] = values[i] - largest - log_sum;
        }
        values += size;
        output += size;
    }
}
