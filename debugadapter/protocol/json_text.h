#pragma once

#include <string>
#include <string_view>

#include "debugadapter/protocol/message.h"
#include "runtime/base/status.h"

namespace batchscope::protocol {

/// How deep arrays and objects may lie in each other: what is read is also written, by functions that call themselves.
inline constexpr int kMostNested = 200;

/// The JSON value of a message, from whomever. Errors: it is none, or nested deeper than kMostNested; never throws.
Result<Json> ReadJson(std::string_view text);

/// One line. Text in it that is not UTF-8 is shown with replacement characters.
std::string WriteJson(const Json& value);

}  // namespace batchscope::protocol
