// SPDX-License-Identifier: Apache-2.0
/* Runs a BPF iterator to its end. */
#include "addon.h"

#include <vector>

#include "map.h"
#include "program.h"

/* Everything the program writes, from first to last element. */
static Napi::Value iterate(const Napi::CallbackInfo &info)
{
	const Program &program = unwrap<Program>(info[0]);
	union bpf_iter_link_info over = {};
	LIBBPF_OPTS(bpf_link_create_opts, options);
	if (!info[1].IsUndefined()) {
		over.map.map_fd = unwrap<Map>(info[1]).fd();
		options.iter_info = &over;
		options.iter_info_len = sizeof(over);
	}
	Fd link(bpf_link_create(program.fd(), 0, BPF_TRACE_ITER, &options));
	if (!link.valid())
		throw_error(info.Env(), "bpf_link_create", errno, "iterator");
	Fd run(bpf_iter_create(link.get()));
	if (!run.valid())
		throw_error(info.Env(), "bpf_iter_create", errno);

	std::vector<uint8_t> output;
	for (;;) {
		uint8_t piece[65536];
		ssize_t got = read(run.get(), piece, sizeof(piece));
		if (got == 0)
			break;
		/* EAGAIN: many elements without output; the next read goes on behind them. */
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			throw_error(info.Env(), "read", errno, "iterator");
		if (got > 0)
			output.insert(output.end(), piece, piece + got);
	}
	return Napi::Buffer<uint8_t>::Copy(info.Env(), output.data(), output.size());
}

void define_iterate(Napi::Env env, Napi::Object exports)
{
	exports.Set("iterate", Napi::Function::New<iterate>(env, "iterate"));
}
