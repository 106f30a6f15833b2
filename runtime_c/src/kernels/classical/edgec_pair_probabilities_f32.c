#include "edgec_kernels.h"
#include "support/fixed_floats.h"
#include "support/fixed_point_exp.h"

enum { ONE = 0x3f800000, LEAST = 0x33d6bf95, MOST = 0x3f7ffffe, FRACTION = 26, ROUNDS = 100 };

static int32_t less(int32_t a, int32_t b)
{
    return edgec_float_add(a, (int32_t)((uint32_t)b ^ 0x80000000u));
}

/// The probability of the first class of a pair: 1 / (1 + exp(value)) within its limits.
static int32_t chance(int32_t value)
{
    const int64_t fixed = edgec_fixed_of(value, FRACTION, INT32_MAX);
    const int32_t power = edgec_exp_of_negative((int32_t)((fixed < 0) ? fixed : -fixed));
    const int64_t near = edgec_one_over_one_plus(power);
    const int32_t found = edgec_float_of((fixed < 0) ? near : ((int64_t)1 << 31) - near, -31);
    return (found < LEAST) ? LEAST : ((found > MOST) ? MOST : found);
}

/// The matrix Q of the paper: first the pairs' probabilities, then sums and products of these.
static void products(const int32_t *x, const int32_t *a, const int32_t *b, int32_t classes,
                     int32_t *q)
{
    for (int32_t i = 0; i < classes; i++) {
        for (int32_t j = i + 1; j < classes; j++) {
            const int32_t odds = chance(edgec_float_add(edgec_float_times(*x++, *a++), *b++));
            q[i * classes + j] = odds;
            q[j * classes + i] = less(ONE, odds);
        }
    }
    for (int32_t i = 0; i < classes; i++) {
        int32_t sum = 0;
        for (int32_t j = 0; j < classes; j++) {
            const int32_t other = q[j * classes + i];
            sum = (j != i) ? edgec_float_add(sum, edgec_float_times(other, other)) : sum;
        }
        q[i * classes + i] = sum;
    }
    for (int32_t i = 0; i < classes; i++) {
        for (int32_t j = i + 1; j < classes; j++) {
            const int32_t both = edgec_float_times(q[j * classes + i], q[i * classes + j]);
            q[i * classes + j] = q[j * classes + i] = (int32_t)((uint32_t)both ^ 0x80000000u);
        }
    }
}

/// p Q p with Q p in qp; whether the probabilities fit well enough is written to `fits`.
static int32_t judged(const int32_t *q, int32_t classes, const int32_t *p, int32_t *qp, int32_t near,
                      int32_t *fits)
{
    int32_t whole = 0;
    for (int32_t i = 0; i < classes; i++) {
        qp[i] = 0;
        for (int32_t j = 0; j < classes; j++) {
            qp[i] = edgec_float_add(qp[i], edgec_float_times(q[i * classes + j], p[j]));
        }
        whole = edgec_float_add(whole, edgec_float_times(p[i], qp[i]));
    }
    *fits = 1;
    for (int32_t i = 0; i < classes; i++) {
        const int32_t error = less(qp[i], whole) & INT32_MAX;
        *fits = (error < near) ? *fits : 0;
    }
    return whole;
}

/// One step of the search: class i.
static int32_t stepped(const int32_t *q, int32_t classes, int32_t *p, int32_t *qp, int32_t whole,
                       int32_t i)
{
    const int32_t own = q[i * classes + i];
    const int32_t step = edgec_float_ratio(less(whole, qp[i]), own);
    const int32_t over = edgec_float_add(ONE, step);
    const int32_t twice = edgec_float_add(qp[i], qp[i]);
    const int32_t inner = edgec_float_add(edgec_float_times(step, own), twice);
    const int32_t moved = edgec_float_add(whole, edgec_float_times(step, inner));
    p[i] = edgec_float_add(p[i], step);
    for (int32_t j = 0; j < classes; j++) {
        const int32_t more = edgec_float_times(step, q[i * classes + j]);
        qp[j] = edgec_float_ratio(edgec_float_add(qp[j], more), over);
        p[j] = edgec_float_ratio(p[j], over);
    }
    return edgec_float_ratio(edgec_float_ratio(moved, over), over);
}

/// Probabilities of classes from rows of decisions between every two: those that fit the pairs' best, of
/// decision * a + b each. Floats are computed on as integers. `scratch` has classes * (classes + 1)
/// words. Cost: some rounds, 100 at most, of classes^2 * 3 products and quotients.
void edgec_pair_probabilities_f32(const float *decisions, int32_t rows, const float *slopes,
                                  const float *offsets, int32_t classes, int32_t share, int32_t near,
                                  void *scratch, float *output)
{
    const int32_t *x = (const int32_t *)(const void *)decisions;
    int32_t *p = (int32_t *)(void *)output;
    int32_t *q = (int32_t *)scratch;
    int32_t *qp = q + classes * classes;
    for (int32_t row = 0; row < rows; row++) {
        products(x, (const int32_t *)(const void *)slopes, (const int32_t *)(const void *)offsets,
                 classes, q);
        for (int32_t i = 0; i < classes; i++) {
            p[i] = share;
        }
        int32_t fits = 0;
        for (int32_t round = 0; round < ROUNDS; round++) {
            int32_t whole = judged(q, classes, p, qp, near, &fits);
            for (int32_t i = 0; fits == 0 && i < classes; i++) {
                whole = stepped(q, classes, p, qp, whole, i);
            }
            if (fits != 0) {
                break;
            }
        }
        x += classes * (classes - 1) / 2;
        p += classes;
    }
}
