/// Console over RISC-V semihosting: the emulator's standard input and output are the line.
#include "edgec/port.h"

#define SYS_OPEN 0x01
#define SYS_WRITE 0x05
#define SYS_READ 0x06
#define SYS_EXIT 0x18
#define MODE_READ 1u  /* "rb" */
#define MODE_WRITE 5u /* "wb" */
#define EXIT_NORMAL 0x20026u

static uint32_t line_in;
static uint32_t line_out;

/// An ebreak between these two shifts calls the host; all three are uncompressed, in one page.
static __attribute__((noinline)) uint32_t call(uint32_t operation, const void *argument)
{
    register uint32_t a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = argument;
    __asm volatile(".option push\n .option norvc\n .balign 16\n"
                   "slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return a0;
}

static uint32_t open_line(const char *path, uint32_t length, uint32_t mode)
{
    const uint32_t block[3] = {(uint32_t)(uintptr_t)path, mode, length};
    return call(SYS_OPEN, block);
}

void edgec_console_start(void)
{
    static const char in[] = "/dev/stdin";
    static const char out[] = "/dev/stdout";
    line_in = open_line(in, sizeof in - 1, MODE_READ);
    line_out = open_line(out, sizeof out - 1, MODE_WRITE);
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    const uint32_t block[3] = {line_in, (uint32_t)(uintptr_t)to, (uint32_t)size};
    const uint32_t missing = call(SYS_READ, block);
    return missing <= size ? size - missing : 0;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    const uint32_t block[3] = {line_out, (uint32_t)(uintptr_t)from, (uint32_t)size};
    (void)call(SYS_WRITE, block);
}

void edgec_console_stop(void)
{
    (void)call(SYS_EXIT, (const void *)(uintptr_t)EXIT_NORMAL);
}
