#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"
#include "runtime/wire/codec.h"
#include "runtime/wire/debug_messages.h"

/// What the encodings of all messages share: the parts that several of them have, and the first byte.
namespace batchscope::wire {

void Put(Writer& to, const Attempt& attempt);
void Get(Reader& from, Attempt& attempt);
void Put(Writer& to, WorkerId worker);
void Get(Reader& from, WorkerId& worker);
void Put(Writer& to, const Failure& failure);
void Get(Reader& from, Failure& failure);
/// A byte, 0 or 1. Only for a bool: many types would turn into one.
void Put(Writer& to, std::same_as<bool> auto value) { to.Put<std::uint8_t>(value ? 1 : 0); }
bool GetBool(Reader& from, const char* what);

void Put(Writer& to, const ArmDebugger&);
void Get(Reader& from, ArmDebugger&);
void Put(Writer& to, const DisarmDebugger&);
void Get(Reader& from, DisarmDebugger&);
void Put(Writer& to, const DebuggerInput& input);
void Get(Reader& from, DebuggerInput& input);
void Put(Writer& to, const Watch& watch);
void Get(Reader& from, Watch& watch);
void Put(Writer& to, const PassGate&);
void Get(Reader& from, PassGate&);
void Put(Writer& to, const RefuseHold&);
void Get(Reader& from, RefuseHold&);
void Put(Writer& to, const DebuggerArmed&);
void Get(Reader& from, DebuggerArmed&);
void Put(Writer& to, const DebuggerGone& gone);
void Get(Reader& from, DebuggerGone& gone);
void Put(Writer& to, const DebuggerOutput& output);
void Get(Reader& from, DebuggerOutput& output);
void Put(Writer& to, const WorkerStopped& stopped);
void Get(Reader& from, WorkerStopped& stopped);
void Put(Writer& to, const WorkerContinued&);
void Get(Reader& from, WorkerContinued&);
void Put(Writer& to, const AtGate& at);
void Get(Reader& from, AtGate& at);

/// The bytes of a message: its first byte, `tags`[its place in the variant], then what `put`(to, alternative) writes.
template <typename Message, typename PutPart>
std::string EncodeTagged(std::string_view tags, const Message& message, std::size_t expected_size, PutPart put) {
  Writer to(expected_size);
  to.Put(static_cast<std::uint8_t>(tags[message.index()]));
  std::visit([&](const auto& part) { put(to, part); }, message);
  return to.Take();
}

/// The message of EncodeTagged(); `get`(from, alternative) reads what is behind the first byte.
template <typename Message, typename GetPart>
Result<Message> DecodeTagged(std::string_view tags, std::string_view bytes, GetPart get) {
  constexpr const char* kContext = "a message that cannot be read";
  Reader from(bytes);
  const auto tag = from.Get<std::uint8_t>("the message");
  Message message;
  bool known = false;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto read = [&](auto& part) {
      known = true;
      get(from, part);
    };
    ((static_cast<std::uint8_t>(tags[I]) == tag ? read(message.template emplace<I>()) : void()), ...);
  }
  (std::make_index_sequence<std::variant_size_v<Message>>());
  if (!known) from.Refuse(fmt::format("no message begins with the byte {}", tag));
  BATCHSCOPE_RETURN_IF_ERROR(from.Finish().Within(kContext));
  return message;
}

}  // namespace batchscope::wire
