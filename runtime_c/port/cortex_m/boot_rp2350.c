/// RP2350: the block by which its boot ROM knows a program for the Arm cores, in the Secure state.
///
/// It lies in the first 4 KB of the flash, behind the vectors; the ROM takes stack and entry from
/// those. One block, so the link at its end is zero.
#include <stdint.h>

#define BLOCK_START 0xFFFFDED3u
#define ITEM_IMAGE_TYPE 0x10210142u /* executable, Secure, Arm, RP2350; one word long */
#define ITEM_LAST 0x000001FFu       /* one word of items came before */
#define BLOCK_END 0xAB123579u

__attribute__((section(".edgec_boot_late"), used)) const uint32_t edgec_boot[5] = {
    BLOCK_START, ITEM_IMAGE_TYPE, ITEM_LAST, 0, BLOCK_END};
