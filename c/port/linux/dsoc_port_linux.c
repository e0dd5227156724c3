#define _DEFAULT_SOURCE
#define _FILE_OFFSET_BITS 64 /* bus addresses above 4 GiB, also on 32-bit machines */

#include "dsoc_port_linux.h"
#include "dsoc_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define UIO_DEVICES 64u
#define REGISTER_BYTES 4096u
#define LOOK_MS 1000u /* after which the status is looked at though no interrupt came */
#define GRACE_MS 200u /* for an interrupt that is on its way */
#define TO_DEVICE 1u  /* directions of u-dma-buf */
#define FROM_DEVICE 2u

/* ---- what may go wrong ------------------------------------------------------------------------------------------- */
__attribute__((format(printf, 2, 3))) static int fail(dsoc_linux_t *machine, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(machine->error, sizeof machine->error, format, arguments);
    va_end(arguments);
    return -1;
}

static const char *remedy(int error) {
    switch (error) {
    case EACCES:
        return "run as root, or give your user the right to it with a udev rule";
    case EPERM:
        return "run as root; a kernel with CONFIG_STRICT_DEVMEM refuses /dev/mem: use UIO";
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return "is its kernel module loaded?";
    case EBUSY:
        return "another program has it open";
    case EINVAL:
        return "the address or the size is not one of this machine";
    default:
        return "see dmesg";
    }
}

/* ---- files of the kernel ----------------------------------------------------------------------------------------- */
static int open_file(dsoc_linux_t *machine, const char *path, int flags) {
    const int file = open(path, flags | O_CLOEXEC);
    if (file < 0) {
        const int error = errno;
        return fail(machine, "cannot open %s: %s; %s", path, strerror(error), remedy(error));
    }
    return file;
}

/* The first line of a small file without its end; 0, or -1 if it cannot be read. */
static int read_line(const char *path, char *text, size_t bytes) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    const ssize_t count = read(file, text, bytes - 1u);
    (void)close(file);
    if (count < 0) {
        return -1;
    }
    text[count] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return 0;
}

static int read_number(dsoc_linux_t *machine, const char *path, uint64_t *value) {
    char text[40];
    char *end;
    if (read_line(path, text, sizeof text) != 0) {
        return fail(machine, "cannot read %s: %s; is its driver of another version?", path, strerror(errno));
    }
    *value = strtoull(text, &end, 0);
    if (end == text || *end != '\0') {
        return fail(machine, "%s reads \"%s\", expected a number; is its driver of another version?", path, text);
    }
    return 0;
}

static void *map_file(dsoc_linux_t *machine, const char *path, int file, uint64_t bytes, uint64_t offset) {
    const size_t size = (size_t)bytes;
    void *place = MAP_FAILED;
    errno = EINVAL;
    if (size == bytes && size != 0 && offset <= INT64_MAX) {
        place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)offset);
    }
    if (place == MAP_FAILED) {
        const int error = errno;
        (void)fail(machine, "cannot map %" PRIu64 " bytes of %s: %s; %s", bytes, path, strerror(error), remedy(error));
        return NULL;
    }
    return place;
}

/* ---- one process at a time: the same files as the Python driver's -------------------------------------------------
 */
static int open_lock(const char *path) {
    const int flags = O_CLOEXEC | O_NOFOLLOW;
    /* Not O_CREAT on a file that is there: the kernel denies it in /tmp if another user made the file. */
    for (int attempt = 0; attempt < 2; attempt++) {
        int file = open(path, O_RDWR | flags);
        if (file < 0 && errno == EACCES) {
            file = open(path, O_RDONLY | flags); /* enough to lock */
        }
        if (file >= 0 || errno != ENOENT) {
            return file;
        }
        file = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0666);
        if (file >= 0) {
            (void)fchmod(file, 0666);
            return file;
        }
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

static int take_lock(dsoc_linux_t *machine, int which, const char *what, uint64_t address) {
    char path[64];
    char holder[24];
    const char *folder = access("/run/lock", W_OK | X_OK) == 0 ? "/run/lock" : "/tmp";
    (void)snprintf(path, sizeof path, "%s/deepsoc-%" PRIx64 ".lock", folder, address);
    const int file = open_lock(path);
    if (file < 0) {
        return fail(machine, "cannot open %s: %s; remove it, if it is in the way", path, strerror(errno));
    }
    machine->locks[which] = file;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        const ssize_t count = read(file, holder, sizeof holder - 1u);
        holder[count > 0 ? count : 0] = '\0';
        holder[strspn(holder, "0123456789")] = '\0';
        return fail(machine, "%s at 0x%" PRIx64 " is used by %s%s; wait until it ends, or end it (lock: %s)", what,
                    address, holder[0] != '\0' ? "process " : "another process", holder, path);
    }
    const int length = snprintf(holder, sizeof holder, "%ld\n", (long)getpid());
    if (ftruncate(file, 0) != 0 || pwrite(file, holder, (size_t)length, 0) != length) {
        return 0; /* Another user's file is open for reading only; the lock holds all the same. */
    }
    return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */
/* Finds the number of a UIO device by its name in the device tree, or by "uioN". */
static int find_uio(dsoc_linux_t *machine, const char *wanted, unsigned *number) {
    char path[64];
    char name[64];
    char node[16];
    char there[128] = "";
    unsigned found = 0;
    for (unsigned i = 0; i < UIO_DEVICES; i++) {
        (void)snprintf(path, sizeof path, "/sys/class/uio/uio%u/name", i);
        if (read_line(path, name, sizeof name) != 0) {
            continue;
        }
        (void)snprintf(node, sizeof node, "uio%u", i);
        const size_t used = strlen(there);
        (void)snprintf(there + used, sizeof there - used, "%s%s (%.20s)", used > 0 ? ", " : "", node, name);
        if (strcmp(name, wanted) == 0 || strcmp(node, wanted) == 0) {
            *number = i;
            found++;
        }
    }
    if (found > 1) {
        return fail(machine, "%u UIO devices are named \"%.20s\"; give one of %s", found, wanted, there);
    }
    if (found == 0) {
        return fail(machine,
                    "no UIO device is named \"%.20s\", there: %s. Load the bitstream, the device tree, and "
                    "modprobe uio_pdrv_genirq of_id=generic-uio; or give the address of the registers",
                    wanted, there[0] != '\0' ? there : "none");
    }
    return 0;
}

static int open_uio(dsoc_linux_t *machine, const char *name) {
    char path[64];
    unsigned number = 0;
    uint64_t address, span, within = 0;
    if (find_uio(machine, name, &number) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "/sys/class/uio/uio%u/maps/map0/addr", number);
    if (read_number(machine, path, &address) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "/sys/class/uio/uio%u/maps/map0/size", number);
    if (read_number(machine, path, &span) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "/sys/class/uio/uio%u/maps/map0/offset", number);
    if (access(path, R_OK) == 0 && read_number(machine, path, &within) != 0) {
        return -1;
    }
    if (take_lock(machine, 0, "the accelerator", address + within) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "/dev/uio%u", number);
    machine->uio = open_file(machine, path, O_RDWR | O_SYNC);
    if (machine->uio < 0) {
        return -1;
    }
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    machine->map_bytes = (size_t)((within + span + page - 1u) / page * page);
    machine->map = map_file(machine, path, machine->uio, machine->map_bytes, 0);
    if (machine->map == NULL) {
        return -1;
    }
    machine->registers = (volatile uint32_t *)((uint8_t *)machine->map + within);
    return 0;
}

static int open_mem(dsoc_linux_t *machine, uint64_t address) {
    const uint64_t within = address % (uint64_t)sysconf(_SC_PAGESIZE);
    if (address % 4u != 0) {
        return fail(machine, "expected an address that is a multiple of 4, received 0x%" PRIx64, address);
    }
    if (take_lock(machine, 0, "the accelerator", address) != 0) {
        return -1;
    }
    const int file = open_file(machine, "/dev/mem", O_RDWR | O_SYNC);
    if (file < 0) {
        return -1;
    }
    machine->map_bytes = (size_t)within + REGISTER_BYTES;
    machine->map = map_file(machine, "/dev/mem", file, machine->map_bytes, address - within);
    (void)close(file);
    if (machine->map == NULL) {
        return -1;
    }
    machine->registers = (volatile uint32_t *)((uint8_t *)machine->map + within);
    machine->polling = 1;
    return 0;
}

static int open_memory(dsoc_linux_t *machine, const char *name) {
    static const char *const folders[] = {"u-dma-buf", "udmabuf"}; /* since version 3, before */
    char base[96];
    char path[128];
    unsigned i = 0;
    for (; i < 2u; i++) {
        (void)snprintf(base, sizeof base, "/sys/class/%s/%.40s", folders[i], name);
        if (access(base, X_OK) == 0) {
            break;
        }
    }
    if (i == 2u || strchr(name, '/') != NULL) {
        return fail(machine,
                    "no u-dma-buf is named \"%.40s\"; load it with insmod u-dma-buf.ko %.40s=SIZE, or by the "
                    "device tree",
                    name, name);
    }
    (void)snprintf(path, sizeof path, "%s/phys_addr", base);
    if (read_number(machine, path, &machine->arena_bus) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/size", base);
    if (read_number(machine, path, &machine->arena_bytes) != 0 ||
        take_lock(machine, 1, "the memory", machine->arena_bus) != 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/sync_for_device", base);
    machine->for_device = open_file(machine, path, O_WRONLY);
    if (machine->for_device < 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/sync_for_cpu", base);
    machine->for_cpu = open_file(machine, path, O_WRONLY);
    if (machine->for_cpu < 0) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "/dev/%.40s", name);
    const int file = open_file(machine, path, O_RDWR);
    if (file < 0) {
        return -1;
    }
    machine->arena = map_file(machine, path, file, machine->arena_bytes, 0);
    (void)close(file);
    return machine->arena != NULL ? 0 : -1;
}

int dsoc_linux_open(dsoc_linux_t *machine, const dsoc_linux_options_t *options) {
    memset(machine, 0, sizeof *machine);
    machine->uio = machine->for_device = machine->for_cpu = machine->locks[0] = machine->locks[1] = -1;
    machine->polling = options->polling;
    machine->stop = options->stop;
    const int failed = options->uio != NULL ? open_uio(machine, options->uio) : open_mem(machine, options->address);
    if (failed != 0 || open_memory(machine, options->memory) != 0) {
        dsoc_linux_close(machine);
        return -1;
    }
    return 0;
}

void dsoc_linux_close(dsoc_linux_t *machine) {
    int *files[] = {&machine->uio, &machine->for_device, &machine->for_cpu, &machine->locks[0], &machine->locks[1]};
    if (machine->map != NULL) {
        (void)munmap(machine->map, machine->map_bytes);
        machine->map = NULL;
    }
    if (machine->arena != NULL) {
        (void)munmap(machine->arena, (size_t)machine->arena_bytes);
        machine->arena = NULL;
    }
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (*files[i] >= 0) {
            (void)close(*files[i]);
        }
        *files[i] = -1;
    }
}

/* ---- the port ---------------------------------------------------------------------------------------------------- */
static uint32_t linux_read32(void *user, uint32_t offset) {
    const dsoc_linux_t *machine = user;
    return machine->registers[offset / 4u];
}

static void linux_write32(void *user, uint32_t offset, uint32_t value) {
    const dsoc_linux_t *machine = user;
    machine->registers[offset / 4u] = value;
}

/* Tells u-dma-buf in one write: offset, bytes in sixteens, direction, go. */
static void synchronize(const dsoc_linux_t *machine, int file, const void *address, uint32_t bytes,
                        uint32_t direction) {
    char text[24];
    const uint64_t offset = (uint64_t)((const uint8_t *)address - machine->arena);
    const uint64_t command = offset << 32 | (bytes + 15u) / 16u * 16u | direction << 2 | 1u;
    const int length = snprintf(text, sizeof text, "0x%016" PRIx64, command);
    if (pwrite(file, text, (size_t)length, 0) != length) {
        perror("u-dma-buf"); /* The kernel's module has refused a range of its own buffer. */
        abort();
    }
}

static void linux_flush(void *user, const void *address, uint32_t bytes) {
    const dsoc_linux_t *machine = user;
    synchronize(machine, machine->for_device, address, bytes, TO_DEVICE);
}

static void linux_invalidate(void *user, const void *address, uint32_t bytes) {
    const dsoc_linux_t *machine = user;
    synchronize(machine, machine->for_cpu, address, bytes, FROM_DEVICE);
}

static uint32_t linux_ticks(void *user) {
    struct timespec now;
    (void)user;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

static int wanted_to_stop(const dsoc_linux_t *machine) {
    return machine->stop != NULL && *machine->stop != 0;
}

/* Sleeps until the interrupt, at most so long, or until a signal. */
static int interrupt_came(const dsoc_linux_t *machine, uint32_t wait_ms) {
    struct pollfd event = {.fd = machine->uio, .events = POLLIN};
    uint32_t count; /* of interrupts since the device was opened */
    return poll(&event, 1, (int)wait_ms) > 0 && read(machine->uio, &count, sizeof count) == (ssize_t)sizeof count;
}

static int run_has_ended(const dsoc_linux_t *machine) {
    return (machine->registers[DSOC_REG_STATUS / 4u] & (DSOC_STATUS_DONE_MASK | DSOC_STATUS_ERROR_MASK)) != 0;
}

static int linux_wait_irq(void *user, uint32_t ticks) {
    dsoc_linux_t *machine = user;
    const uint32_t one = 1;
    uint32_t wait_ms = ticks == DSOC_WAIT_FOREVER ? LOOK_MS : ticks / 1000u + 1u;
    if (machine->polling) {
        const struct timespec pause = {0, 50000};
        (void)nanosleep(&pause, NULL);
        return wanted_to_stop(machine);
    }
    /* The kernel masks an interrupt that it has told of: it is let through again first. */
    if (write(machine->uio, &one, sizeof one) != (ssize_t)sizeof one) {
        machine->polling = 1;
        return 0;
    }
    wait_ms = wait_ms < LOOK_MS ? wait_ms : LOOK_MS;
    if (!interrupt_came(machine, wait_ms) && wait_ms == LOOK_MS && run_has_ended(machine) && !wanted_to_stop(machine) &&
        !interrupt_came(machine, GRACE_MS)) {
        machine->lost_irq = 1;
        machine->polling = 1;
    }
    return wanted_to_stop(machine);
}

dsoc_port_t dsoc_port_linux(dsoc_linux_t *machine) {
    const dsoc_port_t port = {
        .user = machine,
        .read32 = linux_read32,
        .write32 = linux_write32,
        .flush = linux_flush,
        .invalidate = linux_invalidate,
        .ticks = linux_ticks,
        .wait_irq = linux_wait_irq,
    };
    return port;
}
