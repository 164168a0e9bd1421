/* What this machine can do at all: the packets of so many calls, 50 a second each, by nothing but system calls.
 *
 *   limit send|sendto CALLS SECONDS PORT
 *
 * Each call has a socket of its own and sends 172 octets to 127.0.0.1:PORT every 20 ms, in 40 slots, from one thread for each
 * processor with real-time priority if that is allowed. "send": the sockets are connected, the cheapest way. "sendto": they are
 * not, as in a server that must hear from whatever address a NAT gives its callers.
 * Prints the microseconds of CPU for each packet. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { size = 172, slots = 40, slot_ns = 500000, most_threads = 64 };

static int calls, seconds, threads, *sockets;
static unsigned char (*packets)[256];
static struct sockaddr_in to, *addressed; /* addressed: NULL when the sockets are connected */
static int64_t begin;
static long sent[most_threads];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double cpu(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e6 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

static void *pace(void *arg) {
  long id = (long)arg;
  int first = (long)calls * id / threads, count = (long)calls * (id + 1) / threads - first;
  struct sched_param priority = {10};
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
  for (long k = 0; k < seconds * 1000000000LL / slot_ns; k++) {
    int64_t due = begin + k * slot_ns + id * slot_ns / threads;
    struct timespec t = {due / 1000000000, due % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
    int s = k % slots, end = first + (long)count * (s + 1) / slots;
    for (int i = first + (long)count * s / slots; i < end; i++) {
      unsigned char *p = packets[i];
      uint16_t sequence = htons(k / slots);
      uint32_t timestamp = htonl(k / slots * 160);
      memcpy(p + 2, &sequence, 2);
      memcpy(p + 4, &timestamp, 4);
      sent[id] += sendto(sockets[i], p, size, MSG_DONTWAIT, (void *)addressed, addressed ? sizeof to : 0) == size;
    }
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 5 || (strcmp(argv[1], "send") && strcmp(argv[1], "sendto"))) {
    fprintf(stderr, "usage: limit send|sendto CALLS SECONDS PORT\n");
    return 2;
  }
  calls = atoi(argv[2]), seconds = atoi(argv[3]);
  threads = sysconf(_SC_NPROCESSORS_ONLN);
  if (threads > most_threads) threads = most_threads;
  to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[4])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (!strcmp(argv[1], "sendto")) addressed = &to;
  sockets = calloc(calls, sizeof *sockets), packets = calloc(calls, sizeof *packets);
  for (int i = 0; i < calls; i++) {
    struct sockaddr_in local = {.sin_family = AF_INET};
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (sockets[i] < 0 || bind(sockets[i], (void *)&local, sizeof local) || (!addressed && connect(sockets[i], (void *)&to, sizeof to))) {
      perror("limit");
      return 1;
    }
    packets[i][0] = 0x80;
    memcpy(packets[i] + 8, &i, sizeof i);
  }
  pthread_t thread[most_threads];
  double used = cpu();
  long all = 0;
  begin = now() + 10000000;
  for (long i = 0; i < threads; i++) pthread_create(&thread[i], NULL, pace, (void *)i);
  for (int i = 0; i < threads; i++) pthread_join(thread[i], NULL), all += sent[i];
  printf("%.2f\n", (cpu() - used) / all);
  return 0;
}
