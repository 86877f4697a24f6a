// SPDX-License-Identifier: Apache-2.0
/* The functions that belong to no class; addon.cc lists the classes too. */
#pragma once

#include <napi.h>

/* Attachments without a bpf_link, and the question what is attached. */
void define_attach(Napi::Env env, Napi::Object exports);
/* BPF iterators. */
void define_iterate(Napi::Env env, Napi::Object exports);
/* What must happen inside a network namespace, on a thread that ends with it. */
void define_netns(Napi::Env env, Napi::Object exports);
/* What the running kernel offers, found by trying. */
void define_probe(Napi::Env env, Napi::Object exports);
/* connect(2) as a process of another cgroup and network namespace. */
void define_probe_connect(Napi::Env env, Napi::Object exports);
/* What changes the process itself: another program, another namespace. */
void define_process(Napi::Env env, Napi::Object exports);
/* Single system calls that Node does not offer. */
void define_system(Napi::Env env, Napi::Object exports);
