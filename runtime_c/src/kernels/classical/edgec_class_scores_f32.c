#include "edgec_kernels.h"
#include "support/fixed_floats.h"
#include "support/fixed_point_exp.h"

enum { FRACTION = 26 };
static const int64_t FAR = (int64_t)1 << 61; /* sums are told from each other up to 2^35 */

/// 1 / (1 + exp(-x)).
static int32_t logistic(int32_t bits)
{
    const int64_t fixed = edgec_fixed_of(bits, FRACTION, INT32_MAX);
    const int32_t power = edgec_exp_of_negative((int32_t)((fixed < 0) ? fixed : -fixed));
    const int64_t positive = edgec_one_over_one_plus(power);
    return edgec_float_of((fixed < 0) ? ((int64_t)1 << 31) - positive : positive, -31);
}

/// exp(x - largest) in Q0.31; nothing of a zero that is to be skipped.
static int32_t power(int32_t bits, int64_t largest, int32_t zero)
{
    const int64_t distance = largest - edgec_fixed_of(bits, FRACTION, FAR);
    if ((bits & INT32_MAX) <= zero) {
        return 0;
    }
    return edgec_exp_of_negative((int32_t)((distance > INT32_MAX) ? -INT32_MAX : -distance));
}

/// Softmax of a row in place. Each power is computed twice, so that none has to be kept.
static void softmax(int32_t *scores, int32_t count, int32_t zero)
{
    int64_t largest = INT64_MIN;
    for (int32_t i = 0; i < count; i++) {
        const int64_t fixed = edgec_fixed_of(scores[i], FRACTION, FAR);
        largest = (fixed > largest) ? fixed : largest;
    }
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++) {
        total += power(scores[i], largest, zero);
    }
    total = (total > 0) ? total : 1;
    for (int32_t i = 0; i < count; i++) {
        const int64_t part = (int64_t)power(scores[i], largest, zero) * ((int64_t)1 << 31);
        scores[i] = edgec_float_of((part + (total >> 1)) / total, -31);
    }
}

/// Scores of classes from rows of `count` sums (float32, computed on as integers). `pair` is 0 for as many
/// scores as sums; 1 for 1 - s and s, 2 for -s and s, where s is sum number `column`. `transform` is 0 for
/// none, 1 for softmax, 2 for logistic, 3 for softmax without what is within `zero` (bits) of 0.
/// NaN counts as 0. Cost: two exponentials per score for softmax, one for logistic.
void edgec_class_scores_f32(const float *sums, int32_t rows, int32_t count, int32_t pair,
                            int32_t column, int32_t transform, int32_t zero, float *output)
{
    const int32_t one = 0x3f800000;
    const int32_t *x = (const int32_t *)(const void *)sums;
    int32_t *y = (int32_t *)(void *)output;
    const int32_t size = (pair != 0) ? 2 : count;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < size; i++) {
            const int32_t from = x[(pair != 0) ? column : i];
            const int32_t sum = edgec_float_is_nan(from) ? 0 : from;
            y[i] = sum;
            if (pair != 0 && i == 0) {
                y[i] = edgec_float_add((pair == 1) ? one : 0, (int32_t)((uint32_t)sum ^ 0x80000000u));
            }
        }
        for (int32_t i = 0; transform == 2 && i < size; i++) {
            y[i] = logistic(y[i]);
        }
        if (transform == 1 || transform == 3) {
            softmax(y, size, (transform == 3) ? zero : -1);
        }
        x += count;
        y += size;
    }
}
