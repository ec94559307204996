#include "runtime/base/status.h"

#include <cstring>

namespace batchscope {

Status Status::FromErrno(const std::string& context, int code) { return Error(context + ": " + std::strerror(code)); }

const std::string& Status::message() const {
  static const std::string none;
  return message_ ? *message_ : none;
}

Status Status::Within(const std::string& context) const { return ok() ? Status() : Error(context + ": " + *message_); }

}  // namespace batchscope
