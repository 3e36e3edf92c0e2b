/* A full disk is an exhausted quota: whatever fails with ENOSPC fails with EDQUOT. Preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long told(long result) {
    if (result < 0 && errno == ENOSPC)
        errno = EDQUOT;
    return result;
}

ssize_t write(int fd, const void *data, size_t size) { return told(REAL(write)(fd, data, size)); }

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return told(REAL(pwrite64)(fd, data, size, at)); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return told(REAL(pwrite)(fd, data, size, at)); }

static int as_error(int error) { return error == ENOSPC ? EDQUOT : error; }

int posix_fallocate(int fd, off_t at, off_t size) { return as_error(REAL(posix_fallocate)(fd, at, size)); }

int posix_fallocate64(int fd, off64_t at, off64_t size) { return as_error(REAL(posix_fallocate64)(fd, at, size)); }
