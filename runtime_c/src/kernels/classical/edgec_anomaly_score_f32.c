#include "edgec_kernels.h"
#include "support/fixed_floats.h"
#include "support/fixed_point_exp.h"
#include "support/shifted.h"

enum { FRACTION = 20, POWER = 26 };

/// offset * 2^-31 - exp(-rate * 2^rate_unit * x) of floats of 0 or more, computed in integers.
/// Cost: an exponential per value.
void edgec_anomaly_score_f32(const float *values, int32_t count, int32_t rate, int32_t rate_unit,
                             int32_t offset, float *output)
{
    const int32_t *x = (const int32_t *)(const void *)values;
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t i = 0; i < count; i++) {
        const int64_t fixed = edgec_fixed_of(x[i], FRACTION, INT32_MAX);
        const int64_t wide = ((fixed < 0) ? 0 : fixed) * rate;
        const int64_t power = edgec_shifted(wide, rate_unit + POWER - FRACTION, INT32_MAX);
        y[i] = edgec_float_of((int64_t)offset - edgec_exp_of_negative((int32_t)-power), -31);
    }
}
