#include "edgec_kernels.h"
#include "support/float_bits.h"

/// How many pairs vote for a class; pairs come in the order (0, 1), (0, 2), ... (1, 2), ...
static int32_t votes_for(const int32_t *decisions, int32_t classes, int32_t wanted)
{
    int32_t votes = 0;
    for (int32_t i = 0; i < classes; i++) {
        for (int32_t j = i + 1; j < classes; j++) {
            const int32_t bits = *decisions++;
            const int32_t is_first = edgec_float_order(bits) > 0 && !edgec_float_is_nan(bits);
            votes += (is_first ? i : j) == wanted;
        }
    }
    return votes;
}

/// The label that most pairs of classes vote for, of equal ones the first: the first class of a pair where
/// its decision is more than 0. Cost: a comparison of integers per class and pair.
void edgec_pair_votes_f32(const float *decisions, int32_t rows, int32_t classes,
                          const int32_t *labels, int32_t *output)
{
    const int32_t *x = (const int32_t *)(const void *)decisions;
    for (int32_t row = 0; row < rows; row++) {
        int32_t best = 0;
        int32_t most = -1;
        for (int32_t each = 0; each < classes; each++) {
            const int32_t votes = votes_for(x, classes, each);
            best = (votes > most) ? each : best;
            most = (votes > most) ? votes : most;
        }
        output[row] = labels[best];
        x += classes * (classes - 1) / 2;
    }
}
