/// What a comparison asks. Mirror of edgec/backends/portable_c/numbers/compare.py.
#ifndef EDGEC_SUPPORT_RELATION_H
#define EDGEC_SUPPORT_RELATION_H

#include <stdint.h>

#define EDGEC_EQUAL 0
#define EDGEC_NOT_EQUAL 1
#define EDGEC_LESS 2 /* 3: less or equal */

/// 1 where the relation of a to b holds, else 0.
static inline uint8_t edgec_holds(int32_t a, int32_t b, int32_t relation)
{
    if (relation == EDGEC_EQUAL) {
        return (uint8_t)(a == b);
    }
    if (relation == EDGEC_NOT_EQUAL) {
        return (uint8_t)(a != b);
    }
    return (uint8_t)((relation == EDGEC_LESS) ? (a < b) : (a <= b));
}

#endif
