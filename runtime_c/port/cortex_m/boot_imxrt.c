/// i.MX RT1060: what its boot ROM reads from a serial flash before it starts the program.
///
/// At 0 how FlexSPI reads the flash (fast read, one line, 100 MHz: every flash knows it), at 0x1000
/// the image vector table and the boot data. The vectors of the program follow at 0x2000.
#include <stdint.h>

#define FLASH 0x60000000u
#define FLASH_BYTES 0x00800000u

#define CONFIGURATION_TAG 0x42464346u /* "FCFB" */
#define CONFIGURATION_VERSION 0x56010400u
#define SAMPLE_CLOCK_LOOPED (1u | (3u << 8) | (3u << 16)) /* and hold and set-up times of 3 */
#define SERIAL_NOR (1u | (1u << 8) | (6u << 16))          /* device, lines, 100 MHz */
#define READ_COMMAND 0x0818040Bu                          /* 0x0B, then 24 bits of address */
#define READ_DATA 0x24043008u                             /* 8 idle clocks, then data */

#define TABLE_TAG 0x402000D1u
#define TABLE_OFFSET 0x1000u
#define VECTORS (FLASH + 0x2000u)

enum {
    TAG = 0x00 / 4,
    VERSION = 0x04 / 4,
    TIMING = 0x0C / 4,
    DEVICE = 0x44 / 4,
    SIZE = 0x50 / 4,
    SEQUENCES = 0x80 / 4,
    PAGE_BYTES = 0x1C0 / 4,
    SECTOR_BYTES = 0x1C4 / 4,
    TABLE = TABLE_OFFSET / 4,
    ENTRY = TABLE + 1,
    BOOT_DATA = TABLE + 4,
    SELF = TABLE + 5,
    IMAGE_START = TABLE + 8,
    IMAGE_BYTES = TABLE + 9
};

__attribute__((section(".edgec_boot"), used)) const uint32_t edgec_boot[0x2000 / 4] = {
    [TAG] = CONFIGURATION_TAG,
    [VERSION] = CONFIGURATION_VERSION,
    [TIMING] = SAMPLE_CLOCK_LOOPED,
    [DEVICE] = SERIAL_NOR,
    [SIZE] = FLASH_BYTES,
    [SEQUENCES] = READ_COMMAND,
    [SEQUENCES + 1] = READ_DATA,
    [PAGE_BYTES] = 256,
    [SECTOR_BYTES] = 4096,
    [TABLE] = TABLE_TAG,
    [ENTRY] = VECTORS,
    [BOOT_DATA] = FLASH + TABLE_OFFSET + 0x20u,
    [SELF] = FLASH + TABLE_OFFSET,
    [IMAGE_START] = FLASH,
    [IMAGE_BYTES] = FLASH_BYTES};
