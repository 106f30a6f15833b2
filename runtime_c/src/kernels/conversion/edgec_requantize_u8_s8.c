#include "edgec_kernels.h"

#define EDGEC_SOURCE uint8_t
#define EDGEC_TARGET int8_t
#define EDGEC_TARGET_MIN INT8_MIN
#define EDGEC_TARGET_MAX INT8_MAX
#define EDGEC_REQUANTIZE edgec_requantize_u8_s8

/// uint8 as int8 of another quantization; support/requantize_to.h says how.
void edgec_requantize_u8_s8(const uint8_t *input, int32_t size, int32_t input_offset,
                            const edgec_scale_t *scale, int32_t output_offset, int8_t *output);

#include "support/requantize_to.h"
