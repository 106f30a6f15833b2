/// The element of kernels that are written once for several types (support/bodies): here int32.
#ifndef EDGEC_SUPPORT_ELEMENT_S32_H
#define EDGEC_SUPPORT_ELEMENT_S32_H

#include <stdint.h>

typedef int32_t edgec_element_t;
typedef int64_t edgec_element_sum_t;

#define EDGEC_ELEMENT_MIN INT32_MIN
#define EDGEC_ELEMENT_MAX INT32_MAX

/// The public name of an operator's kernel.
#define EDGEC_KERNEL(op) edgec_##op##_s32

#endif
