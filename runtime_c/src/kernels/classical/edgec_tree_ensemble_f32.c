#include "edgec_kernels.h"
#include "support/float_bits.h"
#include "support/trees.h"

/// Sums of what trees say of rows of floats, one sum per target: bits of float32 in the order of the
/// trees, so that they are the same everywhere. `nodes` is described in support/trees.h, `roots` has the
/// first node of each tree. `leaves` has pairs of a target and the bits of what is added to it, for
/// leaves that have several. `merge` is 0 for the sum, 1 for the mean, 2 for the smallest and 3 for the
/// largest; `base` is added at last. Where `marks` is not 0, a target that no tree spoke of is NaN.
/// Cost: a comparison of integers per node on the way, a sum of floats per leaf.
void edgec_tree_ensemble_f32(const float *values, int32_t rows, int32_t features,
                             const int32_t *nodes, const int32_t *roots, int32_t trees,
                             const int32_t *leaves, const int32_t *base, int32_t targets,
                             int32_t merge, int32_t marks, float *sums)
{
    const int32_t *x = (const int32_t *)(const void *)values;
    int32_t *y = (int32_t *)(void *)sums;
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t i = 0; i < targets; i++) {
            y[i] = (marks != 0 || merge >= 2) ? EDGEC_FLOAT_UNSEEN : 0;
        }
        for (int32_t tree = 0; tree < trees; tree++) {
            const int32_t *leaf = edgec_tree_leaf(x, nodes + 2 * roots[tree]);
            if (edgec_tree_has_list(leaf)) {
                const int32_t *each = leaves + 2 * leaf[0];
                for (int32_t i = edgec_tree_low(leaf); i > 0; i--) {
                    edgec_tree_merge(&y[each[0]], each[1], merge);
                    each += 2;
                }
            } else {
                edgec_tree_merge(&y[edgec_tree_low(leaf)], leaf[0], merge);
            }
        }
        for (int32_t i = 0; i < targets; i++) {
            const int32_t is_seen = !edgec_float_is_nan(y[i]);
            int32_t sum = is_seen ? y[i] : 0;
            sum = (merge == 1) ? edgec_float_over(sum, trees) : sum;
            if (is_seen || base[i] != 0 || marks == 0) {
                y[i] = edgec_float_add(sum, base[i]);
            }
        }
        x += features;
        y += targets;
    }
}
