/*
 * A library that is loaded before a program (LD_PRELOAD) and plays the kernel's part of UIO, /dev/mem and u-dma-buf.
 *
 * Files of /sys, /dev and /run/lock are those below $KERNEL_ROOT. Registers are pages without access: each load and
 * store of the program faults, and a peer at the other end of the socket $KERNEL_PEER answers it. So the program under
 * test is the one that a board gets, with one 32-bit access a register or the test ends.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { OTHER, UIO, MEM, FOR_DEVICE, FOR_CPU, FILES = 64 };

static int kinds[FILES];
static uint8_t *registers;
static size_t span;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void stop(const char *why) {
    (void)!syscall(SYS_write, 2, why, strlen(why));
    _exit(99);
}

/* Asks the peer. */
static uint32_t ask(uint32_t what, uint32_t a, uint32_t b) {
    const uint32_t request[3] = {what, a, b};
    uint32_t answer;
    const int peer = atoi(getenv("KERNEL_PEER"));
    if (syscall(SYS_write, peer, request, sizeof request) != sizeof request) {
        stop("the peer is gone\n");
    }
    long count;
    do { /* a signal may come meanwhile */
        count = syscall(SYS_read, peer, &answer, sizeof answer);
    } while (count < 0 && errno == EINTR);
    if (count != sizeof answer) {
        stop("the peer is gone\n");
    }
    return answer;
}

/* ---- loads and stores -------------------------------------------------------------------------------------------- */
#if defined(__aarch64__)
/* LDR and STR of 32 bits, any addressing without write-back. */
static void emulate(ucontext_t *context, uint32_t offset) {
    mcontext_t *cpu = &context->uc_mcontext;
    const uint32_t instruction = *(const uint32_t *)cpu->pc;
    const uint32_t which = instruction & 31u;
    if ((instruction & 0xFE000000u) != 0xB8000000u) {
        stop("not a 32-bit access\n");
    }
    if ((instruction >> 22 & 3u) == 1u) {
        const uint32_t value = ask('R', offset, 0);
        if (which != 31u) {
            cpu->regs[which] = value;
        }
    } else {
        ask('W', offset, which == 31u ? 0u : (uint32_t)cpu->regs[which]);
    }
    cpu->pc += 4;
}
#elif defined(__arm__)
static void emulate(ucontext_t *context, uint32_t offset) {
    mcontext_t *cpu = &context->uc_mcontext;
    unsigned long *const values = &cpu->arm_r0; /* r0 to r15 lie side by side */
    uint32_t which, load, length = 4;
    if ((cpu->arm_cpsr & 0x0600FC00u) != 0) {
        stop("an access in an IT block\n");
    }
    if ((cpu->arm_cpsr & 0x20u) == 0) {
        const uint32_t instruction = *(const uint32_t *)cpu->arm_pc;
        if ((instruction & 0x0C400000u) != 0x04000000u) {
            stop("not a 32-bit access\n");
        }
        which = instruction >> 12 & 15u;
        load = instruction >> 20 & 1u;
    } else {
        const uint16_t *code = (const uint16_t *)cpu->arm_pc;
        if ((code[0] & 0xF000u) == 0x6000u) { /* LDR, STR with an immediate */
            which = code[0] & 7u;
            load = code[0] >> 11 & 1u;
            length = 2;
        } else if ((code[0] & 0xF600u) == 0x5000u) { /* with a register */
            which = code[0] & 7u;
            load = code[0] >> 11 & 1u;
            length = 2;
        } else if ((code[0] & 0xFF60u) == 0xF840u) { /* the same in 32 bits */
            which = code[1] >> 12 & 15u;
            load = code[0] >> 4 & 1u;
        } else {
            stop("not a 32-bit access\n");
            return;
        }
    }
    if (load) {
        values[which] = ask('R', offset, 0);
    } else {
        ask('W', offset, (uint32_t)values[which]);
    }
    cpu->arm_pc += length;
}
#elif defined(__x86_64__)
/* MOV of 32 bits between memory and a register, or of a constant to memory. */
static void emulate(ucontext_t *context, uint32_t offset) {
    static const int names[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    greg_t *cpu = context->uc_mcontext.gregs;
    const uint8_t *code = (const uint8_t *)cpu[REG_RIP];
    uint32_t high = 0;
    if ((*code & 0xF8u) == 0x40u) { /* REX, 32 bits */
        high = *code++ >> 2 & 1u;
    }
    const uint8_t operation = *code++;
    const uint8_t form = *code++;
    const uint32_t mode = form >> 6;
    if (mode == 3u || (mode == 0u && (form & 7u) == 5u)) {
        stop("an addressing that is not known\n");
    }
    if ((form & 7u) == 4u) {
        code++;
    }
    code += mode == 1u ? 1 : mode == 2u ? 4 : 0;
    greg_t *value = &cpu[names[(form >> 3 & 7u) | high << 3]];
    if (operation == 0x8Bu) {
        *value = ask('R', offset, 0);
    } else if (operation == 0x89u) {
        ask('W', offset, (uint32_t)*value);
    } else if (operation == 0xC7u) {
        uint32_t constant;
        memcpy(&constant, code, sizeof constant);
        ask('W', offset, constant);
        code += 4;
    } else {
        stop("not a 32-bit access\n");
    }
    cpu[REG_RIP] = (greg_t)code;
}
#endif

static void on_fault(int number, siginfo_t *info, void *context) {
    const size_t offset = (size_t)((uint8_t *)info->si_addr - registers);
    if (registers == NULL || (uint8_t *)info->si_addr < registers || offset >= span || offset % 4u != 0) {
        stop(number == SIGSEGV ? "a segmentation fault\n" : "?\n");
    }
    emulate(context, (uint32_t)offset);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */
static const char *place(const char *path, char *text, size_t room) {
    static const char *const kernel[] = {"/sys/class/u", "/dev/uio", "/dev/udmabuf", "/dev/mem", "/run/lock"};
    for (size_t i = 0; i < sizeof kernel / sizeof kernel[0]; i++) {
        if (strncmp(path, kernel[i], strlen(kernel[i])) == 0) {
            snprintf(text, room, "%s%s", getenv("KERNEL_ROOT"), path);
            return text;
        }
    }
    return path;
}

static int opened(int file, const char *path) {
    static const struct {
        const char *part;
        int kind;
    } known[] = {{"/dev/uio", UIO}, {"/dev/mem", MEM}, {"/sync_for_device", FOR_DEVICE}, {"/sync_for_cpu", FOR_CPU}};
    for (size_t i = 0; file >= 0 && file < FILES && i < sizeof known / sizeof known[0]; i++) {
        if (strstr(path, known[i].part) != NULL) {
            kinds[file] = known[i].kind;
        }
    }
    return file;
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        char text[4096];                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        const int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;                                          \
        va_end(arguments);                                                                                             \
        return opened(NEXT(name)(place(path, text, sizeof text), flags, mode), path);                                  \
    }
OPEN(open)
OPEN(open64)

int access(const char *path, int mode) {
    char text[4096];
    return NEXT(access)(place(path, text, sizeof text), mode);
}

int close(int file) {
    if (file >= 0 && file < FILES) {
        kinds[file] = OTHER;
    }
    return NEXT(close)(file);
}

static int kind_of(int file) {
    return file >= 0 && file < FILES ? kinds[file] : OTHER;
}

/* The pages of the registers: MEM tells the peer which ones. */
static void *map_registers(int file, size_t bytes, uint64_t offset) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, NULL);
    if (kind_of(file) == MEM) {
        ask('M', (uint32_t)(offset >> 32), (uint32_t)offset);
    }
    registers = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    span = bytes;
    return registers;
}

#define MAP(name, type)                                                                                                \
    void *name(void *address, size_t bytes, int access, int flags, int file, type offset) {                            \
        if (kind_of(file) == UIO || kind_of(file) == MEM) {                                                            \
            return map_registers(file, bytes, (uint64_t)offset);                                                       \
        }                                                                                                              \
        return NEXT(name)(address, bytes, access, flags, file, offset);                                                \
    }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

/* What is written to a file of u-dma-buf takes effect before write() returns. */
#define PWRITE(name, type)                                                                                             \
    ssize_t name(int file, const void *data, size_t bytes, type offset) {                                              \
        const ssize_t written = NEXT(name)(file, data, bytes, offset);                                                 \
        if (kind_of(file) == FOR_DEVICE || kind_of(file) == FOR_CPU) {                                                 \
            ask('S', kind_of(file) == FOR_CPU, 0);                                                                     \
        }                                                                                                              \
        return written;                                                                                                \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int file, const void *data, size_t bytes) {
    if (kind_of(file) != UIO) {
        return NEXT(write)(file, data, bytes);
    }
    ask('E', (uint32_t)bytes, *(const uint32_t *)data);
    return (ssize_t)bytes;
}

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* poll() is declared as if it wrote only */
int poll(struct pollfd *events, nfds_t count, int milliseconds) {
    if (count != 1 || kind_of(events[0].fd) != UIO) {
        return NEXT(poll)(events, count, milliseconds);
    }
    events[0].revents = ask('P', (uint32_t)milliseconds, 0) != 0 ? POLLIN : 0;
    return events[0].revents != 0;
}

ssize_t read(int file, void *data, size_t bytes) {
    if (kind_of(file) != UIO) {
        return NEXT(read)(file, data, bytes);
    }
    *(uint32_t *)data = ask('C', (uint32_t)bytes, 0);
    return (ssize_t)bytes;
}
