/// The element of kernels that are written once for int8 and int16 (support/bodies): here int8.
#ifndef EDGEC_SUPPORT_ELEMENT_S8_H
#define EDGEC_SUPPORT_ELEMENT_S8_H

#include <stdint.h>

typedef int8_t edgec_element_t;
typedef int32_t edgec_element_sum_t; ///< holds 2^16 products of two elements

#define EDGEC_ELEMENT_MIN INT8_MIN
#define EDGEC_ELEMENT_MAX INT8_MAX

/// The public name of an operator's kernel.
#define EDGEC_KERNEL(op) edgec_##op##_s8

/// Four neighbors as int32, by MVE; who uses it includes arm_mve.h.
#define EDGEC_LOAD_FOUR(from) vldrbq_s32(from)
#define EDGEC_STORE_FOUR(to, four, lanes) vstrbq_p_s32(to, four, lanes)

#endif
