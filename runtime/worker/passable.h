#pragma once

#include <cstddef>
#include <string>

#include "runtime/wire/control.h"

namespace batchscope::worker {

/// The largest DAP message that reaches a client of the control endpoint, in bytes: what it is packed into needs the
/// rest.
inline constexpr std::size_t kMostPassed = wire::kMostControlBytes - 1024;

/// What goes to the client in place of a debugger's DAP message: the message when it has at most `most` bytes.
/// Of a larger one: for a response the same request's failure, which says how large the value is, so that no request
/// stays without an answer; for `stopped` the event with shorter texts; for anything else an `output` event that says
/// what was left out.
std::string Passable(std::string json, std::size_t most = kMostPassed);

}  // namespace batchscope::worker
