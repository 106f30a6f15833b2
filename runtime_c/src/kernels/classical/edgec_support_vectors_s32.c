#include "edgec_kernels.h"
#include "support/fixed_point_exp.h"
#include "support/shifted.h"

enum { LINEAR, POLY, RBF, SIGMOID, FRACTION = 26 };

static int32_t smaller(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

/// tanh in Q0.31 of x in Q.26: 2 / (1 + exp(-2x)) - 1.
static int32_t tanh_of(int64_t x)
{
    const int64_t twice = 2 * ((x < 0) ? -x : x);
    const int32_t power = edgec_exp_of_negative((int32_t)-((twice > INT32_MAX) ? INT32_MAX : twice));
    const int64_t size = 2 * (int64_t)edgec_one_over_one_plus(power) - ((int64_t)1 << 31);
    const int32_t bounded = (size > INT32_MAX) ? INT32_MAX : (int32_t)size;
    return (x < 0) ? -bounded : bounded;
}

/// gamma * product + offset.
static edgec_scaled_t affine(edgec_scaled_t product, const edgec_kernel_t *kernel)
{
    const int64_t wide = (int64_t)product.mantissa * kernel->gamma;
    const int32_t unit = product.exponent + kernel->gamma_exponent;
    const int32_t top = (unit > kernel->offset_exponent) ? unit : kernel->offset_exponent;
    const int64_t moved = wide >> smaller(top - unit, 62);
    return edgec_scaled(moved + (kernel->offset >> smaller(top - kernel->offset_exponent, 31)), top);
}

static edgec_scaled_t kernel_of(const int32_t *x, const int32_t *vector, int32_t size,
                                const edgec_kernel_t *kernel)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < size; i++) {
        const int64_t from = (kernel->kind == RBF) ? x[i] - vector[i] : x[i];
        sum += from * ((kernel->kind == RBF) ? from : vector[i]);
    }
    edgec_scaled_t result = edgec_scaled(sum, kernel->unit);
    if (kernel->kind == RBF) {
        const int64_t wide = (int64_t)result.mantissa * kernel->gamma;
        const int32_t shift = result.exponent + kernel->gamma_exponent + FRACTION;
        result.mantissa = edgec_exp_of_negative((int32_t)-edgec_shifted(wide, shift, INT32_MAX));
        result.exponent = -31;
        return result;
    }
    if (kernel->kind == LINEAR) {
        return result;
    }
    result = affine(result, kernel);
    if (kernel->kind == SIGMOID) {
        const int64_t limit = (int64_t)1 << 31;
        const int32_t shift = result.exponent + FRACTION;
        result.mantissa = tanh_of(edgec_shifted(result.mantissa, shift, limit));
        result.exponent = -31;
        return result;
    }
    const edgec_scaled_t base = result;
    for (int32_t i = 1; i < kernel->degree; i++) {
        result = edgec_scaled((int64_t)result.mantissa * base.mantissa,
                              result.exponent + base.exponent);
    }
    return result;
}

/// Sums of coefficient * kernel over support vectors, plus rho, for rows of features in fixed point; bits
/// of float32 come out. A vector has `factors` coefficients; `places` has, for each class, the sums they
/// go into, `ends` the number behind its last vector. `scratch` has 8 bytes per sum.
/// Cost: a product of 64 bits per feature and vector, an exponential per vector.
void edgec_support_vectors_s32(const int32_t *features, int32_t rows, int32_t size,
                               const int32_t *vectors, const int32_t *coefficients, int32_t factors,
                               const int32_t *ends, const int32_t *places,
                               const edgec_kernel_t *kernel, const int64_t *rho, int32_t sums,
                               void *scratch, float *output)
{
    int64_t *total = (int64_t *)scratch;
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < sums; i++) {
            total[i] = rho[i];
        }
        const int32_t *vector = vectors;
        const int32_t *factor = coefficients;
        const int32_t *place = places;
        for (int32_t owner = 0, at = 0; owner < kernel->classes; owner++) {
            for (; at < ends[owner]; at++) {
                const edgec_scaled_t value = kernel_of(features, vector, size, kernel);
                const int32_t unit = value.exponent + kernel->coefficient_unit;
                const int32_t distance = kernel->sum_unit - unit;
                for (int32_t i = 0; i < factors; i++) {
                    const int64_t product = (int64_t)value.mantissa * factor[i];
                    total[place[i]] += product >> ((distance < 0) ? 0 : smaller(distance, 62));
                }
                vector += size;
                factor += factors;
            }
            place += factors;
        }
        for (int32_t i = 0; i < sums; i++) {
            y[i] = edgec_float_of(total[i], kernel->sum_unit);
        }
        features += size;
        y += sums;
    }
}
