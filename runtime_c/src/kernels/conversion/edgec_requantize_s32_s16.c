#include "edgec_kernels.h"

#define EDGEC_SOURCE int32_t
#define EDGEC_TARGET int16_t
#define EDGEC_TARGET_MIN INT16_MIN
#define EDGEC_TARGET_MAX INT16_MAX
#define EDGEC_REQUANTIZE edgec_requantize_s32_s16

/// int32 as int16 of another quantization; support/requantize_to.h says how.
void edgec_requantize_s32_s16(const int32_t *input, int32_t size, int32_t input_offset,
                              const edgec_scale_t *scale, int32_t output_offset, int16_t *output);

#include "support/requantize_to.h"
