#include "edgec_kernels.h"

#define EDGEC_SOURCE int8_t
#define EDGEC_TARGET uint8_t
#define EDGEC_TARGET_MIN 0
#define EDGEC_TARGET_MAX UINT8_MAX
#define EDGEC_REQUANTIZE edgec_requantize_s8_u8

/// int8 as uint8 of another quantization; support/requantize_to.h says how.
void edgec_requantize_s8_u8(const int8_t *input, int32_t size, int32_t input_offset,
                            const edgec_scale_t *scale, int32_t output_offset, uint8_t *output);

#include "support/requantize_to.h"
