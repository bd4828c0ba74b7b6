/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <signal.h>

int xst_io_start_thread(pthread_t *ret, size_t stack, void *(*run)(void *), void *userdata)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int r;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, &attr, run, userdata);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}
