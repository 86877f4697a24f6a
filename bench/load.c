// SPDX-License-Identifier: Apache-2.0
/* Load for the benches: plain TCP at a cost below that of what is measured.
 *
 *   load serve ADDRESS PORT REQUEST RESPONSE
 *       answers every REQUEST bytes of a connection by RESPONSE bytes, until killed
 *   load short ADDRESS PORT REQUEST RESPONSE SECONDS WORKERS
 *       WORKERS loops of: connect, one request, one response, close by RST
 *   load keep ADDRESS PORT REQUEST RESPONSE SECONDS CONNECTIONS
 *       CONNECTIONS connections, each with one request under way at all times
 *
 * The two clients print one line of JSON: what was done, what failed, and latency
 * in microseconds. An error of a single connection is counted, not fatal.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_BYTES = 1 << 20,
	MAX_CONNECTIONS = 4096,
	BUCKETS = 64 * 32
};

static char buffer[MAX_BYTES];
static size_t request_bytes, response_bytes;
static struct sockaddr_storage peer;
static socklen_t peer_length;

struct results {
	uint64_t done, failed, refused;
	uint64_t histogram[BUCKETS]; /* 32 buckets per power of two of nanoseconds */
};

struct client {
	int fd;
	size_t received;
	uint64_t started_ns;
};

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int bucket_of(uint64_t ns)
{
	if (ns < 32)
		return (int)ns;
	int top = 63 - __builtin_clzll(ns);
	return (top - 4) * 32 + (int)((ns >> (top - 5)) & 31);
}

static double bucket_us(int bucket)
{
	if (bucket < 32)
		return bucket / 1000.0;
	int top = bucket / 32 + 4;
	return (double)((32ull + (bucket & 31)) << (top - 5)) / 1000.0;
}

static double percentile(const struct results *r, double share)
{
	uint64_t wanted = (uint64_t)((double)r->done * share), seen = 0;
	for (int i = 0; i < BUCKETS; i++) {
		seen += r->histogram[i];
		if (seen > wanted)
			return bucket_us(i);
	}
	return 0;
}

static void parse_address(const char *address, const char *port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&peer;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&peer;
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		peer_length = sizeof(*v4);
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)atoi(port));
		peer_length = sizeof(*v6);
	} else {
		fprintf(stderr, "load: %s is no address\n", address);
		exit(2);
	}
}

static int stream_socket(int flags)
{
	int fd = socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), on = 1;
	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	const struct timeval patience = {.tv_sec = 5};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Blocking. 0 when all bytes went through. */
static int transfer(int fd, size_t bytes, ssize_t (*step)(int, size_t))
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = step(fd, bytes - done);
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static ssize_t send_some(int fd, size_t n)
{
	return send(fd, buffer, n, MSG_NOSIGNAL);
}

static ssize_t receive_some(int fd, size_t n)
{
	return recv(fd, buffer, n, 0);
}

static void serve(void)
{
	static size_t pending[1 << 16];
	struct epoll_event events[256];
	int on = 1, ep = epoll_create1(EPOLL_CLOEXEC), listener = stream_socket(SOCK_NONBLOCK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&peer, peer_length) || listen(listener, 4096))
		die("listen");
	struct epoll_event e = {.events = EPOLLIN, .data.fd = listener};
	epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(ep, events, 256, -1);
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == listener) {
				int c = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
				if (c < 0)
					continue;
				if (c >= 1 << 16) {
					close(c);
					continue;
				}
				setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
				pending[c] = 0;
				e = (struct epoll_event){.events = EPOLLIN, .data.fd = c};
				epoll_ctl(ep, EPOLL_CTL_ADD, c, &e);
				continue;
			}
			ssize_t got = recv(fd, buffer, MAX_BYTES, 0);
			if (got <= 0) {
				if (got == 0 || errno != EAGAIN)
					close(fd);
				continue;
			}
			for (pending[fd] += (size_t)got; pending[fd] >= request_bytes;
			     pending[fd] -= request_bytes)
				send(fd, buffer, response_bytes, MSG_NOSIGNAL);
		}
	}
}

static void print_results(const struct results *r, double seconds)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	struct rusage children;
	getrusage(RUSAGE_CHILDREN, &children);
	double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + children.ru_utime.tv_sec +
			      children.ru_stime.tv_sec) +
		     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec + children.ru_utime.tv_usec +
			      children.ru_stime.tv_usec) /
			 1e6;
	printf("{\"done\":%llu,\"failed\":%llu,\"refused\":%llu,\"per_second\":%.1f,\"p50_us\":%.1f,\"p99_"
	       "us\":%.1f,"
	       "\"cpu_s\":%.3f}\n",
	       (unsigned long long)r->done, (unsigned long long)r->failed, (unsigned long long)r->refused,
	       (double)r->done / seconds, percentile(r, 0.5), percentile(r, 0.99), cpu);
}

static void run_short(uint64_t until, struct results *r)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0}; /* no TIME_WAIT: ports would run out */
	while (now_ns() < until) {
		uint64_t started = now_ns();
		int fd = stream_socket(0);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (connect(fd, (struct sockaddr *)&peer, peer_length)) {
			r->failed++;
			r->refused += errno == ECONNREFUSED || errno == EPERM;
		} else if (transfer(fd, request_bytes, send_some) ||
			   transfer(fd, response_bytes, receive_some)) {
			r->failed++;
		} else {
			r->done++;
			r->histogram[bucket_of(now_ns() - started)]++;
		}
		close(fd);
	}
}

static void short_connections(double seconds, int workers)
{
	struct results *all = mmap(NULL, sizeof(*all) * (size_t)(workers + 1), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		die("mmap");
	struct results *sum = &all[workers];
	uint64_t started = now_ns(), until = started + (uint64_t)(seconds * 1e9);
	for (int i = 0; i < workers; i++) {
		pid_t child = fork();
		if (child < 0)
			die("fork");
		if (child == 0) {
			run_short(until, &all[i]);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < workers; i++) {
		sum->done += all[i].done;
		sum->failed += all[i].failed;
		sum->refused += all[i].refused;
		for (int b = 0; b < BUCKETS; b++)
			sum->histogram[b] += all[i].histogram[b];
	}
	print_results(sum, (double)(now_ns() - started) / 1e9);
}

static int next_request(struct client *c)
{
	c->received = 0;
	c->started_ns = now_ns();
	return transfer(c->fd, request_bytes, send_some);
}

static void keep_connections(double seconds, int connections)
{
	static struct client clients[MAX_CONNECTIONS];
	static struct results r;
	struct epoll_event events[256];
	int ep = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < connections; i++) {
		clients[i].fd = stream_socket(0);
		if (connect(clients[i].fd, (struct sockaddr *)&peer, peer_length))
			die("connect");
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
		epoll_ctl(ep, EPOLL_CTL_ADD, clients[i].fd, &e);
	}
	uint64_t started = now_ns(), until = started + (uint64_t)(seconds * 1e9);
	for (int i = 0; i < connections; i++)
		next_request(&clients[i]);
	while (now_ns() < until) {
		int n = epoll_wait(ep, events, 256, 1000);
		for (int i = 0; i < n; i++) {
			struct client *c = &clients[events[i].data.u32];
			ssize_t got = recv(c->fd, buffer, MAX_BYTES, MSG_DONTWAIT);
			if (got <= 0) {
				if (got < 0 && errno == EAGAIN)
					continue;
				r.failed++;
				epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, NULL);
				continue;
			}
			c->received += (size_t)got;
			if (c->received < response_bytes)
				continue;
			r.done++;
			r.histogram[bucket_of(now_ns() - c->started_ns)]++;
			if (next_request(c))
				r.failed++;
		}
	}
	print_results(&r, (double)(now_ns() - started) / 1e9);
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr,
			"usage: load serve|short|keep ADDRESS PORT REQUEST RESPONSE [SECONDS COUNT]\n");
		return 2;
	}
	parse_address(argv[2], argv[3]);
	request_bytes = (size_t)atol(argv[4]);
	response_bytes = (size_t)atol(argv[5]);
	if (request_bytes == 0 || request_bytes > MAX_BYTES || response_bytes == 0 ||
	    response_bytes > MAX_BYTES) {
		fprintf(stderr, "load: sizes from 1 to %d bytes\n", MAX_BYTES);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(argv[1], "serve") == 0)
		serve();
	double seconds = argc > 6 ? atof(argv[6]) : 1;
	int count = argc > 7 ? atoi(argv[7]) : 1;
	if (count < 1 || count > (strcmp(argv[1], "short") == 0 ? 64 : MAX_CONNECTIONS)) {
		fprintf(stderr, "load: too many\n");
		return 2;
	}
	if (strcmp(argv[1], "short") == 0)
		short_connections(seconds, count);
	else
		keep_connections(seconds, count);
	return 0;
}
