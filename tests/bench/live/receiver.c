/* Receives for hundreds of viewers on one thread: counts every packet, decrypts a sample.
 *
 * Built by the bench with `cc -O2 -shared -fPIC`. libsrtp's srtp_unprotect comes as an address out
 * of pylibsrtp, so that neither its headers nor its library are needed here.
 *
 * The last 12 bytes of every packet of the load are MAGIC and the nanosecond it was sent at. The
 * kernel stamps its arrival, so that a late look of this thread is not taken for a late packet.
 *
 * It looks every millisecond and is woken by nothing that comes: waking a process of this machine
 * is work of whoever sends, and a viewer elsewhere is woken by a machine of its own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { VIEWERS = 4096, SOURCES = 8, BATCH = 32, PACKET = 2048, LATENCIES = 1 << 21 };
enum { REMEMBERED = 4096 }; /* sequence numbers of a source: what is older and comes again is not told apart */
static const uint8_t MAGIC[4] = {0x50, 0x48, 0x4c, 0x54};
enum { TRAILER = 12, EVENTS = 128 };
static const struct timespec PAUSE = {.tv_nsec = 1000000};

typedef int (*unprotect_fn)(void *session, void *packet, int *length);

typedef struct {
    uint32_t ssrc;      /* as on the wire, in host order; 0: this place is free */
    uint32_t highest;   /* extended sequence number */
    uint32_t after;     /* the measured ones: above this, */
    uint32_t until;     /* up to this; 0 while measuring */
    uint64_t packets;
    uint64_t octets;
    uint64_t measured;  /* how many different ones of the measured came, late ones too */
    uint32_t seen[REMEMBERED / 32];
} source;

typedef struct {
    int fd;
    int is_here;
    void *session;      /* of a viewer in the sample, else 0 */
    int64_t last_ns;        /* when its newest RTP packet was read */
    int64_t longest_gap_ns; /* between two RTP packets, while measuring */
    uint64_t rtcp, other, undecryptable;
    source sources[SOURCES];
} viewer;

static viewer viewers[VIEWERS];
static int count, poller = -1;
static unprotect_fn unprotect;
static uint32_t latencies_us[LATENCIES];
static volatile uint32_t latency_count;
static volatile int is_measuring;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static uint32_t u32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Whether this number came for the first time. */
static int is_new(source *s, uint32_t number, int32_t ahead) {
    if (ahead <= -REMEMBERED) return 0;
    for (int32_t n = ahead > REMEMBERED ? REMEMBERED : ahead; n > 0; n--) {
        uint32_t passed = number - (uint32_t)n + 1;
        s->seen[passed % REMEMBERED / 32] &= ~(1u << passed % 32);
    }
    uint32_t bit = 1u << number % 32, *word = &s->seen[number % REMEMBERED / 32];
    int was = (*word & bit) != 0;
    *word |= bit;
    return !was;
}

static void note(viewer *v, const uint8_t *packet, int length) {
    uint32_t ssrc = u32(packet + 8);
    uint16_t seq = (uint16_t)(packet[2] << 8 | packet[3]);
    int n = 0;
    while (n < SOURCES && v->sources[n].ssrc && v->sources[n].ssrc != ssrc) n++;
    if (n == SOURCES) return;
    source *s = &v->sources[n];
    if (!s->ssrc) {
        s->after = s->highest = 65535u + seq;
        s->ssrc = ssrc;
    }
    int16_t ahead = (int16_t)(seq - (uint16_t)s->highest);
    uint32_t number = s->highest + (uint32_t)ahead;
    if (is_new(s, number, ahead) && number > s->after && (!s->until || number <= s->until))
        s->measured++;
    if (ahead > 0) s->highest = number;
    s->packets++;
    s->octets += (uint64_t)length;
}

static int64_t arrived_ns(struct msghdr *message) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return t.tv_sec * 1000000000LL + t.tv_nsec;
        }
    return 0;
}

static void open_and_time(viewer *v, uint8_t *packet, int length, struct msghdr *message) {
    if (unprotect(v->session, packet, &length)) {
        v->undecryptable++;
        return;
    }
    const uint8_t *end = packet + length - TRAILER;
    int64_t arrived = arrived_ns(message);
    if (length < 12 + TRAILER || memcmp(end, MAGIC, sizeof MAGIC) || !arrived) return;
    int64_t late = arrived - (int64_t)((uint64_t)u32(end + 4) << 32 | u32(end + 8));
    if (is_measuring && latency_count < LATENCIES)
        latencies_us[latency_count++] = late < 0 ? 0 : (uint32_t)(late / 1000);
}

static void received(viewer *v, uint8_t *packet, int length, struct msghdr *message) {
    if (length < 12 || packet[0] < 128 || packet[0] >= 192) { v->other++; return; }
    if (packet[1] >= 192 && packet[1] < 224) { v->rtcp++; return; }
    int64_t now = now_ns(CLOCK_MONOTONIC);
    if (is_measuring && v->last_ns && now - v->last_ns > v->longest_gap_ns)
        v->longest_gap_ns = now - v->last_ns;
    v->last_ns = now;
    note(v, packet, length);
    if (v->session) open_and_time(v, packet, length, message);
}

static void *run(void *unused) {
    static uint8_t packets[BATCH][PACKET];
    static char control[BATCH][64];
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    struct epoll_event events[EVENTS];
    (void)unused;
    for (int ready = 0;;) {
        if (ready < EVENTS) nanosleep(&PAUSE, 0);
        ready = epoll_wait(poller, events, EVENTS, 0);
        for (int e = 0; e < ready; e++) {
            viewer *v = &viewers[events[e].data.u32];
            int got;
            do {
                memset(messages, 0, sizeof messages);
                for (int n = 0; n < BATCH; n++) {
                    pieces[n] = (struct iovec){packets[n], PACKET};
                    messages[n].msg_hdr.msg_iov = &pieces[n];
                    messages[n].msg_hdr.msg_iovlen = 1;
                    messages[n].msg_hdr.msg_control = control[n];
                    messages[n].msg_hdr.msg_controllen = sizeof control[n];
                }
                got = v->is_here ? recvmmsg(v->fd, messages, BATCH, MSG_DONTWAIT, 0) : 0;
                pthread_mutex_lock(&turn);
                for (int n = 0; n < got; n++)
                    received(v, packets[n], (int)messages[n].msg_len, &messages[n].msg_hdr);
                pthread_mutex_unlock(&turn);
            } while (got == BATCH);
        }
    }
    return 0;
}

int begin(void *srtp_unprotect) {
    pthread_t thread;
    unprotect = (unprotect_fn)srtp_unprotect;
    poller = epoll_create1(0);
    return poller < 0 || pthread_create(&thread, 0, run, 0);
}

/* A viewer whose packets are received here from now on; returns its number, -1 when full. */
int add(int fd, void *session) {
    if (count == VIEWERS) return -1;
    int number = count++, on = 1;
    viewers[number] = (viewer){.fd = fd, .is_here = 1, .session = session};
    if (session) setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = (uint32_t)number}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) ? -1 : number;
}

void drop(int number) {
    viewer *v = &viewers[number];
    v->is_here = 0;
    epoll_ctl(poller, EPOLL_CTL_DEL, v->fd, 0);
}

const viewer *look(int number) { return &viewers[number]; }

/* What is sent from now on is measured; or no more: what of it comes late still counts. */
void measure(int on) {
    pthread_mutex_lock(&turn);
    if (on) latency_count = 0;
    for (int n = 0; n < count; n++) {
        if (on) viewers[n].longest_gap_ns = 0;
        for (source *s = viewers[n].sources; s < viewers[n].sources + SOURCES && s->ssrc; s++) {
            s->until = on ? 0 : s->highest;
            if (!on) continue;
            s->after = s->highest;
            s->measured = 0;
        }
    }
    is_measuring = on;
    pthread_mutex_unlock(&turn);
}

uint32_t latencies(const uint32_t **first) {
    *first = latencies_us;
    return latency_count;
}
