/// The element of kernels that are written once for int8 and int16 (support/bodies): here int16.
#ifndef EDGEC_SUPPORT_ELEMENT_S16_H
#define EDGEC_SUPPORT_ELEMENT_S16_H

#include <stdint.h>

typedef int16_t edgec_element_t;
typedef int64_t edgec_element_sum_t; ///< holds 2^16 products of two elements

#define EDGEC_ELEMENT_MIN INT16_MIN
#define EDGEC_ELEMENT_MAX INT16_MAX

/// The public name of an operator's kernel.
#define EDGEC_KERNEL(op) edgec_##op##_s16

/// Four neighbors as int32, by MVE; who uses it includes arm_mve.h.
#define EDGEC_LOAD_FOUR(from) vldrhq_s32(from)
#define EDGEC_STORE_FOUR(to, four, lanes) vstrhq_p_s32(to, four, lanes)

#endif
