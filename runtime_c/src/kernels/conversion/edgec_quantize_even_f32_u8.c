#include "edgec_kernels.h"
#include "support/element_u8.h"

/// Quantizes floats to uint8, halves to even; support/quantize_even_f32.h says how.
void edgec_quantize_even_f32_u8(const float *values, int32_t count, float scale,
                                int32_t zero_point, uint8_t *output);

#include "support/quantize_even_f32.h"
