#include "runtime/base/token.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "runtime/base/files.h"

namespace batchscope {
namespace {

constexpr std::size_t kMostFile = 4096;  // Bytes; far more than any token.

Status CheckFile(int fd, const std::string& name) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return Status::FromErrno("cannot read the token " + name, errno);
  if (!S_ISREG(found.st_mode)) return Status::Error(fmt::format("the token {} is no file", name));
  if (found.st_uid != ::geteuid()) {
    return Status::Error(
        fmt::format("the token {} belongs to user {}, expected {}, who runs this: make one of your own", name,
                    found.st_uid, ::geteuid()));
  }
  if ((found.st_mode & 077U) != 0) {
    return Status::Error(
        fmt::format("the token {} has mode {:04o}, which lets others read it; expected 0600: chmod 600", name,
                    found.st_mode & 07777U));
  }
  if (found.st_size > static_cast<off_t>(kMostFile)) {
    return Status::Error(fmt::format("the token {} has {} bytes, expected at most {}", name, found.st_size, kMostFile));
  }
  return {};
}

}  // namespace

Result<std::string> MakeToken() {
  std::array<unsigned char, 32> random{};
  std::size_t got = 0;
  while (got < random.size()) {
    const ssize_t more = ::getrandom(random.data() + got, random.size() - got, 0);
    if (more < 0 && errno != EINTR) return Status::FromErrno("there are no random bytes for a token", errno);
    if (more > 0) got += static_cast<std::size_t>(more);
  }
  std::string token;
  for (const unsigned char byte : random) token += fmt::format("{:02x}", byte);
  return token;
}

Result<std::string> ReadToken(const std::filesystem::path& file) {
  const std::string name = file.string();
  // What is read is what was looked at. A pipe's other end is not waited for.
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(file, O_RDONLY | O_NONBLOCK));
  BATCHSCOPE_RETURN_IF_ERROR(CheckFile(fd.get(), name));
  std::string token(kMostFile, '\0');
  const ssize_t got = ::read(fd.get(), token.data(), token.size());
  if (got < 0) return Status::FromErrno("cannot read the token " + name, errno);
  token.resize(static_cast<std::size_t>(got));
  constexpr const char* kWhite = " \t\r\n";
  token.erase(token.find_last_not_of(kWhite) + 1);
  token.erase(0, token.find_first_not_of(kWhite));
  if (token.size() < kLeastToken) {
    return Status::Error(fmt::format("the token {} has {} characters, expected at least {}: openssl rand -hex 32", name,
                                     token.size(), kLeastToken));
  }
  return token;
}

bool IsSameToken(std::string_view expected, std::string_view shown) {
  if (expected.size() != shown.size()) return false;
  // volatile: so that no compiler makes it end at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference = static_cast<unsigned char>(difference | (expected[i] ^ shown[i]));
  }
  return difference == 0;
}

}  // namespace batchscope
