#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "runtime/base/check.h"

namespace batchscope {

/// The outcome of something that may fail outside the program: a file, a peer, a user's input.
///
/// The message is for people: what was found, what was expected, what to do. Layers add one line of context each.
class [[nodiscard]] Status {
 public:
  Status() = default;
  static Status Error(std::string message) { return Status(std::move(message)); }
  /// "CONTEXT: strerror(code)", for a failed system call.
  static Status FromErrno(const std::string& context, int code);

  bool ok() const { return !message_.has_value(); }
  /// Empty when ok.
  const std::string& message() const;
  /// The same failure with "context: " in front; ok stays ok.
  Status Within(const std::string& context) const;

 private:
  explicit Status(std::string message) : message_(std::move(message)) {}

  std::optional<std::string> message_;
};

/// A value, or why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}  // NOLINT(google-explicit-constructor): `return value;` reads best.
  Result(Status failure) : state_(std::move(failure)) {  // NOLINT(google-explicit-constructor)
    Check(!std::get<Status>(state_).ok(), "a Result was made from an ok Status");
  }

  bool ok() const { return std::holds_alternative<T>(state_); }
  /// Ok when there is a value.
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }
  /// Empty when there is a value.
  const std::string& message() const { return ok() ? Status().message() : std::get<Status>(state_).message(); }

  T& value() & { return Get(); }
  const T& value() const& { return const_cast<Result*>(this)->Get(); }
  T&& value() && { return std::move(Get()); }
  T& operator*() & { return Get(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &Get(); }
  const T* operator->() const { return &value(); }

 private:
  T& Get() {
    Check(ok(), "value() of a failed Result: {}", ok() ? std::string() : std::get<Status>(state_).message());
    return std::get<T>(state_);
  }

  std::variant<T, Status> state_;
};

}  // namespace batchscope

// NOLINTBEGIN(bugprone-macro-parentheses): what is declared cannot stand in parentheses.
/// Leaves the function with the failure when `expression` (a Status) failed.
#define BATCHSCOPE_RETURN_IF_ERROR(expression)                                  \
  do {                                                                          \
    if (::batchscope::Status status_of_it = (expression); !status_of_it.ok()) { \
      return status_of_it;                                                      \
    }                                                                           \
  } while (false)

#define BATCHSCOPE_JOIN_NAMES_(a, b) a##b
#define BATCHSCOPE_JOIN_NAMES(a, b) BATCHSCOPE_JOIN_NAMES_(a, b)
#define BATCHSCOPE_ASSIGN_OR_RETURN_(result, target, expression) \
  auto result = (expression);                                    \
  if (!result.ok()) return result.status();                      \
  target = std::move(result).value()
/// `target = value` of `expression` (a Result), or leaves the function with its failure.
#define BATCHSCOPE_ASSIGN_OR_RETURN(target, expression) \
  BATCHSCOPE_ASSIGN_OR_RETURN_(BATCHSCOPE_JOIN_NAMES(result_at_line_, __LINE__), target, expression)
// NOLINTEND(bugprone-macro-parentheses)
