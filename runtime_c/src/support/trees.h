/// Trees as a table: two words a node. The first is what a feature is compared with, or the bits of a
/// leaf's value. Of the second the low 16 bits say how far the other branch is, in nodes; of a leaf they
/// are its target. Bit 16: a feature that is NaN goes to the next node. Bit 17: a leaf. Bit 18: a leaf of
/// several values, at place (first word) in a list, as many as the low bits say. From bit 19 on: the
/// feature. Packed by edgec/ops/classical/tree_table.py.
#ifndef EDGEC_SUPPORT_TREES_H
#define EDGEC_SUPPORT_TREES_H

#include "support/float_bits.h"

static inline int32_t edgec_tree_low(const int32_t *node)
{
    return node[1] & 0xffff;
}

static inline int32_t edgec_tree_has_list(const int32_t *node)
{
    return (node[1] >> 18) & 1;
}

/// The leaf that bits of floats lead to: the next node where a feature is at most the first word.
static inline const int32_t *edgec_tree_leaf(const int32_t *x, const int32_t *node)
{
    while (((node[1] >> 17) & 1) == 0) {
        const int32_t bits = x[(uint32_t)node[1] >> 19];
        const int32_t is_next = edgec_float_is_nan(bits) ? (node[1] >> 16) & 1
                                                         : edgec_float_order(bits) <= node[0];
        node += is_next ? 2 : 2 * edgec_tree_low(node);
    }
    return node;
}

/// What a tree says of a target, taken into what those before said.
static inline void edgec_tree_merge(int32_t *sum, int32_t value, int32_t merge)
{
    if (edgec_float_is_nan(*sum)) {
        *sum = value;
    } else if (merge < 2) {
        *sum = edgec_float_add(*sum, value);
    } else {
        const int32_t is_less = edgec_float_order(value) < edgec_float_order(*sum);
        const int32_t is_more = edgec_float_order(value) > edgec_float_order(*sum);
        *sum = ((merge == 2) ? is_less : is_more) ? value : *sum;
    }
}

#endif
