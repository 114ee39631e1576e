/* The inner loop of the fan-out: one packet, copied and encrypted for each viewer.
 *
 * Built at set-up as a plain shared library and called through cffi; needs neither Python's nor
 * libsrtp's headers: `protect` is libsrtp's own function, taken from pylibsrtp at run time. What it
 * does is what media/live/fanout.py does in Python, and the same tests hold both.
 */
#include <string.h>

typedef int (*protect_fn)(void *context, void *packet, int *length);

/* `buffers`: n places of `stride` bytes. `lengths`: every `step`th element gets the encrypted size
 * of a copy; 0 for one that could not be encrypted, so that it never leaves in the clear. Returns
 * how many went wrong. */
int porthole_fill(protect_fn protect, const char *packet, int length, void *const *contexts, int n,
                  char *buffers, int stride, unsigned long *lengths, int step)
{
    int failed = 0;
    for (int i = 0; i < n; i++) {
        char *to = buffers + (long)i * stride;
        int size = length;
        memcpy(to, packet, (unsigned long)length);
        if (protect(contexts[i], to, &size)) {
            size = 0;
            failed++;
        }
        lengths[(long)i * step] = (unsigned long)size;
    }
    return failed;
}
