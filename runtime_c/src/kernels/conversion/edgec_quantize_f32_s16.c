#include "edgec_kernels.h"
#include "support/element_s16.h"

#define EDGEC_LIMIT 65536

/// Quantizes floats to int16; support/bodies/quantize_f32.h says how.
void edgec_quantize_f32_s16(const float *values, int32_t count, float scale, int32_t zero_point,
                            int16_t *output);

#include "support/bodies/quantize_f32.h"
