#include "edgec_kernels.h"

#define EDGEC_SOURCE int16_t
#define EDGEC_TARGET int32_t
#define EDGEC_TARGET_MIN INT32_MIN
#define EDGEC_TARGET_MAX INT32_MAX
#define EDGEC_REQUANTIZE edgec_requantize_s16_s32

/// int16 as int32 of another quantization; support/requantize_to.h says how.
void edgec_requantize_s16_s32(const int16_t *input, int32_t size, int32_t input_offset,
                              const edgec_scale_t *scale, int32_t output_offset, int32_t *output);

#include "support/requantize_to.h"
