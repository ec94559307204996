#include "debugadapter/cli/token.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "runtime/base/files.h"

namespace batchscope::dap {

Result<std::string> MakeToken() {
  std::array<unsigned char, 32> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Status::FromErrno("cannot make a token", errno);
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

Result<std::string> ReadToken(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return Status::FromErrno("cannot read the token " + file.string(), errno);
  if ((found.st_mode & 077U) != 0) {
    return Status::Error(
        fmt::format("the token {} has mode {:04o}, which lets others read it; expected 0600: chmod 600", file.string(),
                    found.st_mode & 07777U));
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(std::string token, ReadFile(file));
  constexpr const char* kWhite = " \t\r\n";
  token.erase(token.find_last_not_of(kWhite) + 1);
  token.erase(0, token.find_first_not_of(kWhite));
  if (token.empty()) return Status::Error(fmt::format("the token {} is empty", file.string()));
  return token;
}

}  // namespace batchscope::dap
