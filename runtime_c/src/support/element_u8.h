/// The element of kernels that are written once for several types (support/bodies): here uint8.
/// Values of this type exist at the inputs and outputs of a model only.
#ifndef EDGEC_SUPPORT_ELEMENT_U8_H
#define EDGEC_SUPPORT_ELEMENT_U8_H

#include <stdint.h>

typedef uint8_t edgec_element_t;

#define EDGEC_ELEMENT_MIN 0
#define EDGEC_ELEMENT_MAX UINT8_MAX

/// The public name of an operator's kernel.
#define EDGEC_KERNEL(op) edgec_##op##_u8

#endif
